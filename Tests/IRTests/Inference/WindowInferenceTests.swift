import Testing

@testable import IR

/// Convolutions and poolings.
@Suite struct WindowInferenceTests {
  private static func ints(_ values: Int64...) -> AttributeValue { .ints(values) }

  static let convolutions: [InferenceCase] = [
    .init(
      .conv, [.f32("n", 3, 224, 224), .f32(64, 3, 7, 7)], ["strides": ints(2, 2), "pads": ints(3, 3, 3, 3)],
      gives: "f32[n, 64, 112, 112]"),
    .init(.conv, [.f32(1, 3, "n", "m"), .f32(8, 3, 3, 3), .f32(8)], gives: "f32[1, 8, n - 2, m - 2]"),
    .init(
      .conv, [.f32(1, 3, "n"), .f32(8, 3, 3)], ["strides": ints(2), "pads": ints(1, 1)],
      gives: "f32[1, 8, (n + 1) floordiv 2]"),
    .init(.conv, [.f32(1, 3, "n"), .f32(8, 3, 3)], ["dilations": ints(2)], gives: "f32[1, 8, n - 4]"),
    .init(
      .conv, [.f32(1, 3, "n"), .f32(8, 3, 3)], ["auto_pad": .string("SAME_UPPER"), "strides": ints(2)],
      gives: "f32[1, 8, (n + 1) floordiv 2]"),
    .init(
      .conv, [.f32(1, 3, 8), .f32(8, 3, 3)], ["auto_pad": .string("VALID"), "pads": ints(9, 9)],
      gives: "f32[1, 8, 6]"),
    .init(.conv, [.f32("n", 32, 8, 8), .f32(32, 1, 3, 3)], ["group": .int(32)], gives: "f32[n, 32, 6, 6]"),
    .init(.conv, [.f32("n", 3, 8), .unranked(.float32)], ["kernel_shape": ints(3)], gives: "f32[n, ?, 6]"),
    .init(.conv, [.f32("n", 3, 8), .unranked(.float32)], gives: "f32[n, ?, ?]"),
    .init(.conv, [.unranked(.float32), .f32(8, 3, 3)], gives: "f32[?, 8, ?]"),
    .init(.conv, [.unranked(.float16), .unknown], gives: "f16[*]"),
    .init(.conv, [.f32(1, 3, "?"), .f32(8, "?", "?")], gives: "f32[1, 8, ?]"),
    .init(.convInteger, [.of(.uint8, 1, 3, 8), .of(.int8, 4, 3, 3)], gives: "i32[1, 4, 6]"),
    .init(
      .qLinearConv,
      [.of(.uint8, 1, 3, 8), .f32(), .of(.uint8), .of(.int8, 4, 3, 3), .f32(), .of(.int8), .f32(), .of(.uint8)],
      gives: "u8[1, 4, 6]"),
    .init(.deformConv, [.f32(1, 4, 8, 8), .f32(6, 4, 3, 3), .f32(1, 18, 6, 6)], gives: "f32[1, 6, 6, 6]"),
    .init(.causalConvWithState, [.f32("n", 4, 9), .f32(4, 1, 3)], results: 2, gives: "f32[n, 4, 9]; f32[n, 4, 2]"),
    // What is certainly wrong
    .init(.conv, [.f32(1, 3, 8), .f32(8, 4, 3)], fails: "3 channels does not fit the weight [8, 4, 3] in 1 groups"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 3, 3)], fails: "rank 3 does not fit the weight"),
    .init(.conv, [.f32(1, 3), .f32(8, 3)], fails: "but the rank is 2"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 3)], ["kernel_shape": ints(5)], fails: "kernel_shape [5] does not fit"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 3)], ["kernel_shape": ints(3, 3)], fails: "kernel_shape [3, 3]"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 3), .f32(9)], fails: "a bias of 9 elements for 8 filters"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 3), .f32(8, 1)], fails: "the bias has shape [8, 1]"),
    .init(
      .conv, [.f32(1, 6, 8), .f32(8, 2, 3)], ["group": .int(3)], fails: "8 filters cannot be divided into 3 groups"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 11)], fails: "a window of 11 does not fit the padded extent 8"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 0)], fails: "has no elements"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 3)], ["auto_pad": .string("SAME")], fails: "auto_pad is 'SAME'"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 3)], ["strides": ints(0)], fails: "strides [0] has an entry below 1"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 3)], ["strides": ints(.min)], fails: "has an entry below 1"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 3)], ["strides": ints(1, 1)], fails: "has 2 entries, but needs 1"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 3)], ["pads": ints(1)], fails: "has 1 entries, but needs 2"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 3)], ["pads": ints(-1, 0)], fails: "pads [-1, 0] has an entry below 0"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 3)], ["pads": ints(.max, .max)], fails: "too large to be counted"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 3)], ["dilations": ints(.max)], fails: "too large to be counted"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 3)], ["group": .int(0)], fails: "group is 0, but must be at least 1"),
    .init(.conv, [.f32(1, 3, 8), .f32(8, 3, 3)], ["group": .int(.min)], fails: "must be at least 1"),
    .init(
      .deformConv, [.f32(1, 4, 8), .f32(6, 4, 3), .f32(1, 6, 6)], ["offset_group": .int(0)], fails: "offset_group is 0"),
  ]

  static let transposed: [InferenceCase] = [
    .init(.convTranspose, [.f32("n", 8, 4, 4), .f32(8, 3, 2, 2)], ["strides": ints(2, 2)], gives: "f32[n, 3, 8, 8]"),
    .init(
      .convTranspose, [.f32(1, 8, "n"), .f32(8, 3, 4)], ["strides": ints(2), "pads": ints(1, 1)],
      gives: "f32[1, 3, 2*n]"),
    .init(
      .convTranspose, [.f32(1, 8, "n"), .f32(8, 3, 3)],
      ["output_padding": ints(1), "pads": ints(1, 1), "strides": ints(2)], gives: "f32[1, 3, 2*n]"),
    .init(.convTranspose, [.f32(1, 8, "n"), .f32(8, 3, 3)], ["group": .int(4)], gives: "f32[1, 12, n + 2]"),
    .init(
      .convTranspose, [.f32(1, 8, "n"), .f32(8, 3, 3)], ["auto_pad": .string("SAME_LOWER"), "strides": ints(3)],
      gives: "f32[1, 3, 3*n]"),
    .init(.convTranspose, [.f32(1, 8, "n"), .f32(8, 3, 3)], ["output_shape": ints(9)], gives: "f32[1, 3, 9]"),
    .init(.convTranspose, [.f32(1, 8, "n"), .f32(8, 3, 3)], ["output_shape": ints(-1)], fails: "output_shape [-1]"),
    .init(.convTranspose, [.f32(1, 8, 4), .f32(7, 3, 3)], fails: "8 channels does not fit the weight [7, 3, 3]"),
    .init(.convTranspose, [.f32(1, 8, 4), .f32(8, 3, 3)], ["pads": ints(9, 9)], fails: "cut away more"),
    .init(.convTranspose, [.f32(1, 8, 4), .f32(8, 3, 3), .f32(4)], fails: "a bias of 4 elements for 3 filters"),
  ]

  static let poolings: [InferenceCase] = [
    .init(
      .maxPool, [.f32("n", 8, 112, 112)],
      ["kernel_shape": ints(3, 3), "pads": ints(1, 1, 1, 1), "strides": ints(2, 2)], results: 2,
      gives: "f32[n, 8, 56, 56]; i64[n, 8, 56, 56]"),
    .init(
      .averagePool, [.f32("n", 8, 7)], ["ceil_mode": .int(1), "kernel_shape": ints(2), "strides": ints(2)],
      gives: "f32[n, 8, 4]"),
    .init(
      .averagePool, [.f32(1, 8, "n")], ["ceil_mode": .int(1), "kernel_shape": ints(2), "strides": ints(2)],
      gives: "f32[1, 8, (n + 1) floordiv 2]"),
    // A last window that would start in the padding does not count.
    .init(
      .averagePool, [.f32(1, 1, 4)], ["ceil_mode": .int(1), "kernel_shape": ints(1), "strides": ints(2)],
      gives: "f32[1, 1, 2]"),
    .init(
      .averagePool, [.f32(1, 1, "n")], ["ceil_mode": .int(1), "kernel_shape": ints(1), "strides": ints(2)],
      gives: "f32[1, 1, ?]"),
    .init(
      .averagePool, [.f32(1, 1, 1)], ["ceil_mode": .int(1), "kernel_shape": ints(2), "strides": ints(2)],
      gives: "f32[1, 1, 1]"),
    .init(.lpPool, [.unranked(.float32)], ["kernel_shape": ints(2, 2)], gives: "f32[?, ?, ?, ?]"),
    .init(.globalAveragePool, [.f32("n", 8, "?", 7)], gives: "f32[n, 8, 1, 1]"),
    .init(
      .maxUnpool, [.f32(1, 1, 2, 2), .i64(1, 1, 2, 2)], ["kernel_shape": ints(2, 2), "strides": ints(2, 2)],
      gives: "f32[1, 1, 4, 4]"),
    .init(
      .maxUnpool, [.f32(1, 1, 2, 2), .i64(1, 1, 2, 2), .list(1, 1, 5, 5)], ["kernel_shape": ints(2, 2)],
      gives: "f32[1, 1, 5, 5]"),
    .init(
      .roiAlign, [.f32(1, 8, 9, 9), .f32("n", 4), .i64("n")], ["output_height": .int(7), "output_width": .int(5)],
      gives: "f32[n, 8, 7, 5]"),
    .init(.maxRoiPool, [.f32(1, 8, 9, 9), .f32("n", 5)], ["pooled_shape": ints(2, 3)], gives: "f32[n, 8, 2, 3]"),
    .init(
      .maxPool, [.f32(1, 1, 4)], ["kernel_shape": ints(2, 2)],
      fails: "kernel_shape [2, 2] does not fit an input of rank 3"),
    .init(.maxPool, [.f32(1, 1, 4)], ["kernel_shape": ints(0)], fails: "has no elements"),
    .init(.maxPool, [.f32(1, 1, 4)], ["kernel_shape": ints(.min)], fails: "has no elements"),
    .init(.maxPool, [.f32(1, 1, 4)], ["kernel_shape": ints(9)], fails: "does not fit the padded extent 4"),
    .init(.globalMaxPool, [.f32(1)], fails: "no batch and channels"),
    .init(.roiAlign, [.f32(1, 8, 9), .f32("n", 4), .i64("n")], fails: "X has shape [1, 8, 9]"),
    .init(
      .roiAlign, [.f32(1, 8, 9, 9), .f32("n", 4), .i64("n")], ["output_height": .int(-7)], fails: "output_height is -7"),
  ]

  @Test(arguments: convolutions + transposed + poolings) func inference(_ example: InferenceCase) { example.check() }

  @Test func paddingIsSplitBetweenTheEnds() throws {
    let module = Module(name: "m")
    let builder = Builder(module, at: .end(of: module.main))
    func padding(_ mode: ByteString, _ input: Int) throws -> [[Int]]? {
      let attributes: Attributes = ["auto_pad": .string(mode), "strides": .ints([2]), "pads": .ints([5, 7])]
      let operation = builder.insert(.conv, operands: [], results: [], attributes: attributes)
      return try SpatialWindow(operation, kernel: [4]).padding(of: [input])?.map { [$0.before, $0.after] }
    }
    #expect(try padding("SAME_UPPER", 7) == [[1, 2]])
    #expect(try padding("SAME_LOWER", 7) == [[2, 1]])
    #expect(try padding("VALID", 7) == [[0, 0]])
    #expect(try padding("NOTSET", 7) == [[5, 7]])
    #expect(try padding("SAME_UPPER", .max) == nil)
  }
}
