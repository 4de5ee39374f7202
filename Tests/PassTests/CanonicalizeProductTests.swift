import IR
import Testing

@testable import Passes

@Suite struct CanonicalizeProductTests {
  private let numbers = "%half = constant [0.5] : f32[]\n%huge = constant [3e+38] : f32[]\n"

  // MARK: Scales

  @Test func aScaleGoesIntoTheProductBefore() throws {
    let body =
      numbers + """
        %m = MatMul(%x, %w)
        %a = Add(%m, %b)
        %t = Transpose(%a) {perm = [0, 2, 1]}
        %y = Mul(%t, %half)
        """
    try Simplification("%x: f32[2, 5, 3]", body, resources: [("w", [3, 4]), ("b", [4])])
      .expect(["MatMul", "Add", "Transpose"])
    let channels = body.replacing("%y = Mul(%t, %half)", with: "%y = Mul(%t, %k)")
    try Simplification("%x: f32[2, 5, 3]", channels, resources: [("w", [3, 4]), ("b", [4]), ("k", [4, 1])])
      .expect(["MatMul", "Add", "Transpose"])
  }

  @Test func aScaleOfOnePartGoesIntoItsColumns() throws {
    let body =
      numbers + """
        %m = MatMul(%x, %w)
        %p = constant [2, 4] : i64[2]
        %q, %k = Split(%m, %p) {axis = 2}
        %s = constant [2, 5, 2, 2] : i64[4]
        %r = Reshape(%k, %s)
        %y = Div(%r, %half)
        %z = Neg(%q)
        """
    try Simplification("%x: f32[2, 5, 3]", body, outputs: ["y", "z"], resources: [("w", [3, 6])])
      .expect(["MatMul", "Split", "Reshape", "Neg"])
  }

  @Test func aScaleOfAProductOfTwoGoesIntoOne() throws {
    let body =
      numbers + """
        %g = Gemm(%x, %w, %b) {transB = 1}
        %e = Exp(%x)
        %t = Transpose(%e)
        %m = MatMul(%t, %g)
        %y = Mul(%m, %half)
        """
    try Simplification("%x: f32[5, 3]", body, resources: [("w", [4, 3]), ("b", [4])])
      .expect(["Gemm", "Exp", "Gemm"])
  }

  @Test func aScaleStaysWhereTheWayIsUsed() throws {
    let body = numbers + "%m = MatMul(%x, %w)\n%a = Add(%m, %b)\n%y = Mul(%a, %half)"
    let resources = [("w", [3, 4]), ("b", [4])]
    try Simplification("%x: f32[2, 5, 3]", body, outputs: ["y", "a"], resources: resources).expectUnchanged()
    try Simplification("%x: f32[2, 5, 3]", body, outputs: ["y", "w"], resources: resources).expectUnchanged()
    try Simplification("%x: f32[2, 5, 3]", body, resources: resources, numerics: .exact).expectUnchanged()
    let rows = body.replacing("%y = Mul(%a, %half)", with: "%y = Mul(%a, %k)")
    try Simplification("%x: f32[2, 5, 3]", rows, resources: resources + [("k", [5, 1])]).expectUnchanged()
  }

  @Test func aScaleGoesIntoTheProductAfter() throws {
    let body = numbers + "%s = Mul(%x, %half)\n"
    try Simplification("%x: f32[2, 5, 3]", body + "%y = MatMul(%s, %w)", resources: [("w", [3, 4])]).expect(["MatMul"])
    try Simplification("%x: f32[5, 3]", body + "%y = Gemm(%s, %w) {transB = 1}", resources: [("w", [4, 3])])
      .expect(["Gemm"])
    try Simplification(
      "%x: f32[1, 4, 5, 5]", body + "%y = Conv(%s, %w) {pads = [1, 1, 1, 1], group = 2}",
      resources: [("w", [6, 2, 3, 3])]
    )
    .expect(["Conv"])
    let channels = "%s = Mul(%x, %k)\n"
    try Simplification("%x: f32[2, 5, 3]", channels + "%y = MatMul(%s, %w)", resources: [("w", [3, 4]), ("k", [3])])
      .expect(["MatMul"])
    try Simplification(
      "%x: f32[1, 4, 5, 5]", channels + "%y = Conv(%s, %w) {group = 2}",
      resources: [("w", [6, 2, 3, 3]), ("k", [4, 1, 1])]
    )
    .expect(["Conv"])
  }

  /// A constant of shape [C] lies along the width, also where the image is as wide as it has channels.
  @Test func aScaleOfTheWidthIsNotOneOfTheChannels() throws {
    let body = "%s = Mul(%x, %k)\n%y = Conv(%s, %w)"
    try Simplification("%x: f32[1, 4, 4, 4]", body, resources: [("w", [6, 4, 1, 1]), ("k", [4])])
      .expectUnchanged(saying: "does more")
    let after = "%s = Conv(%x, %w)\n%y = Mul(%s, %k)"
    try Simplification("%x: f32[1, 4, 4, 4]", after, resources: [("w", [4, 4, 1, 1]), ("k", [4])])
      .expectUnchanged(saying: "does more")
  }

  @Test func aScaleThatTheWeightCannotHoldStays() throws {
    let body = numbers + "%s = Mul(%x, %huge)\n%y = MatMul(%s, %w)"
    try Simplification("%x: f32[2, 3]", body, resources: [("w", [3, 4])]).expect(["MatMul"])
    let large = body.replacing("%y = MatMul(%s, %w)", with: "%l = constant [8.0, 1.0] : f32[2, 1]\n%y = MatMul(%s, %l)")
    try Simplification("%x: f32[3, 2]", large).expectUnchanged(saying: "overflow or vanish")
    let twice = numbers + "%s = Mul(%x, %half)\n%y = MatMul(%s, %w)\n%z = MatMul(%x, %w)"
    try Simplification("%x: f32[2, 3]", twice, outputs: ["y", "z"], resources: [("w", [3, 4])])
      .expectUnchanged(saying: "has another use")
  }

  // MARK: Rows

  @Test func aReshapedProductWorksOnRows() throws {
    let body = """
      %s = constant [10, 3] : i64[2]
      %r = Reshape(%x, %s)
      %g = Gemm(%r, %w, %b)
      %t = constant [2, 5, 4] : i64[3]
      %y = Reshape(%g, %t)
      """
    try Simplification("%x: f32[2, 5, 3]", body, resources: [("w", [3, 4]), ("b", [4])]).expect(["MatMul", "Add"])
    let stored = body.replacing("Gemm(%r, %w, %b)", with: "Gemm(%r, %w, %b) {transB = 1}")
    try Simplification("%x: f32[2, 5, 3]", stored, resources: [("w", [4, 3]), ("b", [4])]).expect(["MatMul", "Add"])
    let scaled = body.replacing("Gemm(%r, %w, %b)", with: "Gemm(%r, %w, %b) {alpha = 2.0}")
    try Simplification("%x: f32[2, 5, 3]", scaled, resources: [("w", [3, 4]), ("b", [4])])
      .expectUnchanged(saying: "scales")
    let otherwise = body.replacing("[2, 5, 4]", with: "[5, 2, 4]")
    try Simplification("%x: f32[2, 5, 3]", otherwise, resources: [("w", [3, 4]), ("b", [4])]).expectUnchanged()
  }

  @Test func productsOfTheSameRowsWorkOnThem() throws {
    let body = """
      %s = constant [10, 3] : i64[2]
      %r = Reshape(%x, %s)
      %g = Gemm(%r, %v, %b)
      %h = Gemm(%r, %w, %b)
      %t = constant [2, 5, 4] : i64[3]
      %y = Reshape(%g, %t)
      %z = Reshape(%h, %t)
      """
    let resources = [("v", [3, 4]), ("w", [3, 4]), ("b", [4])]
    try Simplification("%x: f32[2, 5, 3]", body, outputs: ["y", "z"], resources: resources)
      .expect(["MatMul", "Add", "MatMul", "Add"])
    try Simplification("%x: f32[2, 5, 3]", body, outputs: ["y", "h"], resources: resources)
      .expectUnchanged(saying: "has another use")
    try Simplification("%x: f32[2, 5, 3]", body, outputs: ["y", "z", "r"], resources: resources)
      .expectUnchanged(saying: "has another use: its result is also an output of the graph")
  }

  // MARK: Batches

  private static let heads = """
    %s = constant [6, 5, 4] : i64[3]
    %t = constant [6, 4, 7] : i64[3]
    %p = Reshape(%a, %s)
    %q = Reshape(%b, %t)
    %m = MatMul(%p, %q)
    %u = constant [2, 3, 5, 7] : i64[4]
    %y = Reshape(%m, %u)
    """

  @Test func batchesOfBatchesAreMultipliedAsTheyAre() throws {
    let arguments = "%a: f32[2, 3, 5, 4], %b: f32[2, 3, 4, 7]"
    try Simplification(arguments, Self.heads).expect(["MatMul"])
    try Simplification(arguments, Self.heads, outputs: ["m"]).expect(["MatMul", "Reshape"])
    try Simplification(arguments, Self.heads.replacing("[2, 3, 5, 7]", with: "[3, 2, 5, 7]"))
      .expect(["MatMul", "Reshape"])
  }

  @Test func batchesOfOpenExtentsAreMultipliedAsTheyAre() throws {
    let open = Self.heads.replacing("[6, 5, 4]", with: "[-1, 5, 4]").replacing("[6, 4, 7]", with: "[-1, 4, 7]")
      .replacing("[2, 3, 5, 7]", with: "[-1, 3, 5, 7]")
    let arguments = "%a: f32[n, 3, 5, 4], %b: f32[n, 3, 4, 7]"
    try Simplification(arguments, open).expect(["MatMul"], runs: false)
    try Simplification(arguments, open, outputs: ["m"]).expect(["MatMul", "Reshape"], runs: false)
  }

  @Test func batchesThatMeetOthersStay() throws {
    try Simplification("%a: f32[2, 3, 5, 4], %b: f32[3, 2, 4, 7]", Self.heads).expectUnchanged()
    try Simplification("%a: f32[6, 1, 5, 4], %b: f32[2, 3, 4, 7]", Self.heads).expectUnchanged()
    try Simplification("%a: f32[2, 3, 5, 4], %b: f32[2, 3, 4, 7]", Self.heads, outputs: ["y", "p"])
      .expectUnchanged(saying: "has another use: its result is also an output of the graph")
    try Simplification("%a: f32[2, 3, 4, 5], %b: f32[2, 3, 4, 7]", Self.heads).expectUnchanged()
  }

  /// Reshape, Gemm and Reshape would be one more than MatMul and Add.
  @Test func aProductOfRankThreeIsNoGemm() throws {
    try Simplification(
      "%x: f32[2, 5, 3]", "%m = MatMul(%x, %w)\n%y = Add(%m, %b)", resources: [("w", [3, 4]), ("b", [4])]
    )
    .expectUnchanged()
  }

  @Test func aProductOfIntegersIsNoGemm() throws {
    let body =
      "%w = constant [1, 2, 3, 4] : i64[2, 2]\n%b = constant [1, 2] : i64[2]\n%m = MatMul(%x, %w)\n%y = Add(%m, %b)"
    try Simplification("%x: i64[2, 2]", body, type: "i64").expectUnchanged()
  }

  @Test func productsOfOneMatrixAreOne() throws {
    let sums = """
      %qm = MatMul(%x, %wq)
      %q = Add(%qm, %bq)
      %km = MatMul(%x, %wk)
      %k = Add(%bk, %km)
      """
    let resources = [("wq", [3, 4]), ("wk", [3, 2]), ("bq", [4]), ("bk", [2])]
    try Simplification("%x: f32[2, 5, 3]", sums, outputs: ["q", "k"], resources: resources)
      .expect(["MatMul", "Add", "Split"])
    let products = "%q = MatMul(%x, %wq)\n%k = MatMul(%x, %wk)\n"
    try Simplification("%x: f32[2, 5, 3]", products, outputs: ["q", "k"], resources: resources).expectUnchanged()
    try Simplification(
      "%x: f32[2, 5, 3]", products + "%v = MatMul(%x, %wv)", outputs: ["q", "k", "v"],
      resources: resources + [("wv", [3, 3])]
    ).expect(["MatMul", "Split"])
    try Simplification("%x: f32[2, 5, 3]", sums, outputs: ["q", "k", "km"], resources: resources).expectUnchanged()
    try Simplification("%x: f32[2, 5, 3]", sums, outputs: ["q", "k", "wk"], resources: resources).expectUnchanged()
  }

  @Test func aProductAddedToItselfIsDoubled() throws {
    try Simplification("%x: f32[2, 5, 3]", "%m = MatMul(%x, %w)\n%y = Add(%m, %m)", resources: [("w", [3, 4])])
      .expect(["MatMul"])
    try Simplification(
      "%x: f32[2, 5, 3]", "%m = MatMul(%x, %w)\n%y = Add(%m, %m)", outputs: ["y", "m"], resources: [("w", [3, 4])]
    )
    .expectUnchanged(saying: "has another use: its result is also an output of the graph")
  }

  // MARK: Axes

  @Test func reshapesMeetAcrossRows() throws {
    let body = """
      %t = Transpose(%x) {perm = [1, 0, 2]}
      %m = MatMul(%t, %w)
      %a = Add(%b, %m)
      %s = constant [5, 2, 2] : i64[3]
      %y = Reshape(%a, %s)
      """
    try Simplification("%x: f32[1, 5, 3]", body, resources: [("w", [3, 4]), ("b", [4])])
      .expect(["MatMul", "Add", "Reshape"])
    let two = body.replacing("[5, 2, 2]", with: "[20, 2]").replacing("i64[3]", with: "i64[2]")
    try Simplification("%x: f32[2, 5, 3]", two, resources: [("w", [3, 4]), ("b", [4])]).expectUnchanged()
  }

  @Test func onesAreAddedBeforeTheTranspose() throws {
    let body = """
      %s = constant [5, 2, 3] : i64[3]
      %r = Reshape(%x, %s)
      %t = Transpose(%r) {perm = [1, 0, 2]}
      %u = constant [1, 2, 5, 3] : i64[4]
      %y = Reshape(%t, %u)
      """
    try Simplification("%x: f32[5, 6]", body).expect(["Reshape", "Transpose"])
    let mixed = body.replacing("[1, 2, 5, 3]", with: "[1, 2, 3, 5]")
    try Simplification("%x: f32[5, 6]", mixed).expectUnchanged()
  }

  @Test func transposesGoIntoAGemm() throws {
    try Simplification("%x: f32[8, 5]", "%t = Transpose(%x)\n%y = MatMul(%t, %w)", resources: [("w", [8, 3])])
      .expect(["Gemm"])
    let twice = "%t = Transpose(%x)\n%y = Gemm(%t, %w) {transA = 1}"
    try Simplification("%x: f32[5, 8]", twice, resources: [("w", [8, 3])]).expect(["Gemm"])
    try Simplification(
      "%x: f32[8, 5]", "%t = Transpose(%x)\n%y = MatMul(%t, %w)", outputs: ["y", "t"], resources: [("w", [8, 3])]
    ).expectUnchanged(saying: "also an output")
    try Simplification("%x: i64[8, 8]", "%t = Transpose(%x)\n%y = MatMul(%t, %x)", type: "i64")
      .expectUnchanged(saying: "no runtime")
  }

  @Test func equationsThatAreProductsAreThose() throws {
    let (x, w) = ("%x: f32[2, 5, 3], %z: f32[2, 3, 4]", [("w", [3, 4])])
    try Simplification(x, "%y = Einsum(%x, %z) {equation = \"bij,bjk->bik\"}").expect(["MatMul"])
    try Simplification(x, "%y = Einsum(%x, %w) {equation = \"bij,jk->bik\"}", resources: w).expect(["MatMul"])
    try Simplification(x, "%y = Einsum(%x) {equation = \"bij->jbi\"}").expect(["Transpose"])
    try Simplification(x, "%y = Einsum(%x, %w) {equation = \"bij,kj->bik\"}", resources: [("w", [4, 3])])
      .expectUnchanged()
    try Simplification(x, "%y = Einsum(%x) {equation = \"bij->bi\"}").expectUnchanged()
    try Simplification(
      "%x: f32[1, 5, 3], %z: f32[2, 3, 4]", "%y = Einsum(%x, %z) {equation = \"bij,bjk->bik\"}"
    ).expectUnchanged()
  }

  // MARK: Shapes

  @Test func aComputedShapeIsAConstant() throws {
    let body = """
      %n = Shape(%x) {end = 1}
      %h = constant [2, 3] : i64[2]
      %s = Concat(%n, %h) {axis = 0}
      %y = Reshape(%x, %s)
      """
    try Simplification("%x: f32[n, 6]", body).expect(["Reshape"], runs: false)
    let shape = "%s = Shape(%z)\n%y = Reshape(%x, %s)"
    try Simplification("%x: f32[n, 6], %z: f32[m, k, 3]", shape).expectUnchanged(saying: "two extents")
    let copied = "%z = Exp(%x)\n%s = Shape(%z)\n%n = Neg(%x)\n%f = Flatten(%n) {axis = 0}\n%y = Reshape(%f, %s)"
    try Simplification("%x: f32[n, m, 6]", copied).expect(["Neg"], runs: false)
  }

  @Test func anExpandBeforeABroadcastGoes() throws {
    let body = "%s = constant [4, 3] : i64[2]\n%e = Expand(%x, %s)\n%y = Add(%e, %z)"
    try Simplification("%x: f32[1, 3], %z: f32[4, 3]", body).expect(["Add"], tolerance: 0)
    try Simplification("%x: f32[1, 3], %z: f32[1, 3]", body).expectUnchanged(saying: "may enlarge")
    try Simplification("%x: f32[1, 3], %z: f32[n, 3]", body).expectUnchanged(saying: "may enlarge")
  }

  @Test func aNumberNeedNotBeRepeatedBeforeABroadcast() throws {
    let body = "%s = Shape(%x)\n%e = ConstantOfShape(%s) {value = [0.5] : f32[1]}\n%y = Mul(%e, %z)"
    try Simplification("%x: f32[n, 3], %z: f32[n, 3]", body).expect(["Mul"], runs: false)
    try Simplification("%x: f32[], %z: f32[]", body).expect(["Mul"], tolerance: 0)
    try Simplification("%x: f32[n, 3], %z: f32[1, 3]", body).expectUnchanged(saying: "may enlarge")
    try Simplification("%x: f32[2, 3], %z: f32[2, 3]", body).expect(["Mul"], tolerance: 0)
  }

  // MARK: Stored matrices

  @Test func aMatrixThatWouldBeTransposedStaysAsItIsStored() throws {
    let body = "%t = Transpose(%w) {perm = [1, 0]}\n%y = Gemm(%x, %t, %b)"
    let resources = [("w", [512, 1024]), ("b", [512])]
    let module = try Simplification("%x: f32[2, 1024]", body, resources: resources).before
    let stored = try #require(module.main.operations.first { $0.isConstant }?.literal)
    let folded = module.clone()
    try run(Fold(), on: folded)
    #expect(!folded.main.operations.contains { $0.is(.transpose) })
    try run(Canonicalize(), on: folded)
    try run(DCE(), on: folded)
    let gemm = try #require(folded.main.operations.first { $0.is(.gemm) })
    #expect(gemm.flag("transB") && gemm.operand(1)?.literal == stored)
    #expect(try largestDifference(between: module, and: folded) <= 1e-5)
  }
}
