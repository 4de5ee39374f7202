import IR
import Testing

@testable import Passes

@Suite struct ExpandFunctionsTests {
  private func graph(_ type: String, _ operation: String) -> String {
    "graph @g(%x: \(type)) -> (y: ?) { \(operation) return %y }"
  }

  @Test func anOperatorBecomesItsBody() throws {
    try expect(
      ExpandFunctions(), makes: graph("f16[2]", "%y = Swish(%x) {alpha = 0.5} : f16[2]"),
      into: graph(
        "f16[2]",
        """
        %y_alpha = constant [0.5] : f16[]
        %y_scaled = Mul(%x, %y_alpha) : f16[2]
        %y_gate = Sigmoid(%y_scaled) : f16[2]
        %y = Mul(%x, %y_gate) : f16[2]
        """))
  }

  @Test func whatComesOfItToo() throws {
    let changed = try module(graph("f32[2]", "%y = HardSwish(%x) : f32[2]"))
    #expect(try run(ExpandFunctions(), on: changed).statistics.map(\.count) == [2])
    #expect(try changed.text().contains("%y = Mul(%x, %y_gate)"))
    #expect(try changed.text().contains("%y_gate = Max(%y_gate_lowered, %y_gate_zero)"))
  }

  @Test func whatChangesNothingIsItsOperand() throws {
    let changed = try module(graph("f32[2]", "%y = Clip(%x) : f32[2]"))
    try run(ExpandFunctions(), on: changed)
    #expect(try changed.text().contains("return %x"))
  }

  @Test func onlyWhatTheTargetLacks() throws {
    var pass = ExpandFunctions()
    pass.needed = true
    let changed = try module(graph("f32[2]", "%a = Relu(%x) : f32[2] %y = Gelu(%a) : f32[2]"))
    let context = try run(pass, on: changed)
    #expect(context.statistics.map(\.count) == [1])
    let text = try changed.text()
    #expect(text.contains("%a = Relu(%x)") && text.contains("= Erf(") && !text.contains("Gelu"))
  }

  @Test func whatIsNotKnownStays() throws {
    try expect(
      ExpandFunctions(), leaves: graph("?", "%y = Swish(%x) : ?"), saying: "element type of its first operand")
    try expect(
      ExpandFunctions(), leaves: graph("f32[2]", "%y = Relu@1(%x) : f32[2]"), saying: "nothing to expand")
  }

  @Test func exactNumbersRuleItOut() throws {
    try expect(
      ExpandFunctions(), leaves: graph("f32[2]", "%y = Relu(%x) : f32[2]"), saying: "numerics=exact", numerics: .exact)
  }

  /// A body may use operators that have bodies, but none may come back to where it began.
  @Test(arguments: OperatorExpansion.declared.map(\.name)) func expandingEnds(_ name: ByteString) throws {
    var pending = [name]
    var seen: Set<ByteString> = []
    while let next = pending.popLast() {
      let users = OperatorExpansion.declared.filter { $0.name == next }
      for expansion in users {
        for used in expansion.usedOperators {
          #expect(used != name)
          if seen.insert(used).inserted { pending.append(used) }
        }
      }
    }
  }

  /// A graph of the operation's own becomes part of a Loop, with the operators in it expanded too.
  @Test func aMapOverASequenceBecomesALoop() throws {
    let changed = try module(
      """
      graph @g(%s: seq<f32[n]>, %k: f32[n]) -> (y: seq<f32[n]>) {
        %y = SequenceMap(%s, %k) {
          body = graph @each(%a: f32[n], %b: f32[n]) -> (o: f32[n]) {
            %h = HardSwish(%a)
            %o = Mul(%h, %b)
            return %o
          }
        }
        return %y
      }
      """)
    try run(ExpandFunctions(), on: changed)
    try changed.verify()
    let text = try changed.text()
    #expect(!text.contains("SequenceMap") && !text.contains("HardSwish"))
    for part in [
      "= SequenceLength(%s)", "= SequenceEmpty() {dtype = 1}", "= Loop(", "= SequenceAt(%s, ", "= SequenceInsert(",
    ] {
      #expect(text.contains(part))
    }
  }

  @Test func aMapToWhatIsNotKnownStays() throws {
    try expect(
      ExpandFunctions(),
      leaves: """
        graph @g(%s: seq<f32[n]>) -> (y: ?) {
          %y = SequenceMap(%s) {
            body = graph @each(%a: f32[n]) -> (o: ?) {
              %o = "com.example"::Strange(%a)
              return %o
            }
          }
          return %y
        }
        """, saying: "element type of what its body makes is not known")
  }
}
