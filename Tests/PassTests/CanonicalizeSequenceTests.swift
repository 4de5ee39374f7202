import IR
import Testing

@testable import Passes

@Suite struct CanonicalizeSequenceTests {
  private let numbers = "%zero = constant [0] : i64[]\n%one = constant [1] : i64[]\n%two = constant [2] : i64[]\n"

  @Test func elementsThatAreKnownAreTaken() throws {
    let body = numbers + "%e = Exp(%x)\n%s = SequenceConstruct(%x, %e)\n"
    try Simplification("%x: f32[2]", body + "%t = SequenceAt(%s, %one)\n%y = Neg(%t)").expect(
      ["Exp", "Neg"], runs: false)
    try Simplification("%x: f32[2]", body + "%t = SequenceAt(%s, %two)\n%y = Neg(%t)").expectUnchanged()
    let grown = body + "%g = SequenceInsert(%s, %x, %zero)\n%t = SequenceAt(%g, %two)\n%y = Neg(%t)"
    let taken = try Simplification("%x: f32[2]", grown)
    try taken.expect(["Exp", "Neg"], runs: false)
  }

  @Test func knownSequencesAreJoined() throws {
    let body = numbers + "%e = Exp(%x)\n%s = SequenceConstruct(%x, %e)\n"
    try Simplification("%x: f32[2]", body + "%y = ConcatFromSequence(%s) {axis = 0}")
      .expect(["Exp", "Concat"], runs: false)
    try Simplification("%x: f32[2]", body + "%y = ConcatFromSequence(%s) {axis = 0, new_axis = 1}")
      .expectUnchanged(saying: "an axis more")
    let ranks = numbers + "%e = Unsqueeze(%x, %axes)\n%s = SequenceConstruct(%x, %e)\n"
    try Simplification(
      "%x: f32[2]", "%axes = constant [0] : i64[1]\n" + ranks + "%y = ConcatFromSequence(%s) {axis = 0}"
    ).expectUnchanged(saying: "fit each other")
  }

  @Test func sequencesOfPartsAreSplit() throws {
    let body = numbers + "%p = constant [3, 2] : i64[2]\n%s = SplitToSequence(%x, %p)\n%a = SequenceAt(%s, %zero)\n"
    try Simplification("%x: f32[5]", body + "%y = Neg(%a)").expect(["Split", "Neg"], runs: false)
    try Simplification("%x: f32[5]", body + "%n = SequenceLength(%s)\n%c = Cast(%n) {to = 1}\n%y = Mul(%a, %c)")
      .expectUnchanged(saying: "takes a part")
  }

  // MARK: Loops

  private func loop(_ body: String, count: String = "%two") -> String {
    numbers + """
      %table = constant [1.0, 2.0, 3.0] : f32[3]
      %y = Loop(\(count), _, %x) {
        body = graph @b(%i: i64[], %go: bool[], %v: f32[3]) -> (on: bool[], w: f32[3]) {
          \(body)
        }
      }
      """
  }

  @Test func loopsThatDoNotGrowAreWrittenOut() throws {
    let sum = "%t = Gather(%table, %i)\n%w = Add(%v, %t)\nreturn %go, %w"
    // The two Gathers are folded, later.
    try Simplification("%x: f32[3]", loop(sum)).expect(["Gather", "Add", "Gather", "Add"], runs: false)
    try Simplification("%x: f32[3]", loop("%e = Exp(%v)\n%w = Sin(%e)\nreturn %go, %w", count: "%one"))
      .expect(["Exp", "Sin"], runs: false)
  }

  @Test func loopsThatWouldGrowOrEndStay() throws {
    try Simplification("%x: f32[3]", loop("%e = Exp(%v)\n%w = Sin(%e)\nreturn %go, %w"))
      .expectUnchanged(saying: "3 operations would become 4")
    let ends = "%w = Exp(%v)\n%s = ReduceSum(%w) {keepdims = 0}\n%on = Cast(%s) {to = 9}\nreturn %on, %w"
    try Simplification("%x: f32[3]", loop(ends)).expectUnchanged(saying: "up to its body")
    try Simplification("%x: f32[3]", loop("%w = RandomNormalLike(%v)\nreturn %go, %w", count: "%one"))
      .expectUnchanged(saying: "random")
    let often = "%n = constant [1099511627776] : i64[]\n"
    try Simplification("%x: f32[3]", often + loop("%w = Exp(%v)\nreturn %go, %w", count: "%n"))
      .expectUnchanged(saying: "times")
  }
}
