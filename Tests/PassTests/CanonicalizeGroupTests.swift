import Testing

@testable import Passes

@Suite struct CanonicalizeGroupTests {
  private let normalization = """
    %groups = constant [0, 2, -1] : i64[3]
    %shape = constant [3, 4, 2, 3] : i64[4]
    %ones = constant [1.0, 1.0] : f32[2]
    %zeros = constant [0.0, 0.0] : f32[2]
    %g = Reshape(%x, %groups)
    %n = InstanceNormalization(%g, %ones, %zeros)
    %r = Reshape(%n, %shape)
    %m = Mul(%r, %scale)
    %y = Add(%m, %bias)
    """
  private let vectors = [("scale", [4, 1, 1]), ("bias", [4, 1, 1])]

  private func simplified(
    _ body: String, _ resources: [(String, [Int])], outputs: [String] = ["y"], target: Int = 21
  ) throws -> Simplification {
    try Simplification("%x: f32[3, 4, 2, 3]", body, outputs: outputs, resources: resources, target: target)
  }

  @Test func aGroupNormalizationIsRecognizedWhereTheTargetHasIt() throws {
    try simplified(normalization, vectors).expect(["GroupNormalization"])
    try simplified(normalization.replacing("Mul(%r, %scale)", with: "Mul(%scale, %r)"), vectors)
      .expect(["GroupNormalization"])
    try simplified(normalization, [("scale", [1, 4, 1, 1]), ("bias", [1, 4, 1, 1])]).expect(["GroupNormalization"])
  }

  @Test func anotherNormalizationStays() throws {
    try simplified(normalization, vectors, target: 20).expectUnchanged(saying: "no GroupNormalization")
    try simplified(normalization, vectors, outputs: ["y", "n"]).expectUnchanged(saying: "another use")
    try simplified(normalization, [("scale", [2, 3]), ("bias", [4, 1, 1])]).expectUnchanged()
    try simplified(normalization, [("scale", [4, 1, 1]), ("bias", [3])]).expectUnchanged()
    try simplified(normalization.replacing("[1.0, 1.0]", with: "[1.0, 2.0]"), vectors).expectUnchanged()
    let mixed = normalization.replacing("[0, 2, -1]", with: "[1, 6, -1]")
      .replacing("[1.0, 1.0] : f32[2]", with: "[1.0, 1.0, 1.0, 1.0, 1.0, 1.0] : f32[6]")
      .replacing("[0.0, 0.0] : f32[2]", with: "[0.0, 0.0, 0.0, 0.0, 0.0, 0.0] : f32[6]")
    try simplified(mixed, vectors).expectUnchanged()
  }
}
