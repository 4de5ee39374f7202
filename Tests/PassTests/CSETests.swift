import IR
import Testing

@testable import Passes

@Suite struct CSETests {
  @Test func equalOperationsAreComputedOnce() throws {
    try expect(
      CSE(),
      makes: """
        graph @main(%x: f32[2], %z: f32[2]) -> (y: f32[2]) {
          %a = Softmax(%x) : f32[2]
          %b = Softmax(%x) {axis = -1} : f32[2]
          %c = Add(%a, %z) : f32[2]
          %d = Add(%z, %b) : f32[2]
          %e = Sub(%c, %d) : f32[2]
          return %e
        }
        """,
      into: """
        graph @main(%x: f32[2], %z: f32[2]) -> (y: f32[2]) {
          %a = Softmax(%x) : f32[2]
          %c = Add(%a, %z) : f32[2]
          %e = Sub(%c, %c) : f32[2]
          return %e
        }
        """)
  }

  /// What was merged for its elements is no twin of what comes after it.
  @Test func equalShapesOfSeveralTensors() throws {
    try expect(
      CSE(),
      makes: """
        graph @main(%x: f32[n, 3], %y: f32[n, 3]) -> (a: i64[2], b: i64[2], c: i64[2]) {
          %a = Shape(%x) : i64[2]
          %b = Shape(%y) : i64[2]
          %c = Shape(%y) : i64[2]
          return %a, %b, %c
        }
        """,
      into: """
        graph @main(%x: f32[n, 3], %y: f32[n, 3]) -> (a: i64[2], b: i64[2], c: i64[2]) {
          %a = Shape(%x) : i64[2]
          return %a, %a, %a
        }
        """)
  }

  @Test func differentAttributesOrOrderAreDifferent() throws {
    try expect(
      CSE(),
      leaves: """
        graph @main(%x: f32[2, 2], %z: f32[2, 2]) -> (y: f32[2, 2], w: f32[2, 2]) {
          %a = Softmax(%x) {axis = 0} : f32[2, 2]
          %b = Softmax(%x) {axis = 1} : f32[2, 2]
          %c = Sub(%a, %b) : f32[2, 2]
          %d = Sub(%b, %a) : f32[2, 2]
          return %c, %d
        }
        """)
  }

  @Test func randomOperationsStayApart() throws {
    try expect(
      CSE(),
      leaves: """
        graph @main(%x: f32[2]) -> (y: f32[2]) {
          %a = RandomNormalLike(%x) : f32[2]
          %b = RandomNormalLike(%x) : f32[2]
          %c = Sub(%a, %b) : f32[2]
          return %c
        }
        """, saying: "nothing is computed twice")
  }

  @Test func aRegionUsesWhatWasComputedAroundIt() throws {
    try expect(
      CSE(),
      makes: """
        graph @main(%c: bool[], %x: f32[2]) -> (y: f32[2], z: f32[2]) {
          %a = Relu(%x) : f32[2]
          %y = If(%c) {
            then_branch = graph @t() -> (r: f32[2]) {
              %b = Relu(%x) : f32[2]
              %r = Exp(%b) : f32[2]
              return %r
            },
            else_branch = graph @e() -> (s: f32[2]) {
              %s = Exp(%x) : f32[2]
              return %s
            }
          } : f32[2]
          %z = Exp(%x) : f32[2]
          %w = Add(%z, %a) : f32[2]
          return %y, %w
        }
        """,
      into: """
        graph @main(%c: bool[], %x: f32[2]) -> (y: f32[2], z: f32[2]) {
          %a = Relu(%x) : f32[2]
          %y = If(%c) {
            then_branch = graph @t() -> (r: f32[2]) {
              %r = Exp(%a) : f32[2]
              return %r
            },
            else_branch = graph @e() -> (s: f32[2]) {
              %s = Exp(%x) : f32[2]
              return %s
            }
          } : f32[2]
          %z = Exp(%x) : f32[2]
          %w = Add(%z, %a) : f32[2]
          return %y, %w
        }
        """)
  }
}
