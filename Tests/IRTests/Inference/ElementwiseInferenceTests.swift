import IR
import Testing

@Suite struct ElementwiseInferenceTests {
  static let n = Dimension.symbol("n")
  static let m = Dimension.symbol("m")

  static let unary: [InferenceCase] = [
    .init(.relu, [.f32("n", 3)], gives: "f32[n, 3]"),
    .init(.relu, [.unranked(.float16)], gives: "f16[*]"),
    .init(.relu, [.unknown], gives: "?"),
    .init(.abs, [.list(-3, "n", .known(.min))], gives: "i64[3] = [3, n, ?]"),
    .init(.neg, [.list(3, "n", .known(.min))], gives: "i64[3] = [-3, -n, ?]"),
    .init(.neg, [.list(.known(Int(Int32.min))).cast(to: .int32)], gives: "i32[1]"),
    .init(.isNaN, [.f32(2)], gives: "bool[2]"),
    .init(.isInf, [.unranked(.float32)], gives: "bool[*]"),
    .init(.not, [.list(0, 1).cast(to: .bool)], gives: "bool[2] = [1, 0]"),
    .init(.softmax, [.f32("n", 3)], ["axis": .int(1)], gives: "f32[n, 3]"),
    .init(.softmax, [.f32("n", 3)], ["axis": .int(2)], fails: "axis 2 is outside a tensor of rank 2"),
    .init(.softmax, [.f32("n", 3)], ["axis": .int(.min)], fails: "is outside a tensor of rank 2"),
    .init(.softmax, [.f32()], fails: "axis -1 is outside a tensor of rank 0"),
    .init(.gelu, [.f32(1)], ["approximate": .string("fast")], fails: "approximate is 'fast'"),
    .init(.clip, [.f32("n"), .f32(), .f32()], gives: "f32[n]"),
    .init(.clip, [.f32("n"), .absent, .f32(2)], fails: "must be one element"),
    .init(.clip, [.list(-1, 5, 99), .scalar(0), .absent], gives: "i64[3] = [0, 5, 99]"),
    .init(.clip, [.list(-1, 5, 99), .scalar(0), .scalar(9)], gives: "i64[3] = [0, 5, 9]"),
    .init(.prelu, [.f32("n", 4, 5, 5), .f32(4, 1, 1)], gives: "f32[n, 4, 5, 5]"),
    .init(.prelu, [.f32("n", 4), .f32(5)], fails: "slope [5] does not broadcast to [n, 4]"),
    .init(.prelu, [.f32(4), .f32(1, 4)], fails: "does not broadcast"),
    .init(.swiGLU, [.f32("n", 4), .f32("?", 4)], gives: "f32[n, 4]"),
    .init(.swiGLU, [.f32("n", 4), .f32("n", 5)], fails: "must be of one type"),
  ]

  static let conversions: [InferenceCase] = [
    .init(.cast, [.list(3, "n")], ["to": .int(6)], gives: "i32[2] = [3, n]"),
    .init(.cast, [.scalar(1_099_511_627_776)], ["to": .int(6)], gives: "i32[]"),
    .init(.cast, [.list(0, 7, "n", n + 1)], ["to": .int(9)], gives: "bool[4] = [0, 1, ?, 1]"),
    .init(.cast, [.list(3)], ["to": .int(1)], gives: "f32[1]"),
    .init(.cast, [.f32(3)], ["to": .int(0)], fails: "'to' is 0"),
    .init(.cast, [.f32(3)], ["to": .int(14)], fails: "no element type that is allowed"),
    .init(.cast, [.f32(3)], ["to": .int(.max)], fails: "no element type that is allowed"),
    .init(.cast, [.unknown], ["to": .int(7)], gives: "i64[*]"),
    .init(.castLike, [.list("n"), .unranked(.int32)], gives: "i32[1] = [n]"),
    .init(.castLike, [.list("n"), .unknown], gives: "?"),
    .init(.bitCast, [.f32("n")], ["to": .int(6)], gives: "i32[n]"),
    .init(.bitCast, [.f32("n")], ["to": .int(7)], fails: "not of one width"),
  ]

  static let arithmetic: [InferenceCase] = [
    .init(.add, [.f32("n", 1), .f32("n")], gives: "f32[n, n]"),
    .init(.add, [.f32(2, 3), .f32(2)], fails: "shapes [2, 3] and [2] do not broadcast"),
    .init(.add, [.f32(2), .unranked(.float32)], gives: "f32[*]"),
    .init(.add, [.unknown, .f32(2)], gives: "f32[*]"),
    .init(.add, [.list(1, "n"), .scalar(2)], gives: "i64[2] = [3, n + 2]"),
    .init(.add, [.scalar(.known(.max)), .scalar(1)], gives: "i64[]"),
    .init(.sub, [.scalar("n"), .list(1, "n")], gives: "i64[2] = [n - 1, 0]"),
    .init(.mul, [.list("n", "n", 0), .list(2, "m", "?")], gives: "i64[3] = [2*n, m*n, 0]"),
    .init(.mul, [.list("n").cast(to: .int32), .list(3).cast(to: .int32)], gives: "i32[1] = [3*n]"),
    .init(.mul, [.scalar(.known(.min)), .scalar(-1)], gives: "i64[]"),
    .init(.div, [.list(-7, 7, n * 4, "n"), .scalar(2)], gives: "i64[4] = [-3, 3, 2*n, n floordiv 2]"),
    .init(.div, [.scalar(n - 1), .scalar(2)], gives: "i64[]"),
    .init(.div, [.scalar(n * m), .scalar("m")], gives: "i64[] = [n]"),
    .init(.div, [.scalar(5), .scalar(0)], gives: "i64[]"),
    .init(.div, [.scalar(.known(.min)), .scalar(-1)], gives: "i64[]"),
    .init(.mod, [.list(-7, 7, 7, "n"), .list(3, -3, 0, 2)], gives: "i64[4] = [2, -2, ?, n - 2*(n floordiv 2)]"),
    .init(
      .mod, [.list(-7, 7, 7, "n"), .list(3, -3, 0, 2)], ["fmod": .int(1)],
      gives: "i64[4] = [-1, 1, ?, n - 2*(n floordiv 2)]"),
    .init(.mod, [.scalar(.known(.min)), .scalar(-1)], gives: "i64[] = [0]"),
    .init(.max, [.list("n", 3), .scalar(0), .scalar(4)], gives: "i64[2] = [?, 4]"),
    .init(.max, [.list("n", n + 2), .list(0, n + 1)], gives: "i64[2] = [n, n + 2]"),
    .init(.min, [.list(n, 3, n), .list(n + 1, 4, -1)], gives: "i64[3] = [n, 3, -1]"),
    .init(.sum, [.f32(2, 1), .f32(3), .f32("n", 1, 1)], gives: "f32[n, 2, 3]"),
    .init(.pow, [.f32("n"), .i64()], gives: "f32[n]"),
    .init(.mean, [.f32(2), .f32(3)], fails: "do not broadcast"),
  ]

  static let logic: [InferenceCase] = [
    .init(.equal, [.list(1, "n", n + 1, "n"), .list(1, "n", 0, 5)], gives: "bool[4] = [1, 1, 0, ?]"),
    .init(.greater, [.list(2, n + 1, "n"), .list(1, 0, 0)], gives: "bool[3] = [1, 1, ?]"),
    .init(.less, [.list(2, n, "n"), .list(1, n + 1, 0)], gives: "bool[3] = [0, 1, 0]"),
    .init(.lessOrEqual, [.list(2, 0), .list(2, "n")], gives: "bool[2] = [1, 1]"),
    .init(.greaterOrEqual, [.f32("n"), .f32(4, 1)], gives: "bool[4, n]"),
    .init(.and, [.list(1, 0, 1).cast(to: .bool), .list(1, "?", "?").cast(to: .bool)], gives: "bool[3] = [1, 0, ?]"),
    .init(.or, [.list(0, 1, 0).cast(to: .bool), .list(0, "?", "?").cast(to: .bool)], gives: "bool[3] = [0, 1, ?]"),
    .init(.xor, [.list(0, 1, 0).cast(to: .bool), .list(1, 1, "?").cast(to: .bool)], gives: "bool[3] = [1, 0, ?]"),
    .init(.where, [.bool("n", 1), .f32(4), .f32()], gives: "f32[n, 4]"),
    .init(
      .where, [.list(1, 0, "?", "?").cast(to: .bool), .list(1, 2, 3, 4), .list(5, 6, 7, 4)],
      gives: "i64[4] = [1, 6, ?, 4]"),
    .init(.where, [.scalar(1).cast(to: .bool), .list(1, "n"), .scalar(9)], gives: "i64[2] = [1, n]"),
    .init(.where, [.bool(2), .f32(3), .f32()], fails: "shapes [2] and [3] do not broadcast"),
    .init(.bitShift, [.i64(3), .i64(1)], ["direction": .string("UP")], fails: "direction is 'UP'"),
  ]

  @Test(arguments: unary) func infersUnary(_ example: InferenceCase) { example.check() }
  @Test(arguments: conversions) func infersConversion(_ example: InferenceCase) { example.check() }
  @Test(arguments: arithmetic) func infersArithmetic(_ example: InferenceCase) { example.check() }
  @Test(arguments: logic) func infersLogic(_ example: InferenceCase) { example.check() }
}
