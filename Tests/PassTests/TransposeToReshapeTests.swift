import IR
import Testing

@testable import Passes

@Suite struct TransposeToReshapeTests {
  @Test func aTransposeOfOneChannelIsAReshape() throws {
    try expect(
      TransposeToReshape(),
      makes: """
        graph @main(%x: f32[n, 4, 5, 1]) -> (y: f32[n, 1, 4, 5]) {
          %y = Transpose(%x) {perm = [0, 3, 1, 2]}
          return %y
        }
        """,
      into: """
        graph @main(%x: f32[n, 4, 5, 1]) -> (y: f32[n, 1, 4, 5]) {
          %y_1 = constant [-1, 1, 4, 5] : i64[4]
          %y = Reshape(%x, %y_1) : f32[n, 1, 4, 5]
          return %y
        }
        """, numerics: .exact)
  }

  @Test func whatMovesElementsStays() throws {
    for (shape, remark) in [("n, 4, 5, 3", "nothing to do"), ("n, m, k, 1", "no constant says the transposed shape")] {
      try expect(
        TransposeToReshape(),
        leaves: """
          graph @main(%x: f32[\(shape)]) -> (y: f32[?, ?, ?, ?]) {
            %y = Transpose(%x) {perm = [0, 3, 1, 2]}
            return %y
          }
          """, saying: remark)
    }
  }
}
