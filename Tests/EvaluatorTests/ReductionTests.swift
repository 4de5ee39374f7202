import IR
import Testing

@testable import Evaluator

@Suite struct ReductionTests {
  @Test func reducesAlongAxes() throws {
    let data = try TensorLiteral.counting([2, 3, 2])
    let middle = try result(of: .reduceSum, data, .i64([1]))
    #expect(middle.dimensions == [2, 1, 2])
    #expect(try middle.floats == [6, 9, 24, 27])
    let outer = try result(of: .reduceMax, data, .i64([0, -1]), attributes: ["keepdims": .int(0)])
    #expect(outer.dimensions == [3])
    #expect(try outer.floats == [7, 9, 11])
    #expect(try result(of: .reduceMean, data).floats == [5.5])
    #expect(try result(of: .reduceMin, data, .i64([2])).floats == [0, 2, 4, 6, 8, 10])
    #expect(try result(of: .reduceProd, .i64([3, 4])).ints == [12])
    #expect(try result(of: .reduceL2, .f32([2], [3, 4])).floats == [5])
    #expect(try result(of: .reduceL1, .f32([2], [3, -4])).floats == [7])
  }

  @Test func nothingReducedIsLeftAlone() throws {
    let noop: Attributes = ["noop_with_empty_axes": .int(1)]
    #expect(try result(of: .reduceSum, .counting([2]), attributes: noop).floats == [0, 1])
    #expect(try result(of: .reduceSum, .counting([0, 2]), .i64([0])).floats == [0, 0])
  }

  @Test func positionsOfTheFirstOrTheLast() throws {
    let data = try TensorLiteral.f32([2, 3], [1, 3, 3, 0, -1, 0])
    #expect(try result(of: .argMax, data, attributes: ["axis": .int(1)]).ints == [1, 0])
    let last: Attributes = ["axis": .int(1), "select_last_index": .int(1), "keepdims": .int(0)]
    let positions = try result(of: .argMax, data, attributes: last)
    #expect(positions.dimensions == [2])
    #expect(try positions.ints == [2, 2])
    #expect(try result(of: .argMin, data, attributes: ["axis": .int(0)]).ints == [1, 1, 1])
    #expect(refusal(of: .argMax, try .f32([2], [1, .nan])) == .undefined)
  }

  @Test func sumsAlongALine() throws {
    let data = try TensorLiteral.f32([2, 3], [1, 2, 3, 4, 5, 6])
    #expect(try result(of: .cumSum, data, .i64(1)).floats == [1, 3, 6, 4, 9, 15])
    let reverse: Attributes = ["reverse": .int(1), "exclusive": .int(1)]
    #expect(try result(of: .cumSum, data, .i64(1), attributes: reverse).floats == [5, 3, 0, 11, 6, 0])
    #expect(try result(of: .cumSum, data, .i64(-2)).floats == [1, 2, 3, 5, 7, 9])
  }

  @Test func softmaxAddsUpToOne() throws {
    let rows = try result(of: .softmax, .f32([2, 2], [1000, 1000, 0, 0])).floats
    #expect(rows == [0.5, 0.5, 0.5, 0.5])
    let columns = try result(of: .logSoftmax, .f32([2, 1], [0, 0]), attributes: ["axis": .int(0)]).floats
    #expect(columns == [Float(-0.6931471805599453), Float(-0.6931471805599453)])
  }

  @Test func multipliesMatrices() throws {
    let product = try result(of: .matMul, .counting([2, 3]), .counting([3, 2]))
    #expect(try product.floats == [10, 13, 28, 40])
    let batched = try result(of: .matMul, .counting([2, 1, 2]), .counting([2, 1]))
    #expect(batched.dimensions == [2, 1, 1])
    #expect(try batched.floats == [1, 3])
    let vectors = try result(of: .matMul, .i64([1, 2]), .i64([3, 4]))
    #expect(vectors.dimensions == [])
    #expect(try vectors.ints == [11])
    let column = try result(of: .matMul, .counting([2, 2]), .f32([2], [1, 1]))
    #expect(column.dimensions == [2])
    #expect(try column.floats == [1, 5])
  }

  @Test func gemmScalesAndTransposes() throws {
    let attributes: Attributes = ["transA": .int(1), "alpha": .float(2), "beta": .float(0.5)]
    let product = try result(
      of: .gemm, .counting([2, 1]), .counting([2, 2]), .f32([2], [2, 4]), attributes: attributes)
    #expect(product.dimensions == [1, 2])
    #expect(try product.floats == [5, 8])
  }

  @Test func theWorkHasALimit() throws {
    let budget = Evaluator.Budget(resultBytes: 1 << 20, work: .init(1_000))
    #expect(refusal(of: .matMul, try .counting([20, 20]), try .counting([20, 20]), budget: budget) == .overBudget)
  }

  @Test func counts() throws {
    #expect(try result(of: .range, .f32([], [1]), .f32([], [2]), .f32([], [0.25])).floats == [1, 1.25, 1.5, 1.75])
    #expect(try result(of: .range, .i64(5), .i64(0), .i64(-2)).ints == [5, 3, 1])
    #expect(try result(of: .range, .i64(0), .i64(5), .i64(-2)).ints == [])
    #expect(refusal(of: .range, try .i64(0), try .i64(5), try .i64(0)) == .undefined)
    #expect(try result(of: .shape, .counting([2, 3, 4]), attributes: ["start": .int(-2)]).ints == [3, 4])
    #expect(try result(of: .shape, .counting([2, 3]), attributes: ["start": .int(1), "end": .int(-5)]).ints == [])
    #expect(try result(of: .size, .counting([2, 3])).ints == [6])
    #expect(
      try result(of: .oneHot, .i64([1, -1, 7]), .i64(3), .f32([2], [0, 1])).floats == [0, 1, 0, 0, 0, 1, 0, 0, 0])
    #expect(try result(of: .eyeLike, .counting([2, 3]), attributes: ["k": .int(1)]).floats == [0, 1, 0, 0, 0, 1])
    let sevens = try TensorLiteral(.int64, [1], bytes: [7, 0, 0, 0, 0, 0, 0, 0])
    #expect(try result(of: .constantOfShape, .i64([2]), attributes: ["value": .tensor(sevens)]).ints == [7, 7])
  }
}
