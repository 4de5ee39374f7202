import Frontend
import IR
import Testing

/// Conditions and loops as TensorFlow 1 writes them.
@Suite struct TensorFlowControlFlowTests {
  /// `x` on one side of a condition or the other.
  private func condition(_ predicate: String, off: String = "Relu", on: String = "Sigmoid") -> [WireMessage] {
    [
      TestGraph.placeholder("x", [4]), TestGraph.node("switch", "Switch", ["x", predicate]),
      TestGraph.node("off", off, ["switch", "switch"]), TestGraph.node("on", on, ["switch:1", "switch:1"]),
      TestGraph.node("y", "Merge", ["off", "on"]),
    ]
  }

  @Test func aConditionThatVariesChoosesBetweenBothSides() throws {
    let predicate = TestGraph.placeholder("p", [], type: 10)
    #expect(try TestGraph.operations([predicate] + condition("p")) == ["Relu", "Sigmoid", "Where", "return"])
  }

  @Test func aConditionThatIsConstantIsTheSideThatItChooses() throws {
    // The other side need not even have a lowering.
    let (off, on) = (TestGraph.constant("p", [], [0], type: 10), TestGraph.constant("p", [], [1], type: 10))
    #expect(try TestGraph.operations([off] + condition("p", on: "Mystery")) == ["Relu", "return"])
    #expect(try TestGraph.operations([on] + condition("p", off: "Mystery")) == ["Sigmoid", "return"])
  }

  @Test func aSideThatMayFailIsComputedWhereItIsChosen() throws {
    let module = try TestGraph.read(
      TestGraph.bytes([TestGraph.placeholder("p", [], type: 10)] + condition("p", on: "FloorDiv")))
    let conditions = module.main.operations.filter { $0.definition.name == "If" }
    #expect(
      conditions.flatMap { $0.regions.map { $0.graph.operations.contains { $0.definition.name == "Div" } } } == [
        true, false,
      ])
    #expect(!module.main.operations.contains { $0.definition.name == "Div" })
  }

  @Test func sidesOfDifferentShapesAreChosenBetweenInAnIf() throws {
    let module = try TestGraph.read(
      TestGraph.bytes([
        TestGraph.placeholder("p", [], type: 10), TestGraph.placeholder("x", [4]), TestGraph.placeholder("z", [2, 4]),
        TestGraph.node("s", "Switch", ["x", "p"]), TestGraph.node("t", "Switch", ["z", "p"]),
        TestGraph.node("y", "Merge", ["s", "t:1"]),
      ]))
    #expect(module.main.operations.map(\.definition.name) == ["If", "return"])
  }

  /// `x` doubled while `i` is less than `limit`.
  private func loop(_ limit: String) -> [WireMessage] {
    let frame = [("frame_name", WireMessage { $0.text(2, "f") })]
    return [
      TestGraph.placeholder("x", [4]), TestGraph.placeholder("limit", [], type: 3),
      TestGraph.constant("zero", [], [0, 0, 0, 0], type: 3), TestGraph.constant("one", [], [1, 0, 0, 0], type: 3),
      TestGraph.node("ei", "Enter", ["zero"], frame), TestGraph.node("ex", "Enter", ["x"], frame),
      TestGraph.node("el", "Enter", [limit], frame), TestGraph.node("mi", "Merge", ["ei", "ni"]),
      TestGraph.node("mx", "Merge", ["ex", "nx"]), TestGraph.node("less", "Less", ["mi", "el"]),
      TestGraph.node("c", "LoopCond", ["less"]), TestGraph.node("si", "Switch", ["mi", "c"]),
      TestGraph.node("sx", "Switch", ["mx", "c"]), TestGraph.node("i", "AddV2", ["si:1", "one"]),
      TestGraph.node("next", "AddV2", ["sx:1", "sx:1"]), TestGraph.node("ni", "NextIteration", ["i"]),
      TestGraph.node("nx", "NextIteration", ["next"]), TestGraph.node("count", "Exit", ["si"]),
      TestGraph.node("y", "Exit", ["sx"]), TestGraph.node("z", "Relu", ["y"]),
    ]
  }

  @Test func aLoopIsALoopAndWhatIsNotAskedForIsNoOutput() throws {
    let module = try TestGraph.read(TestGraph.bytes(loop("limit")))
    #expect(module.main.outputs.map(\.name) == ["z"])
    #expect(module.main.operations.map(\.definition.name) == ["Cast", "Loop", "Relu", "return"])
  }

  @Test func aLoopThatEntersItselfEnds() throws {
    #expect(TestGraph.refusal(TestGraph.bytes(loop("count")))?.isEmpty == false)
    let nodes = loop("limit").map { $0 }
    var inside = nodes.filter { $0.bytes != TestGraph.node("next", "AddV2", ["sx:1", "sx:1"]).bytes }
    inside.append(TestGraph.node("next", "AddV2", ["sx:1", "y"]))
    #expect(TestGraph.refusal(TestGraph.bytes(inside))?.isEmpty == false)
  }

  @Test func aConditionThatDependsOnItsOutcomeIsRefused() {
    let bytes = TestGraph.bytes(condition("p") + [TestGraph.node("p", "IsFinite", ["y"])])
    #expect(TestGraph.refusal(bytes)?.isEmpty == false)
  }

  @Test func conditionsMayFollowFromConditions() throws {
    var nodes = [TestGraph.placeholder("p0", [], type: 10)]
    for index in 1...200 {
      nodes += [
        TestGraph.node("s\(index)", "Switch", ["p\(index - 1)", "p\(index - 1)"]),
        TestGraph.node("n\(index)", "LogicalNot", ["s\(index):1"]),
        TestGraph.node("p\(index)", "Merge", ["s\(index)", "n\(index)"]),
      ]
    }
    // Runtimes choose no truths with Where.
    #expect(try TestGraph.operations(nodes) == ["Not", "And", "Not", "And", "Or", "return"])
  }

  @Test func conditionsInTooManyConditionsAreRefused() throws {
    var nodes = [TestGraph.placeholder("x", [4])]
    var data = "x"
    for depth in 1...100 {
      nodes += [
        TestGraph.placeholder("p\(depth)", [], type: 10), TestGraph.node("s\(depth)", "Switch", [data, "p\(depth)"]),
      ]
      data = "s\(depth):1"
    }
    nodes.append(TestGraph.node("y", "Merge", [data, "x"]))
    let refusal = TestGraph.refusal(TestGraph.bytes(nodes))
    #expect(refusal?.contains("conditions, which mcc refuses") == true)
  }
}
