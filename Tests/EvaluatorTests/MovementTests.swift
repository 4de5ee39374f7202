import IR
import Testing

@testable import Evaluator

@Suite struct MovementTests {
  @Test func reshapeSharesTheBytes() throws {
    let data = try TensorLiteral.counting([2, 6])
    let reshaped = try result(of: .reshape, data, .i64([0, -1, 3]))
    #expect(reshaped.dimensions == [2, 2, 3])
    #expect(reshaped.source == data.source)
    #expect(try result(of: .flatten, .counting([2, 3, 4]), attributes: ["axis": .int(-1)]).dimensions == [6, 4])
    #expect(try result(of: .squeeze, .counting([1, 3, 1])).dimensions == [3])
    #expect(try result(of: .squeeze, .counting([1, 3, 1]), .i64([-1])).dimensions == [1, 3])
    #expect(try result(of: .unsqueeze, .counting([3]), .i64([-1, 0])).dimensions == [1, 3, 1])
  }

  @Test func impossibleReshapesAreRefused() throws {
    #expect(refusal(of: .reshape, try .counting([4]), try .i64([3])) == .undefined)
    #expect(refusal(of: .reshape, try .counting([4]), try .i64([-1, 0, 0])) == .undefined)
    #expect(refusal(of: .squeeze, try .counting([4]), try .i64([0])) == .undefined)
    let allowZero: Attributes = ["allowzero": .int(1)]
    #expect(refusal(of: .reshape, try .counting([4]), try .i64([0, -1]), attributes: allowZero) == .undefined)
  }

  @Test func transposes() throws {
    let transposed = try result(of: .transpose, .counting([2, 3]))
    #expect(transposed.dimensions == [3, 2])
    #expect(try transposed.floats == [0, 3, 1, 4, 2, 5])
    let permuted = try result(of: .transpose, .counting([2, 1, 3]), attributes: ["perm": .ints([1, 2, 0])])
    #expect(permuted.dimensions == [1, 3, 2])
    #expect(try permuted.floats == [0, 3, 1, 4, 2, 5])
    #expect(refusal(of: .transpose, try .counting([2, 3]), attributes: ["perm": .ints([1, 5])]) == .undefined)
  }

  @Test func aLargeTranspositionIsMadeWhenRead() throws {
    let large = try result(of: .transpose, .counting([700, 800]), budget: .init(resultBytes: 1 << 30))
    guard case .whole = large.source else {
      Issue.record("made at once")
      return
    }
    let again = try result(of: .transpose, large, budget: .init(resultBytes: 1 << 30))
    #expect(try again.floats == TensorLiteral.counting([700, 800]).floats)
  }

  @Test(arguments: [ElementType.uint8, .float16, .float32, .float64])
  func anyPartOfATransposedMatrixIsMadeByItself(type: ElementType) throws {
    let (rows, columns) = (37, 71)
    let width = (type.bitWidth ?? 0) / 8
    let bytes = (0..<rows * columns * width).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
    let matrix = try TensorLiteral(type, [rows, columns], bytes: bytes)
    var turned: [UInt8] = []
    for index in 0..<rows * columns {
      let element = index % rows * columns + index / rows
      turned += bytes[element * width..<(element + 1) * width]
    }
    // Of bytes as they lie, and of bytes that must be made first.
    let copied = try TensorLiteral(type, [rows, columns], .elementwise(Copying(), matrix))
    for transposed in [try matrix.transposedMatrix(), try copied.transposedMatrix()] {
      #expect(transposed.dimensions == [columns, rows])
      let parts: [Range<Int>] = [0..<1, 3..<20, 36..<38, 37..<74, 5..<500, 100..<rows * columns, 0..<rows * columns]
      for part in parts {
        var read = [UInt8](repeating: 0, count: part.count * width)
        try read.withUnsafeMutableBytes { try transposed.read(part, into: $0) }
        #expect(read.elementsEqual(turned[part.lowerBound * width..<part.upperBound * width]), "\(part)")
      }
    }
  }

  private struct Copying: ElementwiseTransform {
    func apply(to input: UnsafeRawBufferPointer, first: Int, output: UnsafeMutableRawBufferPointer) {
      output.copyMemory(from: input)
    }
  }

  @Test func concatenatesAndSplits() throws {
    let joined = try result(of: .concat, .counting([2, 1]), .counting([2, 2]), attributes: ["axis": .int(-1)])
    #expect(joined.dimensions == [2, 3])
    #expect(try joined.floats == [0, 0, 1, 1, 2, 3])
    let parts = try evaluate(.split, [.counting([5])], ["num_outputs": .int(2)], results: 2)
    #expect(try parts.map { try $0?.floats } == [[0, 1, 2], [3, 4]])
    let sized = try evaluate(.split, [.counting([2, 3]), .i64([1, 2])], ["axis": .int(1)], results: 2)
    #expect(try sized.map { try $0?.floats } == [[0, 3], [1, 2, 4, 5]])
  }

  @Test(
    arguments: [
      ([1], [3], [0], [1], [1, 2]), ([-2], [Int64.max], [0], [1], [3, 4]), ([4], [Int64.min], [0], [-2], [4, 2, 0]),
      ([0], [5], [0], [2], [0, 2, 4]), ([3], [1], [0], [1], []), ([9], [0], [-1], [-3], [4, 1]),
    ] as [([Int64], [Int64], [Int64], [Int64], [Float])])
  func slices(_ starts: [Int64], _ ends: [Int64], _ axes: [Int64], _ steps: [Int64], _ expected: [Float]) throws {
    let slice = try result(of: .slice, .counting([5]), .i64(starts), .i64(ends), .i64(axes), .i64(steps))
    #expect(try slice.floats == expected)
  }

  @Test func aSliceWithoutStepIsRefused() throws {
    #expect(refusal(of: .slice, try .counting([5]), try .i64([0]), try .i64([5]), nil, try .i64([0])) == .undefined)
  }

  @Test func expandsAndTiles() throws {
    let expanded = try result(of: .expand, .counting([2, 1]), .i64([2, 1, 3]))
    #expect(expanded.dimensions == [2, 2, 3])
    #expect(try expanded.floats == [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1])
    let tiled = try result(of: .tile, .counting([2, 2]), .i64([2, 2]))
    #expect(try tiled.floats == [0, 1, 0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3, 2, 3])
  }

  @Test func bombsAreRefusedBeforeTheyGoOff() throws {
    #expect(refusal(of: .tile, try .counting([2, 2]), try .i64([1 << 40, 1 << 40])) == .overBudget)
    #expect(refusal(of: .expand, try .counting([1]), try .i64([1 << 40])) == .overBudget)
    #expect(refusal(of: .constantOfShape, try .i64([60_000, 60_000])) == .overBudget)
    #expect(refusal(of: .range, try .i64(0), try .i64(3_000_000_000), try .i64(1)) == .overBudget)
    #expect(refusal(of: .pad, try .counting([1]), try .i64([1 << 40, 0])) == .overBudget)
    #expect(refusal(of: .pad, try .counting([1]), try .i64([.max, .max])) == .undefined)
    #expect(refusal(of: .constantOfShape, try .i64([1 << 40, 1 << 40, 0])) == .overBudget)
    #expect(try result(of: .constantOfShape, .i64([0, 1 << 40, 1 << 40])).elementCount == 0)
  }

  @Test func pads() throws {
    let data = try TensorLiteral.counting([3])
    func padded(_ pads: [Int64], _ mode: ByteString) throws -> [Float] {
      try result(of: .pad, data, .i64(pads), .f32([], [9]), attributes: ["mode": .string(mode)]).floats
    }
    #expect(try padded([1, 2], "constant") == [9, 0, 1, 2, 9, 9])
    #expect(try padded([-1, 1], "constant") == [1, 2, 9])
    #expect(try padded([2, 2], "reflect") == [2, 1, 0, 1, 2, 1, 0])
    #expect(try padded([1, 2], "edge") == [0, 0, 1, 2, 2, 2])
    #expect(try padded([1, 2], "wrap") == [2, 0, 1, 2, 0, 1])
    let onAxis = try result(of: .pad, .counting([1, 2]), .i64([0, 1]), nil, .i64([-1]))
    #expect(try onAxis.floats == [0, 1, 0])
  }

  @Test func depthBecomesSpaceAndBack() throws {
    for mode in ["DCR", "CRD"] as [ByteString] {
      let space = try result(
        of: .depthToSpace, .counting([1, 8, 2, 3]), attributes: ["blocksize": .int(2), "mode": .string(mode)])
      #expect(space.dimensions == [1, 2, 4, 6])
      #expect(try space.floats[1] == (mode == "DCR" ? 12 : 6))
      let depth = try result(
        of: .spaceToDepth, space, attributes: ["blocksize": .int(2), "mode": .string(mode)])
      #expect(try depth.floats == TensorLiteral.counting([1, 8, 2, 3]).floats)
    }
  }

  @Test func stringsMove() throws {
    let words = try TensorLiteral(.string, [2, 2], .strings(["a", "b", "c", "d"]))
    let transposed = try result(of: .transpose, words)
    #expect(transposed.source == .strings(["a", "c", "b", "d"]))
    let gathered = try result(of: .gather, words, .i64([1]), attributes: ["axis": .int(1)])
    #expect(gathered.source == .strings(["b", "d"]))
    let padded = try result(of: .pad, result(of: .reshape, words, .i64([4])), .i64([1, 0]))
    #expect(padded.source == .strings(["", "a", "b", "c", "d"]))
  }

  @Test func packedElementsMove() throws {
    let nibbles = try TensorLiteral(.uint4, [3], bytes: [0x21, 0x03])
    let tiled = try result(of: .tile, nibbles, .i64([2]))
    #expect(try tiled.smallBytes() == [0x21, 0x13, 0x32])
    #expect(try result(of: .gather, nibbles, .i64([2, 0, -1])).smallBytes() == [0x13, 0x03])
  }

  @Test func aMovedSplatStaysOne() throws {
    let splat = try TensorLiteral(.float32, [1000, 1000], .splat([0, 0, 128, 63]))
    let moved = try result(of: .transpose, splat, budget: .init(resultBytes: 1 << 30))
    #expect(moved.source == splat.source)
  }
}
