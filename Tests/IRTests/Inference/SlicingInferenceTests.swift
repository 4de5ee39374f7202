import IR
import Testing

@Suite struct SlicingInferenceTests {
  static let n = Dimension.symbol("n")
  static let few = Dimension.symbolic(Polynomial(symbol: Symbol("n", in: 1...10)))
  static let far = Dimension.known(.max)
  static let near = Dimension.known(.min)
  static let axis0: Attributes = ["axis": .int(0)]
  static let axis1: Attributes = ["axis": .int(1)]

  static let slice: [InferenceCase] = [
    .init(.slice, [.f32("n", 10), .list(2), .list(9), .list(1), .list(3)], gives: "f32[n, 3]"),
    .init(.slice, [.f32("n", 10), .list(0, -3), .list(far, far)], gives: "f32[n, 3]"),
    .init(.slice, [.f32("n", 10), .list(-1), .list(near), .list(1), .list(-1)], gives: "f32[n, 10]"),
    .init(.slice, [.f32("n", 10), .list(far), .list(near), .list(1), .list(near)], gives: "f32[n, 1]"),
    .init(.slice, [.f32("n", 10), .list(-1), .list(near), .list(0), .list(-2)], gives: "f32[(n + 1) floordiv 2, 10]"),
    .init(.slice, [.f32("n", 10), .list(0), .list(far), .list(0), .list(2)], gives: "f32[(n + 1) floordiv 2, 10]"),
    .init(.slice, [.f32("n", 10), .list(1), .list(far), .list(0)], gives: "f32[?, 10]"),
    .init(.slice, [.f32(n + 4, 10), .list(1), .list(far), .list(0)], gives: "f32[n + 3, 10]"),
    .init(.slice, [.f32(n + 4, 10), .list(1), .list(-1), .list(0)], gives: "f32[n + 2, 10]"),
    .init(.slice, [.f32(n + 4, 10), .list(-9), .list(-1), .list(0)], gives: "f32[?, 10]"),
    .init(.slice, [.f32("n", 10), .list(0), .list("n"), .list(0)], gives: "f32[n, 10]"),
    .init(.slice, [.f32("n", 10), .list(0), .list("n"), .list(1)], gives: "f32[n, ?]"),
    .init(.slice, [.f32(12), .list(0), .list(few)], gives: "f32[n]"),
    .init(.slice, [.f32(12), .list(2), .list(few + 2)], gives: "f32[n]"),
    .init(.slice, [.f32(9), .list(0), .list(few)], gives: "f32[?]"),
    .init(.slice, [.f32("n", 10), .list(0), .list(0), .list(0)], gives: "f32[0, 10]"),
    .init(.slice, [.f32("n", 10), .list(5), .list(2), .list(1)], gives: "f32[n, 0]"),
    .init(.slice, [.f32("n", 10), .i64(1), .list(5), .list(1)], gives: "f32[n, ?]"),
    .init(.slice, [.f32("n", 10), .list(0), .list(5), .i64(1)], gives: "f32[?, ?]"),
    .init(.slice, [.f32("n", 10), .list(0), .list(5), .list(1), .i64(1)], gives: "f32[n, ?]"),
    .init(.slice, [.f32(10), .list(2), .list(far), .absent, .list(-1)], gives: "f32[?]"),
    .init(.slice, [.f32(10), .list(2), .list(20), .absent, .list(-1)], gives: "f32[0]"),
    .init(.slice, [.f32("n", 0), .list(-1), .list(near), .list(1), .list(-1)], gives: "f32[n, 0]"),
    .init(.slice, [.f32("n", 10), .list(0), .list(5), .list(2)], fails: "axis 2 is outside"),
    .init(.slice, [.f32("n", 10), .list(0), .list(5, 5), .list(1)], fails: "ends has 2 elements for 1 axes"),
    .init(.slice, [.f32("n"), .list(0, 0), .list(5, 5)], fails: "axis 1 is outside"),
    .init(.slice, [.f32("n", 10), .list(0), .list(5), .list(1), .list(0)], fails: "a step is 0"),
    .init(.slice, [.list(1, "n", 3), .list(1), .list(far)], gives: "i64[2] = [n, 3]"),
    .init(.slice, [.list(1, "n", 3), .list(-1), .list(near), .list(0), .list(-2)], gives: "i64[2] = [3, 1]"),
    .init(.slice, [.list(1, "n", 3), .list(3), .list(1)], gives: "i64[0] = []"),
    .init(.slice, [.unranked(.float32), .list(0), .list(1)], gives: "f32[*]"),
  ]

  static let concat: [InferenceCase] = [
    .init(.concat, [.f32("n", 4), .f32(2, 4)], axis0, gives: "f32[n + 2, 4]"),
    .init(.concat, [.f32("?", 4), .f32("n", 4), .f32(5, 4)], axis1, gives: "f32[5, 12]"),
    .init(.concat, [.f32("n", 4), .unranked(.float32)], ["axis": .int(-1)], gives: "f32[n, ?]"),
    .init(.concat, [.unknown, .f32("n", 4)], axis0, gives: "f32[?, 4]"),
    .init(.concat, [.f32(2, 3), .f32(2, 4)], axis0, fails: "shapes [2, 3] and [2, 4] differ along axis 1"),
    .init(.concat, [.f32(2, 3), .f32(2)], axis0, fails: "of different rank"),
    .init(.concat, [.f32(), .f32()], axis0, fails: "axis 0 is outside a tensor of rank 0"),
    .init(.concat, [.f32(.known(.max)), .f32(2)], axis0, gives: "f32[?]"),
    .init(.concat, [.list("n"), .list(3, -1)], axis0, gives: "i64[3] = [n, 3, -1]"),
    .init(.concat, [.list("n"), .i64(2)], axis0, gives: "i64[3] = [n, ?, ?]"),
    .init(.concat, [.list("n"), .i64("?")], axis0, gives: "i64[?]"),
  ]

  static let split: [InferenceCase] = [
    .init(.split, [.f32("n", 6), .list(2, 4)], axis1, results: 2, gives: "f32[n, 2]; f32[n, 4]"),
    .init(
      .split, [.f32("n", 6)], ["axis": .int(1), "num_outputs": .int(3)], results: 3,
      gives: "f32[n, 2]; f32[n, 2]; f32[n, 2]"),
    .init(.split, [.f32(5), .absent], ["num_outputs": .int(3)], results: 3, gives: "f32[2]; f32[2]; f32[1]"),
    .init(.split, [.f32(n * 4)], ["num_outputs": .int(2)], results: 2, gives: "f32[2*n]; f32[2*n]"),
    .init(.split, [.f32("n")], results: 2, gives: "f32[(n + 1) floordiv 2]; f32[?]"),
    .init(.split, [.list(1, "n", 3), .list(1, 2)], results: 2, gives: "i64[1] = [1]; i64[2] = [n, 3]"),
    .init(.split, [.f32(6), .i64(2)], results: 2, gives: "f32[?]; f32[?]"),
    .init(.split, [.unranked(.float32), .list(1, 2)], results: 2, gives: "f32[*]; f32[*]"),
    .init(.split, [.f32(6), .list(2, 5)], results: 2, fails: "split [2, 5] does not add up to 6"),
    .init(.split, [.f32(6), .list(2, 2, 2)], results: 2, fails: "split has 3 elements for 2 results"),
    .init(.split, [.f32(6), .list(-1, 7)], results: 2, fails: "negative element: -1"),
    .init(.split, [.f32(6)], ["num_outputs": .int(.max)], results: 2, fails: "num_outputs is"),
    .init(.split, [.f32(5)], results: 4, gives: "f32[2]; f32[2]; f32[2]; f32[?]"),
  ]

  @Test(arguments: slice) func infersSlice(_ example: InferenceCase) { example.check() }
  @Test(arguments: concat) func infersConcat(_ example: InferenceCase) { example.check() }
  @Test(arguments: split) func infersSplit(_ example: InferenceCase) { example.check() }
}
