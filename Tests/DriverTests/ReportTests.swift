import IR
import Passes
import Testing

@testable import Driver

@Suite struct ReportTests {
  @Test(arguments: [(0, "0"), (12, "12"), (123, "123"), (1234, "1,234"), (-1_234_567, "-1,234,567")])
  func groupsOfThree(number: Int, text: String) {
    #expect(number.grouped == text)
  }

  @Test(arguments: [
    (0.0, 1, "0.0"), (38.149, 1, "38.1"), (-0.04, 1, "0.0"), (-1.25, 2, "-1.25"), (2.5, 0, "3"), (0.0049, 2, "0.00"),
    (1e300, 2, "1e+300"), (.infinity, 1, "inf"),
  ])
  func roundsToDigits(number: Double, digits: Int, text: String) {
    #expect(number.rounded(digits: digits) == text)
  }

  @Test func columnsAreAligned() {
    var table = TextTable([.left, .right, .left], indent: " ")
    table.add("a", "1", "x")
    table.add("bcd", "1,000")
    #expect(table.text == " a        1  x\n bcd  1,000\n")
  }

  @Test func jsonIsEscaped() {
    let json = JSON.object(["a\"\n": .list([.integer(1), .null, .string("\u{1}\\é")]), "b": .number(0.5)])
    #expect(json.text == #"{"a\"\n": [1, null, "\u0001\\é"], "b": 0.5}"#)
    #expect(JSON.number(.nan).text == "null")
  }

  @Test func aRemarkIsALine() {
    let remark = Remark(kind: .missed, pass: "fold", place: nil, message: "too large")
    #expect(remark.jsonLine == #"{"kind": "missed", "pass": "fold", "place": null, "message": "too large"}"# + "\n")
  }

  @Test(arguments: [
    ("model.onnx", "model.onnx"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("", "''"), ("f(g)", "'f(g)'"),
  ])
  func shellWordsAreQuoted(text: String, quoted: String) {
    #expect(Reproducer.quoted(text) == quoted)
  }

  @Test func zerosOfEitherSignAreCounted() throws {
    let floats = try TensorLiteral(.float32, [3], bytes: [0, 0, 0, 0, 0, 0, 0, 0x80, 1, 0, 0, 0])
    #expect(ZeroCount.count(floats) == 2)
    #expect(ZeroCount.count(try TensorLiteral(.int8, [3], bytes: [0, 0x80, 1])) == 1)
    #expect(ZeroCount.count(try TensorLiteral(.int4, [2], bytes: [0])) == nil)
  }

  @Test func aMissingFileIsExplained() {
    let error = MissingInput("prune").explain(ModelError(.noInput, "No such file"))
    #expect(error.message == "No such file; 'prune' is a pass: say -passes=prune")
    let lost = MissingInput("/nowhere/at/all").explain(ModelError(.noInput, "No such file"))
    #expect(lost.message == "No such file; check the path")
  }

  @Test func runsTellTheirShortestMedianAndFirstTime() {
    #expect(RunTimes([.milliseconds(56)]).description == "56.0 ms")
    let times = RunTimes([
      .milliseconds(80), .milliseconds(2500), .milliseconds(50), .milliseconds(60), .milliseconds(70),
    ])
    #expect(times.description == "50.0 ms at best of 5 runs, 70.0 ms in the middle, 80.0 ms at first")
  }

  @Test func anExtentThatNoInputHasIsRefused() throws {
    let module = try Module.parse(
      """
      module "m" vocabulary {"" = 28} target {"" = 17} {
        graph @main(%x: f32[batch, 3]) -> (y: f32[batch, 3]) {
          %y = Neg(%x) : f32[batch, 3]
          return %y
        }
      }
      """)
    var inputs = ModelInputs()
    inputs.extents = ["batch": 5]
    #expect(try inputs.values(for: module.main)[0]?.tensor?.dimensions == [5, 3])
    inputs.extents = ["bach": 5]
    let error = #expect(throws: ModelError.self) { try inputs.values(for: module.main) }
    #expect(error?.message == "-dim: no input has an extent 'bach'; did you mean 'batch'?; there is batch")
  }
}
