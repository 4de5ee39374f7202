import IR
import Testing

@testable import Passes

/// What PyTorch decomposes attention into.
@Suite struct DecomposedAttentionTests {
  // MARK: Guards

  private static func guarded(
    _ scores: String, isNegated: Bool = true, axis: Int = -1, softmaxAxis: Int = -1
  ) -> String {
    let some = "%n = Not(%e)\n%c = ReduceMax(%n, %axis)\n%y = Where(%c, %p, %zero)"
    let all = "%c = ReduceMin(%e, %axis)\n%y = Where(%c, %zero, %p)"
    return """
      %axis = constant [\(axis)] : i64[1]
      %lowest = constant [-inf] : f32[]
      %zero = constant [0.0] : f32[]
      %eighth = constant [0.125] : f32[]
      %turn = constant [-2.0] : f32[]
      \(scores)
      %p = Softmax(%s) {axis = \(softmaxAxis)}
      %e = Equal(%s, %lowest)
      \(isNegated ? some : all)
      """
  }

  private static let operands = "%q: f32[2, 5, 4], %k: f32[2, 4, 5]"

  @Test(arguments: [true, false]) func aGuardOfNumbersGoes(isNegated: Bool) throws {
    let product = "%m = MatMul(%q, %k)\n%s = Mul(%m, %eighth)"
    try Simplification(Self.operands, Self.guarded(product, isNegated: isNegated)).expect(["MatMul", "Mul", "Softmax"])
    let mask = "%mask = constant [0.0, -inf, -inf, -inf, 1.0] : f32[5]\n"
    let masked = mask + "%m = MatMul(%q, %k)\n%s = Add(%m, %mask)"
    try Simplification(Self.operands, Self.guarded(masked, isNegated: isNegated)).expect(["MatMul", "Add", "Softmax"])
  }

  @Test(arguments: [
    // Rows that a caller may mask as a whole, or a constant does.
    "%m = MatMul(%q, %k)\n%s = Add(%m, %q2)", "%s = Neg(%k)",
    "%mask = constant [0.0, -inf] : f32[2, 1, 1]\n%m = MatMul(%q, %k)\n%s = Add(%m, %mask)",
    // Two masks that leave nothing between them, and one that is turned round.
    """
    %a = constant [-inf, 0.0, 0.0, 0.0, 0.0] : f32[5]
    %b = constant [0.0, -inf, -inf, -inf, -inf] : f32[5]
    %m = MatMul(%q, %k)
    %o = Add(%m, %a)
    %s = Add(%o, %b)
    """,
    "%a = constant [inf, inf, inf, inf, inf] : f32[5]\n%m = MatMul(%q, %k)\n%o = Add(%m, %a)\n%s = Mul(%o, %turn)",
  ])
  func aGuardThatMayBeNeededStays(scores: String) throws {
    #expect(
      try Simplification(Self.operands + ", %q2: f32[2, 5, 5]", Self.guarded(scores)).operations.contains("Where"))
  }

  @Test func aGuardOfOtherRowsStays() throws {
    let product = "%s = MatMul(%q, %k)"
    #expect(try Simplification(Self.operands, Self.guarded(product, axis: 1)).operations.contains("Where"))
    #expect(try Simplification(Self.operands, Self.guarded(product, softmaxAxis: 1)).operations.contains("Where"))
    #expect(try Simplification(Self.operands, Self.guarded(product), numerics: .exact).operations.contains("Where"))
    let half = Self.guarded(product).replacing("f32", with: "f16")
    #expect(
      try Simplification(Self.operands.replacing("f32", with: "f16"), half, type: "f16").operations.contains("Where"))
  }

  // MARK: Heads

  private static let heads = """
    %m = MatMul(%x, %w)
    %five = constant [1, 5, 3, 2, 4] : i64[5]
    %r = Reshape(%m, %five)
    %t = Transpose(%r) {perm = [2, 0, 3, 1, 4]}
    %q, %k, %v = Split(%t) {axis = 0, num_outputs = 3}
    """

  @Test func aScaleOfOnePartOfATakenApartAxisGoesIntoItsColumns() throws {
    let body =
      Self.heads + """

        %half = constant [0.5] : f32[]
        %a = Mul(%k, %half)
        %y = Neg(%q)
        %z = Neg(%a)
        %u = Neg(%v)
        """
    let made = ["MatMul", "Reshape", "Transpose", "Split", "Neg", "Neg", "Neg"]
    try Simplification("%x: f32[1, 5, 6]", body, outputs: ["y", "z", "u"], resources: [("w", [6, 24])]).expect(made)
    // The axis has to be one of what is taken apart.
    let merged = body.replacing(
      "%m = MatMul(%x, %w)", with: "%n = MatMul(%x, %w)\n%m = Transpose(%n) {perm = [1, 0, 2]}"
    )
    .replacing("[1, 5, 3, 2, 4]", with: "[3, 1, 5, 2, 4]").replacing("[2, 0, 3, 1, 4]", with: "[0, 1, 3, 2, 4]")
    #expect(
      try Simplification("%x: f32[1, 5, 6]", merged, outputs: ["y", "z", "u"], resources: [("w", [6, 24])]).operations
        .contains("Mul"))
  }

  /// A shape may say what no memory holds.
  @Test func partsThatNoWeightHasAreNotCounted() throws {
    let half = "%half = constant [0.5] : f32[]\n"
    let parts = half + "%p, %q = Split(%x) {axis = 0, num_outputs = 2}\n%y = Mul(%p, %half)\n%z = Neg(%q)"
    try Simplification("%x: f32[1099511627776, 2]", parts, outputs: ["y", "z"]).expectUnchanged()
    let apart =
      half + """
        %s = constant [4, 274877906944, 2] : i64[3]
        %r = Reshape(%x, %s)
        %p, %q = Split(%r) {axis = 0, num_outputs = 2}
        %y = Mul(%p, %half)
        %z = Neg(%q)
        """
    try Simplification("%x: f32[1099511627776, 2]", apart, outputs: ["y", "z"]).expectUnchanged()
  }

  @Test func batchesWithAxesOfOneBeforeThemAreMultipliedAsTheyAre() throws {
    let body = """
      %a = constant [3, 5, 4] : i64[3]
      %b = constant [3, 4, 5] : i64[3]
      %p = Reshape(%q, %a)
      %r = Reshape(%k, %b)
      %y = MatMul(%p, %r)
      """
    try Simplification("%q: f32[1, 1, 3, 5, 4], %k: f32[1, 3, 4, 5]", body).expect(["MatMul", "Reshape"])
    try Simplification("%q: f32[1, 3, 5, 4], %k: f32[1, 1, 3, 4, 5]", body).expect(["MatMul", "Reshape"])
    // Batches that are paired otherwise.
    let other = body.replacing("[3, 5, 4]", with: "[6, 5, 4]").replacing("[3, 4, 5]", with: "[6, 4, 5]")
    try Simplification("%q: f32[1, 2, 3, 5, 4], %k: f32[3, 2, 4, 5]", other).expectUnchanged()
  }
}
