import IR
import Testing

@Suite struct ReductionInferenceTests {
  static let n = Dimension.symbol("n")
  static let drop: Attributes = ["keepdims": .int(0)]
  static let noop: Attributes = ["noop_with_empty_axes": .int(1)]

  static let reductions: [InferenceCase] = [
    .init(.reduceMean, [.f32("n", 4, 5), .list(-1)], gives: "f32[n, 4, 1]"),
    .init(.reduceMean, [.f32("n", 4, 5), .list(0, -1)], drop, gives: "f32[4]"),
    .init(.reduceSum, [.f32("n", 4)], gives: "f32[1, 1]"),
    .init(.reduceSum, [.f32("n", 4), .absent], drop, gives: "f32[]"),
    .init(.reduceSum, [.f32("n", 4), .list()], noop, gives: "f32[n, 4]"),
    .init(.reduceSum, [.f32("n", 4), .absent], noop, gives: "f32[n, 4]"),
    .init(.reduceSum, [.f32("n", 4), .list()], gives: "f32[1, 1]"),
    .init(.reduceSum, [.f32("n", 4), .list(1)], noop, gives: "f32[n, 1]"),
    .init(.reduceMax, [.f32("n", 4, 1), .i64(1)], gives: "f32[?, ?, 1]"),
    .init(.reduceMax, [.f32("n", 4, 1), .i64(1)], drop, gives: "f32[?, ?]"),
    .init(.reduceMax, [.f32("n", 4, 1), .i64("?")], drop, gives: "f32[*]"),
    .init(.reduceMax, [.f32("n"), .i64(2)], drop, gives: "f32[*]"),
    .init(.reduceMax, [.unranked(.float32), .list(1)], gives: "f32[*]"),
    .init(.reduceMax, [.f32(), .list(0)], gives: "f32[]"),
    .init(.reduceMin, [.f32("n", 4), .list(2)], fails: "axis 2 is outside a tensor of rank 2"),
    .init(.reduceMin, [.f32("n", 4), .list(1, -1)], fails: "name an axis twice"),
    .init(.reduceMin, [.f32("n", 4), .list(.known(.min))], fails: "is outside a tensor of rank 2"),
  ]

  static let contents: [InferenceCase] = [
    .init(.reduceProd, [.list("n", 4, 2)], drop, gives: "i64[] = [8*n]"),
    .init(.reduceProd, [.list("n", 4, 2), .list(0)], gives: "i64[1] = [8*n]"),
    .init(.reduceProd, [.list("n", "?", 0)], drop, gives: "i64[] = [0]"),
    .init(.reduceSum, [.list("n", 4, "n")], drop, gives: "i64[] = [2*n + 4]"),
    .init(.reduceSum, [.list()], drop, gives: "i64[]"),
    .init(.reduceMax, [.list("n", n + 3, 1)], drop, gives: "i64[] = [n + 3]"),
    .init(.reduceMin, [.list("n", n + 3, "?")], drop, gives: "i64[]"),
    .init(.reduceSum, [.scalar("n")], gives: "i64[] = [n]"),
    .init(.reduceSum, [.list("n", 4)], noop, gives: "i64[2] = [n, 4]"),
    .init(.reduceMean, [.list(2, 4)], drop, gives: "i64[]"),
  ]

  static let ordering: [InferenceCase] = [
    .init(.argMax, [.f32("n", 10)], ["axis": .int(1)], gives: "i64[n, 1]"),
    .init(.argMax, [.f32("n", 10)], ["axis": .int(-1), "keepdims": .int(0)], gives: "i64[n]"),
    .init(.argMax, [.unranked(.float32)], gives: "i64[*]"),
    .init(.argMin, [.f32("n", 10)], ["axis": .int(.max)], fails: "is outside a tensor of rank 2"),
    .init(.cumSum, [.f32("n", 10), .scalar(1)], gives: "f32[n, 10]"),
    .init(.cumProd, [.f32("n", 10), .scalar(2)], fails: "axis 2 is outside a tensor of rank 2"),
    .init(.topK, [.f32("n", 10), .list(3)], results: 2, gives: "f32[n, 3]; i64[n, 3]"),
    .init(.topK, [.f32("n", 10), .i64(1)], results: 2, gives: "f32[n, ?]; i64[n, ?]"),
    .init(.topK, [.f32("n", 10), .list("n")], ["axis": .int(0)], results: 2, gives: "f32[n, 10]; i64[n, 10]"),
    .init(.topK, [.f32("n", 10), .list(11)], results: 2, fails: "K is 11"),
    .init(.topK, [.f32("n", 10), .list(-1)], results: 2, fails: "K is -1"),
    .init(.unique, [.f32("n", 10)], results: 4, gives: "f32[?]; i64[?]; i64[10*n]; i64[?]"),
    .init(.unique, [.f32("n", 10)], ["axis": .int(-1)], results: 3, gives: "f32[n, ?]; i64[?]; i64[10]"),
    .init(.unique, [.f32("n", 10)], results: 1, gives: "f32[?]"),
  ]

  @Test(arguments: reductions) func infersReduction(_ example: InferenceCase) { example.check() }
  @Test(arguments: contents) func infersContents(_ example: InferenceCase) { example.check() }
  @Test(arguments: ordering) func infersOrdering(_ example: InferenceCase) { example.check() }
}
