import IR
import Testing

@Suite struct ShapeInferenceTests {
  static let n = Dimension.symbol("n")
  static let m = Dimension.symbol("m")

  static let shape: [InferenceCase] = [
    .init(.shape, [.f32("n", 4, "?")], gives: "i64[3] = [n, 4, ?]"),
    .init(.shape, [.f32("n", 4, 5)], ["start": .int(1)], gives: "i64[2] = [4, 5]"),
    .init(.shape, [.f32("n", 4, 5)], ["start": .int(-2), "end": .int(-1)], gives: "i64[1] = [4]"),
    .init(.shape, [.f32("n", 4)], ["start": .int(.min), "end": .int(.max)], gives: "i64[2] = [n, 4]"),
    .init(.shape, [.f32("n", 4)], ["start": .int(2), "end": .int(.min)], gives: "i64[0] = []"),
    .init(.shape, [.f32()], gives: "i64[0] = []"),
    .init(.shape, [.unranked(.float32)], gives: "i64[?]"),
    .init(.shape, [.unknown], gives: "i64[?]"),
    .init(.size, [.f32("n", 4, "m")], gives: "i64[] = [4*m*n]"),
    .init(.size, [.f32("?", 0)], gives: "i64[] = [0]"),
    .init(.size, [.f32("?")], gives: "i64[]"),
    .init(.identity, [.list("n", 2)], gives: "i64[2] = [n, 2]"),
    .init(.identity, [Sample(type: .sequence(.tensor(.float32, nil)))], gives: "seq<f32[*]>"),
    .init(.flatten, [.f32("n", 3, 4)], gives: "f32[n, 12]"),
    .init(.flatten, [.f32("n", 3, 4)], ["axis": .int(-1)], gives: "f32[3*n, 4]"),
    .init(.flatten, [.f32("n", 3)], ["axis": .int(2)], gives: "f32[3*n, 1]"),
    .init(.flatten, [.f32()], ["axis": .int(0)], gives: "f32[1, 1]"),
    .init(.flatten, [.f32("n", 3)], ["axis": .int(3)], fails: "axis 3 is outside"),
    .init(.flatten, [.unranked(.float32)], gives: "f32[?, ?]"),
    .init(.flatten, [.f32(.known(.max), 2)], ["axis": .int(2)], gives: "f32[?, 1]"),
  ]

  static let expand: [InferenceCase] = [
    .init(.expand, [.f32(1, 4), .list("n", 1, 4)], gives: "f32[n, 1, 4]"),
    .init(.expand, [.f32("n", 4), .list(1, 1)], gives: "f32[n, 4]"),
    .init(.expand, [.f32(4), .i64(3)], gives: "f32[?, ?, 4]"),
    .init(.expand, [.f32(4), .i64("?")], gives: "f32[*]"),
    .init(.expand, [.f32(4), .list(3)], fails: "shape [4] does not broadcast to [3]"),
    .init(.expand, [.f32(4), .list(-1)], fails: "-1 is negative"),
    .init(.expand, [.list("n"), .list(3)], gives: "i64[3] = [n, n, n]"),
    .init(.expand, [.scalar("n"), .list(2)], gives: "i64[2] = [n, n]"),
    .init(.expand, [.scalar("n"), .list(33)], gives: "i64[33]"),
    .init(.expand, [.scalar(1), .list(1_000_000_000_000)], gives: "i64[1000000000000]"),
    .init(.expand, [.scalar(1), .list("n")], gives: "i64[n]"),
  ]

  static let reshape: [InferenceCase] = [
    .init(.reshape, [.f32("n", 4, 6), .list(0, -1)], gives: "f32[n, 24]"),
    .init(.reshape, [.f32("n", 4, 6), .list("n", 2, -1)], gives: "f32[n, 2, 12]"),
    .init(.reshape, [.f32("?", 4, 6), .list(0, -1)], gives: "f32[?, 24]"),
    .init(.reshape, [.f32("n", 6), .list(-1, 3)], gives: "f32[2*n, 3]"),
    .init(.reshape, [.f32("n", 4), .list(-1, 8)], gives: "f32[(4*n) floordiv 8, 8]"),
    .init(.reshape, [.f32("n", "m"), .list(-1)], gives: "f32[m*n]"),
    .init(.reshape, [.f32(2, 6), .list(3, "?")], gives: "f32[3, 4]"),
    .init(.reshape, [.f32(2, 6), .list(-1, "?")], gives: "f32[?, ?]"),
    .init(.reshape, [.f32(2, 6), .i64(2)], gives: "f32[?, ?]"),
    .init(.reshape, [.f32(2, 6), .i64("?")], gives: "f32[*]"),
    .init(.reshape, [.f32(2, 6), .list(n - 1, -1)], gives: "f32[?, ?]"),
    .init(.reshape, [.unranked(.float32), .list(0, -1, 8)], gives: "f32[?, ?, 8]"),
    .init(.reshape, [.f32(1), .list()], gives: "f32[]"),
    .init(.reshape, [.f32(0, 3), .list(0, 5)], gives: "f32[0, 5]"),
    .init(.reshape, [.f32(0, 3), .list(3, 0)], ["allowzero": .int(1)], gives: "f32[3, 0]"),
    .init(.reshape, [.f32(2, 3), .list(3, 3)], fails: "cannot reshape [2, 3] to [3, 3]"),
    .init(.reshape, [.f32(2, 3), .list(-1, 4)], fails: "the numbers of elements differ"),
    .init(.reshape, [.f32(2, 3), .list(3, 0)], ["allowzero": .int(1)], fails: "the numbers of elements differ"),
    .init(.reshape, [.f32(2, 3), .list(-1, -1)], fails: "-1 stands there twice"),
    .init(.reshape, [.f32(2, 3), .list(-4, 2)], fails: "-4 is negative"),
    .init(.reshape, [.f32(6), .list(3, 0)], fails: "there is no axis 1 to copy"),
    .init(.reshape, [.list("n"), .list()], gives: "i64[] = [n]"),
    .init(.reshape, [.scalar("n"), .list(-1)], gives: "i64[1] = [n]"),
    .init(.reshape, [.list("n", 2), .list(1, 2)], gives: "i64[1, 2]"),
  ]

  static let squeeze: [InferenceCase] = [
    .init(.squeeze, [.f32(1, "n", 1)], gives: "f32[*]"),
    .init(.squeeze, [.f32(1, 4, 1)], gives: "f32[4]"),
    .init(.squeeze, [.f32(1, "n", 1), .list(-1)], gives: "f32[1, n]"),
    .init(.squeeze, [.f32(1, "n", 1), .list(1)], gives: "f32[1, 1]"),
    .init(.squeeze, [.f32(1, 4, 1), .list()], gives: "f32[*]"),
    .init(.squeeze, [.f32(2, n + 4), .list()], gives: "f32[2, n + 4]"),
    .init(.squeeze, [.f32(1, 4, 1), .list(1)], fails: "axis 1 of [1, 4, 1] cannot be squeezed"),
    .init(.squeeze, [.f32(1, n + 2), .list(1)], fails: "cannot be squeezed"),
    .init(.squeeze, [.f32(1, 4, 1), .list(3)], fails: "axis 3 is outside"),
    .init(.squeeze, [.f32(1, 4, 1), .list(0, 0)], fails: "name an axis twice"),
    .init(.squeeze, [.f32(1, 4, 1), .i64(2)], gives: "f32[?]"),
    .init(.squeeze, [.f32(1, 4, 1), .i64("?")], gives: "f32[*]"),
    .init(.squeeze, [.list("n"), .list(0)], gives: "i64[] = [n]"),
    .init(.unsqueeze, [.f32("n", 4), .list(0, -1)], gives: "f32[1, n, 4, 1]"),
    .init(.unsqueeze, [.f32("n", 4), .list(99)], fails: "axis 99 is outside a tensor of rank 3"),
    .init(.unsqueeze, [.f32("n", 4), .list(1, -3)], fails: "name an axis twice"),
    .init(.unsqueeze, [.f32("n", 4), .i64(2)], gives: "f32[?, ?, ?, ?]"),
    .init(.unsqueeze, [.scalar("n"), .list(0)], gives: "i64[1] = [n]"),
  ]

  @Test(arguments: shape) func infersShape(_ example: InferenceCase) { example.check() }
  @Test(arguments: expand) func infersExpand(_ example: InferenceCase) { example.check() }
  @Test(arguments: reshape) func infersReshape(_ example: InferenceCase) { example.check() }
  @Test(arguments: squeeze) func infersSqueeze(_ example: InferenceCase) { example.check() }
}
