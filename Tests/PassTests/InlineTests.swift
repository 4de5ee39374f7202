import IR
import Testing

@testable import Passes

@Suite struct InlineTests {
  private static let scale = """
    function "my"::Scale(%v: ?) -> (r: ?) attributes {factor} opsets {"" = 17} {
      %f = constant operation {value_float = float $factor} : ?
      %r = Mul(%v, %f) : ?
      return %r
    }
    """

  @Test func aCallBecomesTheBody() throws {
    let changed = try module(
      """
      graph @g(%x: f32[2]) -> (y: f32[2]) { %y = "my"::Scale(%x) {factor = 2.0} : f32[2] return %y }
      \(Self.scale)
      """)
    let context = try run(Inline(), on: changed)
    let expected = try module(
      """
      graph @g(%x: f32[2]) -> (y: f32[2]) {
        %y_f = constant operation {value_float = 2.0} : f32[]
        %y = Mul(%x, %y_f) : f32[2]
        return %y
      }
      """)
    #expect(try changed.text() == expected.text())
    #expect(context.statistics.map(\.count) == [1, 1])
    #expect(try run(Inline(), on: changed).rewriter.mutationCount == 0)
  }

  @Test func callsInsideOfFunctionsAndRegionsToo() throws {
    let changed = try module(
      """
      graph @g(%x: f32[2], %c: bool[]) -> (y: ?) {
        %y = If(%c) {
          else_branch = graph @e() -> (e: ?) { %e = "my"::Twice(%x) : ? return %e },
          then_branch = graph @t() -> (t: ?) { %t = Relu(%x) return %t }
        } : ?
        return %y
      }
      function "my"::Twice(%v: ?) -> (r: ?) opsets {"" = 17, my = 1} {
        %a = "my"::Scale(%v) {factor = 2.0} : ?
        %r = "my"::Scale(%a) {factor = 3.0} : ?
        return %r
      }
      \(Self.scale)
      """)
    #expect(try run(Inline(), on: changed).statistics.map(\.count) == [3, 2])
    let text = try changed.text()
    #expect(!text.contains("my\"::") && !text.contains("function"))
    #expect(text.contains("%e_a = Mul(%x, %e_a_f) : f32[2]") && text.contains("%e = Mul(%e_a, %e_f) : f32[2]"))
  }

  @Test func whatTheFunctionDoesNotGetIsAbsentThere() throws {
    let changed = try module(
      """
      graph @g(%x: f32[2]) -> (y: f32[2]) { %y = "my"::F(%x) : f32[2] return %y }
      function "my"::F(%v: ?, %low: ?) -> (r: ?, s: ?) attributes {a = 3} opsets {"" = 17} {
        %r = Clip(%v, %low) : ?
        %s = Cast(%v) {to = int $to, saturate = int $a} : ?
        return %r, %s
      }
      """)
    try run(Inline(), on: changed)
    #expect(try changed.text().contains("%y = Clip(%x) : f32[2]\n    return %y"))
  }

  @Test func aFunctionThatGivesItsArgumentIsTheOperand() throws {
    let changed = try module(
      """
      graph @g(%x: f32[2]) -> (y: f32[2]) { %a = "my"::F(%x) : f32[2] %y = Relu(%a) : f32[2] return %y }
      function "my"::F(%v: ?) -> (r: ?) opsets {"" = 17} { return %v }
      """)
    try run(Inline(), on: changed)
    #expect(try changed.text().contains("%y = Relu(%x)"))
  }

  @Test func aFunctionOfAnotherVersionStays() throws {
    let changed = try module(
      """
      graph @g(%x: f32[2]) -> (y: f32[2]) { %y = "my"::F(%x) : f32[2] return %y }
      function "my"::F(%v: ?) -> (r: ?) opsets {"" = 17, other = 2} { %r = "other"::G(%v) : ? return %r }
      """)
    changed.target["other"] = 1
    let context = try run(Inline(), on: changed)
    #expect(context.rewriter.mutationCount == 0)
    #expect(context.remarks.contains { $0.message.contains("another version of 'other'") })
    changed.target["other"] = nil
    #expect(try run(Inline(), on: changed).statistics.map(\.count) == [1, 1])
    #expect(changed.target["other"] == 2)
  }

  @Test func excludedFunctionsStay() throws {
    var pass = Inline()
    pass.exclude = [try Glob("my::Scale")]
    try expect(
      pass,
      leaves: """
        graph @g(%x: f32[2]) -> (y: f32[2]) { %y = "my"::Scale(%x) {factor = 2.0} : f32[2] return %y }
        \(Self.scale)
        """)
  }

  @Test func anAttributeThatTheBodyNeedsIsMissed() throws {
    let changed = try module(
      """
      graph @g(%x: f32[2]) -> (y: f32[2]) { %y = "my"::Scale(%x) : f32[2] return %y }
      \(Self.scale)
      """)
    let before = try changed.text()
    #expect(throws: ModelError.self) { try run(Inline(), on: changed) }
    #expect(try changed.text() == before)
  }

  /// Each function calls the one before twice: all calls together are more than any machine can hold.
  @Test func functionsThatGrowWithoutBoundAreRefused() throws {
    let count = 40
    let functions = (1...count).map { index in
      """
      function "my"::F\(index)(%v: ?) -> (r: ?) opsets {"" = 17, my = 1} {
        %a = "my"::F\(index - 1)(%v) : ?
        %r = "my"::F\(index - 1)(%a) : ?
        return %r
      }
      """
    }
    let changed = try module(
      """
      graph @g(%x: f32[2]) -> (y: f32[2]) { %y = "my"::F\(count)(%x) : f32[2] return %y }
      \(functions.joined(separator: "\n"))
      """)
    var budget = InliningBudget()
    #expect(throws: ModelError.self) { for _ in 0...1000 { try budget.spend(1 << 13, at: "somewhere") } }
    #expect(changed.functions.count == count)
  }
}
