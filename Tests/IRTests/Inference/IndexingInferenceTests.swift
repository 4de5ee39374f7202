import IR
import Testing

@Suite struct IndexingInferenceTests {
  static let n = Dimension.symbol("n")

  static let gather: [InferenceCase] = [
    .init(.gather, [.f32("n", 4, 5), .i64("m", 2)], ["axis": .int(1)], gives: "f32[n, m, 2, 5]"),
    .init(.gather, [.f32("n", 4), .i64()], ["axis": .int(-1)], gives: "f32[n]"),
    .init(.gather, [.f32("n", 4), .i64(2)], ["axis": .int(2)], fails: "axis 2 is outside"),
    .init(.gather, [.f32(), .i64(2)], fails: "axis 0 is outside a tensor of rank 0"),
    .init(.gather, [.unranked(.float32), .i64(2)], gives: "f32[*]"),
    .init(.gather, [.list("n", 4, 5), .scalar(0)], gives: "i64[] = [n]"),
    .init(.gather, [.list("n", 4, 5), .list(-1, 1)], gives: "i64[2] = [5, 4]"),
    .init(.gather, [.list("n", 4, 5), .list(0, "?", 3, -4)], gives: "i64[4] = [n, ?, ?, ?]"),
    .init(.gather, [.list("n", 4, 5), .i64(1, 1)], gives: "i64[1, 1]"),
    .init(.gatherElements, [.f32("n", 4), .i64("n", 2)], ["axis": .int(1)], gives: "f32[n, 2]"),
    .init(.gatherElements, [.f32("n", 4), .i64(2)], fails: "of different rank"),
    .init(.gatherElements, [.f32("n", 4), .i64(2, 2)], ["axis": .int(.min)], fails: "is outside a tensor of rank 2"),
    .init(.gatherND, [.f32("n", 4, 5), .i64("m", 2)], gives: "f32[m, 5]"),
    .init(.gatherND, [.f32("n", 4, 5), .i64("n", 7, 1)], ["batch_dims": .int(1)], gives: "f32[n, 7, 5]"),
    .init(.gatherND, [.f32("n", 4, 5), .i64("m", "?")], gives: "f32[*]"),
    .init(.gatherND, [.f32("n", 4), .i64("m", 3)], fails: "do not fit data [n, 4]"),
    .init(.gatherND, [.f32("n", 4), .i64("m", 1)], ["batch_dims": .int(-1)], fails: "do not fit"),
    .init(.gatherND, [.f32("n", 4), .i64("m", 1)], ["batch_dims": .int(.max)], fails: "do not fit"),
  ]

  static let scatter: [InferenceCase] = [
    .init(.scatterElements, [.f32("n", 4), .i64(1, 2), .f32(1, 2)], gives: "f32[n, 4]"),
    .init(.scatterElements, [.f32("n", 4), .i64(1, 2), .f32(1, 3)], fails: "must have one shape"),
    .init(.scatterElements, [.f32(4), .i64(1), .f32(1)], ["reduction": .string("avg")], fails: "reduction is 'avg'"),
    .init(.scatterND, [.f32("n", 4), .i64("m", 1), .f32("m", 4)], gives: "f32[n, 4]"),
    .init(.scatterND, [.f32("n", 4), .i64("m", 3), .f32("m")], fails: "do not fit data"),
    .init(.scatterND, [.f32("n", 4), .i64("m", 1), .f32("m", 5)], fails: "updates [m, 5] must have the shape [m, 4]"),
    .init(.scatterND, [.unranked(.float32), .i64("m", 1), .f32("m", 5)], gives: "f32[*]"),
    .init(.nonZero, [.f32("n", 4)], gives: "i64[2, ?]"),
    .init(.nonZero, [.f32()], gives: "i64[?, ?]"),
    .init(.nonZero, [.unknown], gives: "i64[?, ?]"),
    .init(.compress, [.f32("n", 4), .bool(4)], ["axis": .int(-1)], gives: "f32[n, ?]"),
    .init(.compress, [.f32("n", 4), .bool(4)], gives: "f32[?]"),
    .init(.compress, [.f32("n", 4), .bool(4)], ["axis": .int(2)], fails: "axis 2 is outside"),
  ]

  static let creation: [InferenceCase] = [
    .init(.constantOfShape, [.list("n", 4)], gives: "f32[n, 4]"),
    .init(.constantOfShape, [.i64(2)], gives: "f32[?, ?]"),
    .init(.constantOfShape, [.i64("?")], gives: "f32[*]"),
    .init(.constantOfShape, [.list(-4)], fails: "dimension -4 is negative"),
    .init(.constantOfShape, [.list(n - 1)], gives: "f32[?]"),
    .init(.constantOfShape, [.list(60_000, 60_000)], gives: "f32[60000, 60000]"),
    .init(.eyeLike, [.f32("n", 4)], gives: "f32[n, 4]"),
    .init(.eyeLike, [.f32("n", 4)], ["dtype": .int(7)], gives: "i64[n, 4]"),
    .init(.eyeLike, [.f32("n")], fails: "is of no matrix"),
    .init(.eyeLike, [.f32("n", 4)], ["dtype": .int(8)], fails: "no element type that is allowed"),
    .init(.oneHot, [.i64("n", 4), .scalar(10), .f32(2)], gives: "f32[n, 4, 10]"),
    .init(.oneHot, [.i64("n", 4), .list(10), .f32(2)], ["axis": .int(0)], gives: "f32[10, n, 4]"),
    .init(.oneHot, [.i64("n", 4), .scalar(-3), .f32(2)], gives: "f32[n, 4, ?]"),
    .init(.oneHot, [.i64("n", 4), .scalar(10), .f32(3)], fails: "must have 2 elements"),
    .init(.oneHot, [.i64("n", 4), .scalar(10), .f32(2)], ["axis": .int(3)], fails: "axis 3 is outside"),
    .init(.range, [.scalar(2), .scalar(11), .scalar(3)], gives: "i64[3] = [2, 5, 8]"),
    .init(.range, [.scalar(5), .scalar(0), .scalar(-2)], gives: "i64[3] = [5, 3, 1]"),
    .init(.range, [.scalar(5), .scalar(0), .scalar(2)], gives: "i64[0] = []"),
    .init(.range, [.scalar(0), .scalar("n"), .scalar(1)], gives: "i64[n]"),
    .init(.range, [.scalar("n"), .scalar(n + 2), .scalar(1)], gives: "i64[2] = [n, n + 1]"),
    .init(.range, [.scalar(0), .scalar(n - 1), .scalar(1)], gives: "i64[?]"),
    .init(.range, [.scalar(0), .scalar(3_000_000_000), .scalar(1)], gives: "i64[3000000000]"),
    .init(.range, [.scalar(.known(.min)), .scalar(.known(.max)), .scalar(1)], gives: "i64[?]"),
    .init(.range, [.scalar(.known(.max)), .scalar(.known(.min)), .scalar(.known(.min))], gives: "i64[?]"),
    .init(.range, [.scalar(0), .scalar(9), .scalar(0)], fails: "delta is 0"),
    .init(.range, [.f32(), .f32(), .f32()], gives: "f32[?]"),
  ]

  @Test(arguments: gather) func infersGather(_ example: InferenceCase) { example.check() }
  @Test(arguments: scatter) func infersScatter(_ example: InferenceCase) { example.check() }
  @Test(arguments: creation) func infersCreation(_ example: InferenceCase) { example.check() }

  @Test func constantOfShapeTakesTheTypeOfItsValue() throws {
    let one = try TensorLiteral(.int64, [1], bytes: [1, 0, 0, 0, 0, 0, 0, 0])
    InferenceCase(.constantOfShape, [.list(3)], ["value": .tensor(one)], gives: "i64[3] = [1, 1, 1]").check()
    InferenceCase(.constantOfShape, [.list("n")], ["value": .tensor(one)], gives: "i64[n]").check()
    let two = try TensorLiteral(.int64, [2], bytes: Array(repeating: 0, count: 16))
    InferenceCase(.constantOfShape, [.list(3)], ["value": .tensor(two)], fails: "value has 2 elements").check()
  }
}
