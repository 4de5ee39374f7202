import IR
import Testing

@Suite struct MovementInferenceTests {
  static let n = Dimension.symbol("n")

  static let transpose: [InferenceCase] = [
    .init(.transpose, [.f32("n", 3, 4)], gives: "f32[4, 3, n]"),
    .init(.transpose, [.f32("n", 3, 4)], ["perm": .ints([0, 2, 1])], gives: "f32[n, 4, 3]"),
    .init(.transpose, [.unranked(.float32)], ["perm": .ints([0, 2, 1])], gives: "f32[?, ?, ?]"),
    .init(.transpose, [.f32("n", 3)], ["perm": .ints([5, 9])], fails: "perm [5, 9] is no permutation"),
    .init(.transpose, [.f32("n", 3)], ["perm": .ints([0, 0])], fails: "is no permutation"),
    .init(.transpose, [.f32("n", 3)], ["perm": .ints([0, -1])], fails: "is no permutation"),
    .init(.transpose, [.f32("n", 3)], ["perm": .ints([0, 2, 1])], fails: "has 3 entries for a tensor of rank 2"),
    .init(.transpose, [.list(1, "n")], gives: "i64[2] = [1, n]"),
  ]

  static let tileAndPad: [InferenceCase] = [
    .init(.tile, [.f32("n", 3), .list(2, 4)], gives: "f32[2*n, 12]"),
    .init(.tile, [.f32("n", 3), .i64(2)], gives: "f32[?, ?]"),
    .init(.tile, [.f32("n", 3), .list(2)], fails: "repeats has 1 elements for a tensor of rank 2"),
    .init(.tile, [.f32("n", 3), .list(2, -1)], fails: "negative element: -1"),
    .init(.tile, [.list(1, "n"), .list(2)], gives: "i64[4] = [1, n, 1, n]"),
    .init(.tile, [.list(1), .list(1_000_000_000_000)], gives: "i64[1000000000000]"),
    .init(.pad, [.f32("n", 3), .list(0, 1, 0, 2)], gives: "f32[n, 6]"),
    .init(.pad, [.f32("n", 3), .list(1, 2), .absent, .list(-1)], gives: "f32[n, 6]"),
    .init(.pad, [.f32("n", 3), .list(1, 2), .absent, .i64(1)], gives: "f32[?, ?]"),
    .init(.pad, [.f32("n", 3), .i64(4)], gives: "f32[?, ?]"),
    .init(.pad, [.f32("n", 3), .list(0, -1, 0, -2)], gives: "f32[n, 0]"),
    .init(.pad, [.f32("n", 3), .list(0, -2, 0, -2)], fails: "leave less than nothing of axis 1 of [n, 3]"),
    .init(.pad, [.f32("n", 3), .list(0, 1)], fails: "pads has 2 elements for 2 axes"),
    .init(.pad, [.f32("n", 3), .list(0, .known(.max), 0, .known(.max))], gives: "f32[n, ?]"),
    .init(.pad, [.f32("n", 3), .list(0, 1, 0, 2)], ["mode": .string("mirror")], fails: "mode is 'mirror'"),
  ]

  static let blocks: [InferenceCase] = [
    .init(.depthToSpace, [.f32("n", 12, 5, "m")], ["blocksize": .int(2)], gives: "f32[n, 3, 10, 2*m]"),
    .init(.depthToSpace, [.f32("n", 12, 5, 5)], ["blocksize": .int(5)], fails: "does not divide into blocks of 5"),
    .init(.depthToSpace, [.f32("n", 12, 5)], ["blocksize": .int(2)], fails: "is not of rank 4"),
    .init(.depthToSpace, [.f32("n", 12, 5, 5)], ["blocksize": .int(0)], fails: "blocksize is 0"),
    .init(.depthToSpace, [.f32("n", 12, 5, 5)], ["blocksize": .int(.max)], gives: "f32[n, ?, ?, ?]"),
    .init(.spaceToDepth, [.f32("n", 3, 10, "m")], ["blocksize": .int(2)], gives: "f32[n, 12, 5, m floordiv 2]"),
    .init(.spaceToDepth, [.f32("n", 3, 5, 5)], ["blocksize": .int(2)], fails: "does not divide into blocks of 2"),
    .init(.spaceToDepth, [.f32(1, 1, 4, 4)], ["blocksize": .int(2), "mode": .string("RCD")], fails: "mode is 'RCD'"),
    .init(.trilu, [.f32("n", 4)], gives: "f32[n, 4]"),
    .init(.trilu, [.f32("n")], fails: "is of no matrix"),
    .init(.reverseSequence, [.f32("n", 4), .i64(4)], gives: "f32[n, 4]"),
    .init(.reverseSequence, [.f32("n", 4), .i64(4)], ["time_axis": .int(1)], fails: "must be 0 and 1"),
  ]

  @Test(arguments: transpose) func infersTranspose(_ example: InferenceCase) { example.check() }
  @Test(arguments: tileAndPad) func infersTileAndPad(_ example: InferenceCase) { example.check() }
  @Test(arguments: blocks) func infersBlockMoves(_ example: InferenceCase) { example.check() }
}
