import Frontend
import IR
import Testing

/// What a program may say of its operations, and what of it has no place in a graph.
@Suite struct PyTorchLoweringTests {
  private static func unary(_ target: String, _ input: String, _ output: String) -> String {
    TestProgram.node(target, [("self", TestProgram.argument(input))], output)
  }

  private static func refusal(
    _ nodes: [String], output: String = "y", values: [String: String] = [:], outputs: String? = nil
  ) throws -> String {
    try TestProgram.refusal(
      of: TestProgram.archive(TestProgram.program(nodes, output: output, values: values, outputs: outputs)))
  }

  private static func names(_ nodes: [String]) throws -> [String] {
    let module = try TestProgram.read(TestProgram.archive(TestProgram.program(nodes)))
    return module.main.operations.map { $0.definition.name.text }
  }

  @Test func operationsInOrder() throws {
    #expect(
      try Self.names([Self.unary("aten.relu.default", "x", "a"), Self.unary("aten.tanh.default", "a", "y")])
        == ["Relu", "Tanh", "return"])
  }

  @Test func whatHasNoLoweringIsNamedTogether() throws {
    let refusal = try Self.refusal([
      Self.unary("aten.one.default", "x", "a"), Self.unary("aten.two.default", "a", "b"),
      Self.unary("aten.one.default", "b", "y"),
    ])
    #expect(refusal.contains("2 operators"))
    #expect(refusal.contains("aten.one.default, 2 times, first at 'a'"))
    #expect(refusal.contains("aten.two.default at 'b'"))
  }

  @Test func whatOnlyAssertionsAskForIsLeftOut() throws {
    let nodes = [
      Self.unary("aten.one.default", "x", "a"), Self.unary("aten._assert_async.default", "a", "b"),
      Self.unary("aten.relu.default", "x", "y"),
    ]
    #expect(try Self.names(nodes) == ["Relu", "return"])
  }

  @Test func aProductRepeatsMatricesWithoutCopies() throws {
    let size = "{\"as_ints\": [5, 3, 3]}"
    func names(repeated: [String]) throws -> [String] {
      let expanded = repeated.map { name in
        TestProgram.node(
          "aten.expand.default", [("self", TestProgram.argument(name)), ("size", size)], "\(name)e")
      }
      // A view of the same shape is the value itself.
      let viewed = TestProgram.node(
        "aten.view.default", [("self", TestProgram.argument("we")), ("size", size)], "v")
      let factor = repeated.contains("x") ? "xe" : "x"
      let product = TestProgram.node(
        "aten.bmm.default", [("self", TestProgram.argument(factor)), ("mat2", TestProgram.argument("v"))], "y")
      let values = [
        "x": TestProgram.tensor(repeated.contains("x") ? [3, 3] : [5, 3, 3]), "w": TestProgram.tensor([3, 3]),
        "y": TestProgram.tensor([5, 3, 3]),
      ]
      let program = TestProgram.program(expanded + [viewed, product], values: values)
      let weights = TestProgram.weights(TestProgram.tensor([3, 3]))
      let contents = [UInt8](repeating: 0, count: 36)
      let archive = TestProgram.archive(program, weights: weights, files: [("m/data/weights/weight_0", contents)])
      return try TestProgram.read(archive).main.operations.map { $0.definition.name.text }
    }
    let one = try names(repeated: ["w"])
    #expect(one == ["constant", "MatMul", "return"])
    // One of the two has to say how often.
    let both = try names(repeated: ["x", "w"])
    #expect(both.filter { $0 == "Expand" }.count == 1)
  }

  @Test func complexNumbersStayInside() throws {
    let complex = TestProgram.tensor([2, 3]).replacing("7", with: "10")
    let nodes = [Self.unary("aten.neg.default", "x", "y")]
    #expect(try Self.refusal(nodes, values: ["x": complex]).contains("input 'x': error: is of complex numbers"))
    let made = [Self.unary("aten._to_copy.default", "x", "y")]
    #expect(try Self.refusal(made, values: ["y": complex]).contains("the output 'y' of complex numbers"))
    let compared = made + [Self.unary("aten.relu.default", "y", "z")]
    let refusal = try Self.refusal(compared, output: "z", values: ["y": complex])
    #expect(refusal.contains("aten.relu.default that is of complex numbers"))
  }

  @Test func halfPrecisionAsAutocastHasIt() throws {
    func names(_ node: String, _ values: [String: String]) throws -> [String] {
      let program = TestProgram.program([node], values: values)
      return try TestProgram.read(TestProgram.archive(program)).main.operations.map { $0.definition.name.text }
    }
    func tensor(_ type: Int) -> String {
      TestProgram.tensor([2, 2]).replacing("\"dtype\": 7", with: "\"dtype\": \(type)")
    }
    let product = TestProgram.node(
      "aten.mm.default", [("self", TestProgram.argument("x")), ("mat2", TestProgram.argument("x"))], "y")
    #expect(try names(product, ["x": tensor(7), "y": tensor(6)]) == ["Cast", "Cast", "MatMul", "return"])
    #expect(try names(product, ["x": tensor(6), "y": tensor(6)]) == ["MatMul", "return"])
    // An operator that autocast computes in single precision, and one that opset 20 lacks for bfloat16.
    let root = Self.unary("aten.rsqrt.default", "x", "y")
    #expect(try names(root, ["x": tensor(6), "y": tensor(7)]).prefix(2) == ["Cast", "Sqrt"])
    let sine = Self.unary("aten.sin.default", "x", "y")
    #expect(try names(sine, ["x": tensor(13), "y": tensor(13)]) == ["Cast", "Sin", "Cast", "return"])
    #expect(try names(sine, ["x": tensor(6), "y": tensor(6)]) == ["Sin", "return"])
  }

  @Test func numbersAreOthersInEachRun() throws {
    let drawn = ["a", "b"].map { Self.unary("aten.randn_like.default", "x", $0) }
    let sum = TestProgram.node(
      "aten.add.Tensor", [("self", TestProgram.argument("a")), ("other", TestProgram.argument("b"))], "y")
    #expect(try Self.names(drawn + [sum]) == ["RandomNormalLike", "RandomNormalLike", "Add", "return"])
    // In the place of other elements, and with weights without putting back.
    let written = [Self.unary("aten.neg.default", "x", "a"), Self.unary("aten.normal_.default", "a", "y")]
    #expect(try Self.names(written) == ["Neg", "RandomNormalLike", "return"])
    let order = TestProgram.node(
      "aten.multinomial.default", [("self", TestProgram.argument("x")), ("num_samples", "{\"as_int\": 2}")], "y")
    let places = TestProgram.tensor([2, 2]).replacing("\"dtype\": 7", with: "\"dtype\": 5")
    let module = try TestProgram.read(TestProgram.archive(TestProgram.program([order], values: ["y": places])))
    let names = module.main.operations.map { $0.definition.name.text }
    #expect(names == ["RandomUniformLike", "Log", "Neg", "Div", "constant", "TopK", "return"])
    // Numbers of training are no part of inference.
    let dropout = TestProgram.node(
      "aten.dropout.default",
      [("input", TestProgram.argument("x")), ("p", "{\"as_float\": 0.5}"), ("train", "{\"as_bool\": true}")], "y")
    #expect(try Self.refusal([dropout]).contains("random in training"))
  }

  @Test func effectsAreRefused() throws {
    let output = "{\"user_input_mutation\": {\"arg\": {\"name\": \"y\"}, \"user_input_name\": \"state\"}}"
    let relu = Self.unary("aten.relu.default", "x", "y")
    #expect(try Self.refusal([relu], outputs: output).contains("changes its input 'state'"))
    #expect(try Self.refusal([Self.unary("aten.relu_.default", "x", "y")]).contains("changes its input 'x'"))
    #expect(try Self.refusal([Self.unary("aten.relu_.default", "w", "y")]).contains("changes the parameter 'weight'"))
  }

  @Test func changedBuffersAreInputsOfTheirOwn() throws {
    func buffer(_ name: String) -> String {
      "{\"buffer\": {\"arg\": {\"name\": \"\(name)\"}, \"buffer_name\": \"\(name)\"}}"
    }
    func archive(_ inputs: [String], _ nodes: [String]) -> [UInt8] {
      let parameter = "{\"parameter\": {\"arg\": {\"name\": \"w\"}, \"parameter_name\": \"weight\"}}"
      let program = TestProgram.program(nodes, values: ["v": TestProgram.tensor([2, 3])])
        .replacing(parameter, with: inputs.map(buffer).joined(separator: ", "))
      let place = TestProgram.weights(TestProgram.tensor([2, 3])).dropFirst("{\"config\": {\"weight\"".count).dropLast(
        2)
      let weights = "{\"config\": {\(inputs.map { "\"\($0)\"\(place)" }.joined(separator: ", "))}}"
      return TestProgram.archive(
        program, weights: weights, files: [("m/data/weights/weight_0", [UInt8](repeating: 0, count: 24))])
    }
    let written = Self.unary("aten.relu_.default", "w", "y")
    for inputs in [["w"], ["w", "v"]] {
      let module = try TestProgram.read(archive(inputs, [written]))
      #expect(module.main.arguments.map(\.name) == ["x", "w"])
      #expect(module.main.arguments.map { $0.defaultLiteral != nil } == [false, true])
      #expect(module.main.outputs.map(\.name) == ["y", "w.new"])
    }
    // The other one would change, too.
    let read = TestProgram.node(
      "aten.add.Tensor", [("self", TestProgram.argument("u")), ("other", TestProgram.argument("v"))], "y")
    let both = archive(["w", "v"], [Self.unary("aten.relu_.default", "w", "u"), read])
    #expect(try TestProgram.refusal(of: both).contains("those of another tensor"))
  }

  @Test func writesReachTheBase() throws {
    // y = x.clone(); y.t().relu_(); return y
    let nodes = [
      Self.unary("aten.tanh.default", "x", "y"), Self.unary("aten.t.default", "y", "v"),
      Self.unary("aten.relu_.default", "v", "u"),
    ]
    #expect(try Self.names(nodes) == ["Tanh", "Transpose", "Relu", "Transpose", "return"])
  }

  @Test func reshapingIsAViewWhereTheStridesAllow() throws {
    let turned = TestProgram.tensor([3, 2], strides: [1, 3])
    func names(_ sizes: [Int]) throws -> [String] {
      let list = sizes.map(String.init).joined(separator: ", ")
      let nodes = [
        Self.unary("aten.tanh.default", "x", "y"), Self.unary("aten.t.default", "y", "v"),
        TestProgram.node(
          "aten.reshape.default", [("self", TestProgram.argument("v")), ("shape", "{\"as_ints\": [\(list)]}")], "r"),
        Self.unary("aten.relu_.default", "r", "u"),
      ]
      let values = ["v": turned, "r": TestProgram.tensor(sizes)]
      let module = try TestProgram.read(TestProgram.archive(TestProgram.program(nodes, values: values)))
      return module.main.operations.map { $0.definition.name.text }.filter { $0.first?.isUppercase == true }
    }
    #expect(try names([3, 1, 2]) == ["Tanh", "Transpose", "Reshape", "Relu", "Reshape", "Transpose"])
    // A copy is written, which nothing reads.
    #expect(try names([6]) == ["Tanh"])
  }

  @Test func programsThatLie() throws {
    let nodes = [Self.unary("aten.relu.default", "x", "y")]
    let wrong = try Self.refusal(nodes, values: ["y": TestProgram.tensor([2, 4])])
    #expect(wrong.contains("where the program says"))
    #expect(try Self.refusal([Self.unary("aten.relu.default", "nothing", "y")]).contains("nothing defines"))
    #expect(try Self.refusal([TestProgram.node("aten.relu.default", [], "y")]).contains("no operand"))
    #expect(
      try Self.refusal([], outputs: "{\"user_output\": {\"arg\": {\"as_tensor\": {\"name\": \"z\"}}}}").contains("'z'"))
  }

  @Test func viewsOfViewsWithoutEnd() throws {
    var nodes = [Self.unary("aten.tanh.default", "x", "v0")]
    nodes += (1...300).map { Self.unary("aten.t.default", "v\($0 - 1)", "v\($0)") }
    nodes.append(Self.unary("aten.relu.default", "v300", "y"))
    #expect(try Self.refusal(nodes).contains("views"))
  }

  @Test func extentsAreFormulas() throws {
    let size = "{\"as_expr\": {\"expr_str\": \"Add(Mul(Integer(2), Symbol('s0', integer=True)), Integer(1))\"}}"
    let description = "{\"dtype\": 7, \"sizes\": [\(size), {\"as_int\": 3}], \"strides\": [], \"layout\": 7}"
    let program = TestProgram.program([Self.unary("aten.relu.default", "x", "y")], values: ["x": description])
    let module = try TestProgram.read(TestProgram.archive(program))
    #expect("\(module.main.outputs[0].type)".contains("2*s0 + 1"))
  }
}
