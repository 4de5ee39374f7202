import IR
import Testing

@testable import Passes

@Suite struct CanonicalizePartTests {
  private func slice(_ name: String, of value: String, _ start: Int, _ end: Int, axis: Int = 0, step: Int = 1) -> String
  {
    """
    %\(name)_s = constant [\(start)] : i64[1]
    %\(name)_e = constant [\(end)] : i64[1]
    %\(name)_a = constant [\(axis)] : i64[1]
    %\(name)_t = constant [\(step)] : i64[1]
    %\(name) = Slice(%\(value), %\(name)_s, %\(name)_e, %\(name)_a, %\(name)_t)
    """
  }

  @Test func joinsOfJoinsAreOne() throws {
    let body = "%a = Concat(%x, %z) {axis = 1}\n%y = Concat(%a, %x) {axis = -1}"
    let joined = try Simplification("%x: f32[2, 3], %z: f32[2, 2]", body)
    try joined.expect(["Concat"], tolerance: 0)
    try Simplification("%x: f32[2, 3], %z: f32[2, 2]", "%a = Concat(%x, %z) {axis = 1}\n%y = Concat(%a, %a) {axis = 0}")
      .expect(["Concat", "Concat"], tolerance: 0)
  }

  @Test func aJoinWithAnotherUseStays() throws {
    let body = "%a = Concat(%x, %x) {axis = 1}\n%y = Concat(%a, %x) {axis = 1}"
    try Simplification("%x: f32[2, 3]", body, outputs: ["y", "a"]).expectUnchanged(saying: "has another use")
  }

  @Test func aSplitThatIsJoinedAgainGoes() throws {
    let split = "%p = constant [1, 2] : i64[2]\n%a, %b = Split(%x, %p) {axis = 1}\n"
    try Simplification("%x: f32[2, 3]", split + "%j = Concat(%a, %b) {axis = -1}\n%y = Neg(%j)").expect(["Neg"])
    try Simplification("%x: f32[2, 3]", split + "%y = Concat(%b, %a) {axis = 1}").expectUnchanged()
    try Simplification(
      "%x: f32[2, 2]", "%a, %b = Split(%x) {axis = 1, num_outputs = 2}\n%y = Concat(%a, %b) {axis = 0}"
    )
    .expectUnchanged()
  }

  @Test func aSliceOfOnePartIsTakenFromThat() throws {
    let join = "%j = Concat(%x, %z) {axis = 0}\n"
    let within = try Simplification("%x: f32[4], %z: f32[3]", join + slice("y", of: "j", 5, 7))
    try within.expect(["Slice"], tolerance: 0)
    #expect(within.after.main.operations.first { $0.is(.slice) }?.operand(0)?.name == "z")
    try Simplification("%x: f32[4], %z: f32[3]", join + slice("y", of: "j", 3, 5))
      .expectUnchanged(saying: "spans parts")
    try Simplification("%x: f32[4], %z: f32[3]", join + slice("y", of: "j", -1, -8, step: -1))
      .expectUnchanged(saying: "forward")
  }

  @Test func aJoinThatIsSplitAgainGoes() throws {
    let body =
      "%j = Concat(%x, %z) {axis = 0}\n%p = constant [\("4, 3")] : i64[2]\n%a, %b = Split(%j, %p)\n%y = Neg(%b)"
    try Simplification("%x: f32[4], %z: f32[3]", body).expect(["Neg"], tolerance: 0)
    let otherwise = body.replacing("4, 3", with: "3, 4")
    try Simplification("%x: f32[4], %z: f32[3]", otherwise).expectUnchanged(saying: "not known to join")
  }

  @Test(arguments: [(2, 5, 0, 2), (1, 8, 2, 9), (-5, -1, 1, 3), (0, 2, 1, 5)])
  func slicesOfOneAxisAreOne(a: Int, b: Int, c: Int, d: Int) throws {
    try Simplification("%x: f32[8]", slice("i", of: "x", a, b) + "\n" + slice("y", of: "i", c, d))
      .expect(["Slice"], tolerance: 0)
  }

  @Test func slicesOfOtherAxesAreOne() throws {
    let body = slice("i", of: "x", 6, 0, step: -2) + "\n" + slice("y", of: "i", 1, 3, axis: 1)
    try Simplification("%x: f32[8, 4]", body).expect(["Slice"], tolerance: 0)
  }

  @Test func slicesWithStepsOnOneAxisStay() throws {
    let body = slice("i", of: "x", 0, 8, step: 2) + "\n" + slice("y", of: "i", 1, 3)
    try Simplification("%x: f32[8]", body).expectUnchanged(saying: "not one by one")
    let negative = slice("i", of: "x", 1, 9) + "\n" + slice("y", of: "i", -2, 9)
    try Simplification("%x: f32[n]", negative).expectUnchanged(saying: "not one by one")
  }

  @Test func gathersOfConstantsAreOne() throws {
    let body = """
      %i = constant [3, -1, 0] : i64[3]
      %k = constant [-2] : i64[1]
      %a = Gather(%x, %i)
      %y = Gather(%a, %k)
      """
    try Simplification("%x: f32[4, 2]", body).expect(["Gather"], tolerance: 0)
    try Simplification("%x: f32[4, 3]", body.replacing("Gather(%a, %k)", with: "Gather(%a, %k) {axis = 1}"))
      .expectUnchanged(saying: "different axes")
  }

  @Test func slicesThatAreAllPartsAreASplit() throws {
    let body =
      slice("a", of: "x", 0, 3, axis: 1) + "\n" + slice("b", of: "x", 3, 9, axis: 1) + "\n%c = Neg(%a)\n%d = Exp(%b)"
    try Simplification("%x: f32[2, 8]", body, outputs: ["c", "d"]).expect(["Split", "Neg", "Exp"])
    try Simplification("%x: f32[2, n]", body, outputs: ["c", "d"]).expectUnchanged()
    let gap = body.replacing("constant [3] : i64[1]\n%b_e", with: "constant [4] : i64[1]\n%b_e")
    try Simplification("%x: f32[2, 8]", gap, outputs: ["c", "d"]).expectUnchanged()
  }

  private let queries = """
    %s = constant [5, 2, 3, 4] : i64[4]
    %r = Reshape(%x, %s)
    %t = Transpose(%r) {perm = [2, 0, 1, 3]}
    %zero = constant [0] : i64[]
    %one = constant [1] : i64[]
    %two = constant [-1] : i64[]
    %q = Gather(%t, %zero)
    %k = Gather(%t, %one)
    %v = Gather(%t, %two)
    """

  @Test func elementsOfAnAxisCutFromAnotherAreASplit() throws {
    let taken = try Simplification("%x: f32[5, 2, 12]", queries, outputs: ["q", "k", "v"])
    try taken.expect(["Split"], tolerance: 0)
  }

  @Test func elementsOfAnAxisInAnotherOrderStay() throws {
    let turned = queries.replacing("[2, 0, 1, 3]", with: "[2, 1, 0, 3]")
    try Simplification("%x: f32[5, 2, 12]", turned, outputs: ["q", "k", "v"])
      .expect(["Transpose", "Split"], tolerance: 0)
    let inner = queries.replacing("[5, 2, 3, 4]", with: "[5, 2, 4, 3]").replacing("[2, 0, 1, 3]", with: "[3, 0, 1, 2]")
    try Simplification("%x: f32[5, 2, 12]", inner, outputs: ["q", "k", "v"]).expectUnchanged(
      saying: "come from elsewhere")
    try Simplification("%x: f32[5, 2, 12]", queries, outputs: ["q", "k", "v", "t"]).expectUnchanged()
  }

  private let heads = """
    %p = constant [6, 6, 6] : i64[3]
    %a, %b, %c = Split(%x, %p) {axis = 2}
    %s = constant [1, 5, 2, 3] : i64[4]
    %qr = Reshape(%a, %s)
    %kr = Reshape(%b, %s)
    %vr = Reshape(%c, %s)
    %q = Transpose(%qr) {perm = [0, 2, 1, 3]}
    %k = Transpose(%kr) {perm = [0, 2, 3, 1]}
    %v = Transpose(%vr) {perm = [0, 2, 1, 3]}
    """

  @Test func partsAreCutAndTransposedBeforeTheSplit() throws {
    try Simplification("%x: f32[1, 5, 18]", heads, outputs: ["q", "k", "v"])
      .expect(["Reshape", "Transpose", "Split", "Transpose"], tolerance: 0)
    try Simplification("%x: f32[1, 5, 18]", heads, outputs: ["q", "k", "v", "a"])
      .expectUnchanged()
  }
}
