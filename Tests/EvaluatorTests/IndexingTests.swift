import IR
import Testing

@testable import Evaluator

@Suite struct IndexingTests {
  @Test func gathers() throws {
    let data = try TensorLiteral.counting([3, 2])
    let rows = try result(of: .gather, data, .i64([2, 0]))
    #expect(try rows.floats == [4, 5, 0, 1])
    let columns = try result(of: .gather, data, .i64([1, 2], [1, -2]), attributes: ["axis": .int(1)])
    #expect(columns.dimensions == [3, 1, 2])
    #expect(try columns.floats == [1, 0, 3, 2, 5, 4])
    #expect(try result(of: .gather, data, .i64(1)).dimensions == [2])
    #expect(refusal(of: .gather, data, try .i64(3)) == .undefined)
    #expect(refusal(of: .gather, data, try .i64(.min)) == .undefined)
  }

  @Test func gathersElements() throws {
    let data = try TensorLiteral.counting([2, 2])
    let picked = try result(of: .gatherElements, data, .i64([2, 2], [0, 0, 1, -2]), attributes: ["axis": .int(1)])
    #expect(try picked.floats == [0, 0, 3, 2])
    let short = try result(of: .gatherElements, .counting([3, 3]), .i64([1, 2], [2, 0]))
    #expect(try short.floats == [6, 1])
  }

  @Test func gathersAndScattersByTuples() throws {
    let data = try TensorLiteral.counting([2, 2, 2])
    let batched = try result(of: .gatherND, data, .i64([2, 1], [1, 0]), attributes: ["batch_dims": .int(1)])
    #expect(batched.dimensions == [2, 2])
    #expect(try batched.floats == [2, 3, 4, 5])
    let points = try result(of: .gatherND, data, .i64([2, 3], [0, 0, 1, 1, 1, -1]))
    #expect(try points.floats == [1, 7])
    let scattered = try result(of: .scatterND, .counting([4]), .i64([2, 1], [3, 0]), .f32([2], [30, 40]))
    #expect(try scattered.floats == [40, 1, 2, 30])
    #expect(refusal(of: .gatherND, data, try .i64([1, 4], [0, 0, 0, 0])) == .undefined)
  }

  @Test(arguments: [("none", Exactness.exact), ("max", .exact), ("add", .rounding), ("mul", .rounding)])
  func sumsOfScatteredRealsRoundAsTheirOrderSays(_ reduction: String, _ expected: Exactness) throws {
    let module = Module(name: "m")
    var attributes = Attributes()
    attributes["reduction"] = .string(ByteString(reduction))
    let operation = Builder(module, at: .end(of: module.main)).insert(
      .scatterND, operands: [], results: [Builder.ResultSpecification("y")], attributes: attributes)
    let operands = [try TensorLiteral.counting([4]), try .i64([1, 1], [3]), try .f32([1], [30])]
    #expect(Evaluator.exactness(of: operation, operands: operands) == expected)
  }

  @Test func scattersElements() throws {
    let scattered = try result(
      of: .scatterElements, .counting([1, 4]), .i64([1, 2], [1, 3]), .f32([1, 2], [10, 30]),
      attributes: ["axis": .int(1)])
    #expect(try scattered.floats == [0, 10, 2, 30])
    let sum: Attributes = ["reduction": .string("add")]
    let summed = try result(of: .scatterElements, .counting([2]), .i64([1, 1]), .f32([2], [10, 20]), attributes: sum)
    #expect(try summed.floats == [0, 31])
    let odd: Attributes = ["reduction": .string("xor")]
    #expect(
      refusal(of: .scatterElements, try .counting([1]), try .i64([0]), try .f32([1], [1]), attributes: odd)
        == .unsupported)
  }

  @Test func chooses() throws {
    let chosen = try result(of: .where, .bools([2, 1], [true, false]), .counting([2]), .f32([], [9]))
    #expect(try chosen.floats == [0, 1, 9, 9])
    let kept = try result(of: .compress, .counting([2, 3]), .bools([2], [false, true]), attributes: ["axis": .int(1)])
    #expect(try kept.floats == [1, 4])
    #expect(
      try result(of: .compress, .counting([2, 3]), .bools([6], [1, 0, 0, 0, 0, 1].map { $0 == 1 })).floats == [0, 5])
  }

  @Test func keepsTriangles() throws {
    let data = try TensorLiteral.counting([3, 3])
    #expect(try result(of: .trilu, data).floats == [0, 1, 2, 0, 4, 5, 0, 0, 8])
    #expect(
      try result(of: .trilu, data, .i64(-1), attributes: ["upper": .int(0)]).floats == [0, 0, 0, 3, 0, 0, 6, 7, 0])
    #expect(try result(of: .trilu, data, .i64(.max)).floats == [Float](repeating: 0, count: 9))
    #expect(try result(of: .trilu, data, .i64(-1_000)).floats == data.floats)
  }

  @Test func findsNonZeros() throws {
    let found = try result(of: .nonZero, .f32([2, 2], [1, 0, -0.0, .nan]))
    #expect(found.dimensions == [2, 2])
    #expect(try found.ints == [0, 1, 0, 1])
  }
}
