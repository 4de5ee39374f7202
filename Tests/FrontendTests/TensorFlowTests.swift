import Formats
import Frontend
import IR
import Testing

@Suite struct TensorFlowTests {
  private let relu = TestGraph.bytes([
    TestGraph.placeholder("x", [-1, 4]), TestGraph.node("y", "Relu", ["x"]),
    TestGraph.constant("unused", [1], [0, 0, 0, 0]), TestGraph.node("nothing", "NoOp", ["^y"]),
  ])

  @Test func aGraphIsRecognizedByItsContent() throws {
    let module = try TestGraph.read(relu, path: "anything")
    #expect(module.main.arguments.map(\.name) == ["x"])
    #expect(module.main.arguments[0].type == .tensor(.float32, [.symbol("batch"), .known(4)]))
    #expect(module.main.outputs.map(\.name) == ["y"])
  }

  @Test func whatNoOutputNeedsIsNotThere() throws {
    let module = try TestGraph.read(relu)
    #expect(module.main.operations.map(\.definition.name) == ["Relu", "return"])
  }

  @Test func onlyInputsThatVaryTogetherShareTheirFirstAxis() throws {
    let module = try TestGraph.read(
      TestGraph.bytes([
        TestGraph.placeholder("x", [-1, 4]), TestGraph.placeholder("k", [4]), TestGraph.node("y", "AddV2", ["x", "k"]),
      ]))
    #expect(module.main.arguments[0].type == .tensor(.float32, [.symbol("x_d0"), .known(4)]))
  }

  @Test func oldGraphsWriteTheShapeOfAScalarForOneThatIsNotKnown() throws {
    let nodes = [TestGraph.placeholder("x", []), TestGraph.node("y", "Relu", ["x"])]
    // A graph that says no version is of the first, 0.
    let types = try [nil, 21, 22].map {
      try TestGraph.read(TestGraph.bytes(nodes, version: $0)).main.arguments.map(\.type)
    }
    #expect(types == [[.tensor(.float32, nil)], [.tensor(.float32, nil)], [.tensor(.float32, [])]])
  }

  @Test func numbersOfNoSeedAreDrawnInEachRun() throws {
    let type = [("dtype", WireMessage { $0.int(6, 1) })]
    let shape = TestGraph.constant("shape", [1], [4, 0, 0, 0], type: 3)
    for (drawn, expected) in [("RandomUniform", "RandomUniformLike"), ("RandomStandardNormal", "RandomNormalLike")] {
      let nodes = [shape, TestGraph.node("y", drawn, ["shape"], type)]
      #expect(try TestGraph.operations(nodes).contains(ByteString(expected)))
    }
    let seeded = TestGraph.node("y", "StatelessRandomUniformV2", ["shape"], type)
    #expect(TestGraph.refusal(TestGraph.bytes([shape, seeded]))?.contains("StatelessRandomUniformV2") == true)
  }

  @Test func outputsMayBeNamed() throws {
    let bytes = TestGraph.bytes([
      TestGraph.placeholder("x", [4]), TestGraph.node("y", "Relu", ["x"]), TestGraph.node("z", "Mystery", ["y"]),
    ])
    let module = try TestGraph.read(bytes, ImportOptions(outputs: ["y:0"]))
    #expect(module.main.outputs.map(\.name) == ["y:0"])
  }

  @Test func allOperatorsWithoutLoweringAreToldAtOnce() throws {
    let bytes = TestGraph.bytes([
      TestGraph.placeholder("x", [4]), TestGraph.node("a", "Mystery", ["x"]), TestGraph.node("b", "Relu", ["a"]),
      TestGraph.node("c", "Riddle", ["b"]), TestGraph.node("d", "Mystery", ["c"]),
    ])
    let message = try #require(TestGraph.refusal(bytes))
    #expect(message.contains("2 operators"))
    #expect(message.contains("Mystery, 2 times, first at 'a'"))
    #expect(message.contains("Riddle at 'c'"))
  }

  @Test func aLoopThatNoWriterMakesIsRefused() throws {
    let bytes = TestGraph.bytes([
      TestGraph.placeholder("x", [4]), TestGraph.node("enter", "Enter", ["x"]),
      TestGraph.node("merge", "Merge", ["enter", "next"]), TestGraph.node("next", "NextIteration", ["merge"]),
      TestGraph.node("exit", "Exit", ["merge"]),
    ])
    #expect(try #require(TestGraph.refusal(bytes)).contains("none of tf.while_loop's"))
  }

  @Test func whatANodeDoesNotSayIsTheDefaultOfItsOperator() throws {
    let bits = [("num_bits", WireMessage { $0.int(3, 8) })]
    func rounded(_ operation: String) -> [UInt8] {
      let number = operation.hasSuffix("V3") ? [TestGraph.constant("bits", [], [8, 0, 0, 0], type: 3)] : []
      return TestGraph.bytes(
        [
          TestGraph.placeholder("x", [4]), TestGraph.constant("low", [], [0, 0, 0x80, 0xBF]),
          TestGraph.constant("high", [], [0, 0, 0x80, 0x3F]),
          TestGraph.node("y", operation, ["x", "low", "high"] + (number.isEmpty ? [] : ["bits"]), bits),
        ] + number)
    }
    // The range of its numbers themselves; in the third form it is the given one.
    #expect(TestGraph.refusal(rounded("QuantizeAndDequantizeV2"))?.contains("a range of the numbers") == true)
    #expect(TestGraph.refusal(rounded("QuantizeAndDequantizeV4"))?.contains("a range of the numbers") == true)
    #expect(TestGraph.refusal(rounded("QuantizeAndDequantizeV3")) == nil)
  }

  // MARK: Inputs

  @Test func whatAFunctionReturnsIsAnOutputThoughNoInputMakesIt() throws {
    let module = try TestGraph.read(
      TestGraph.bytes([
        TestGraph.placeholder("x", [4]), TestGraph.constant("c", [1], [0, 0, 0, 0]),
        TestGraph.placeholder("unused_control_flow_input_3", []), TestGraph.node("read", "Identity", ["c"]),
        TestGraph.node("Identity", "Identity", ["x"]), TestGraph.node("Identity_1", "Identity", ["c"]),
      ]))
    #expect(module.main.arguments.map(\.name) == ["x"])
    #expect(module.main.outputs.map(\.name) == ["Identity", "Identity_1"])
  }

  @Test func aGraphIsReadFromTheInputsThatAreNamed() throws {
    let bytes = TestGraph.bytes([
      TestGraph.node("image", "DecodeJpeg", ["contents"], [("channels", WireMessage { $0.int(3, 3) })]),
      TestGraph.placeholder("contents", [], type: 7), TestGraph.node("pixels", "Relu", ["image"]),
      TestGraph.node("y", "Abs", ["pixels"]),
    ])
    #expect(try #require(TestGraph.refusal(bytes)).contains("-inputs="))
    let module = try TestGraph.read(bytes, ImportOptions(inputs: ["pixels:0"]))
    let input = try #require(module.main.arguments.first { $0.name == "pixels:0" })
    #expect(input.type == .tensor(.uint8, [.unknown, .unknown, .known(3)]))
    #expect(module.main.operations.map(\.definition.name) == ["Abs", "return"])
  }

  @Test func inputsOfAGraphThatDoesNotSayItsOutputsVaryApart() throws {
    let module = try TestGraph.read(
      TestGraph.bytes([
        TestGraph.placeholder("x", [-1, 4]), TestGraph.placeholder("k", [-1, 4]),
        TestGraph.node("y", "AddV2", ["x", "k"]),
      ]))
    #expect(
      module.main.arguments.map(\.type) == [
        .tensor(.float32, [.symbol("x_d0"), .known(4)]), .tensor(.float32, [.symbol("k_d0"), .known(4)]),
      ])
  }

  @Test func whatIsNotAssertedAnyMoreIsRemarked() throws {
    let diagnostics = Diagnostics()
    let bytes = TestGraph.bytes([
      TestGraph.placeholder("x", [4]), TestGraph.node("isFine", "IsFinite", ["x"]),
      TestGraph.node("check", "Assert", ["isFine", "x"]), TestGraph.node("y", "Relu", ["x", "^check"]),
    ])
    _ = try Module.read(
      ModelFile(path: "model.pb", contents: ByteSlice(bytes)), ImportOptions(), diagnostics: diagnostics)
    #expect(diagnostics.all.contains { $0.place == "node 'check' (Assert)" })
  }

  @Test func operatorsOfOneKindWithHostileAttributesAreRefused() throws {
    let numbers: (Int) -> WireMessage = { number in WireMessage { value in value.message(1) { $0.int(3, number) } } }
    for operation in ["ExtractImagePatches", "Dilation2D", "MaxPoolWithArgmax"] {
      for extent in [0, -1, 1 << 40] {
        let attributes = ["ksizes", "ksize", "strides", "rates"].map { ($0, numbers(extent)) }
        let bytes = TestGraph.bytes([
          TestGraph.placeholder("x", [1, 4, 4, 1]), TestGraph.placeholder("f", [2, 2, 1]),
          TestGraph.node("y", operation, ["x", "f"], attributes),
        ])
        #expect(TestGraph.refusal(bytes) != nil)
      }
    }
  }

  @Test func cyclesAndEndlessCallsAreRefused() throws {
    let cycle = TestGraph.bytes([
      TestGraph.placeholder("x", [4]), TestGraph.node("a", "AddV2", ["x", "b"]), TestGraph.node("b", "Relu", ["a"]),
      TestGraph.node("c", "Relu", ["b"]),
    ])
    #expect(try #require(TestGraph.refusal(cycle)).contains("depends on itself"))
    let identities = TestGraph.bytes([
      TestGraph.placeholder("x", [4]), TestGraph.node("a", "Identity", ["b"]), TestGraph.node("b", "Identity", ["a"]),
      TestGraph.node("c", "Relu", ["b"]),
    ])
    #expect(try #require(TestGraph.refusal(identities)).contains("depends on itself"))
    let endless = TestGraph.bytes(
      [TestGraph.placeholder("x", [4]), TestGraph.call("y", "f", ["x"])],
      functions: [TestGraph.function("f", [TestGraph.call("again", "f", ["a"])], returns: "again:output:0")])
    #expect(try #require(TestGraph.refusal(endless)).contains("deep"))
  }

  @Test func aTableThatIsFilledWithWhatItHoldsIsRefused() throws {
    let number = [UInt8](repeating: 0, count: 8)
    let table = TestGraph.bytes([
      TestGraph.placeholder("x", [4], type: 9), TestGraph.node("table", "HashTableV2"),
      TestGraph.constant("keys", [1], number, type: 9), TestGraph.constant("other", [], number, type: 9),
      TestGraph.node("values", "LookupTableFindV2", ["table", "keys", "other"]),
      TestGraph.node("fill", "LookupTableImportV2", ["table", "keys", "values"]),
      TestGraph.node("y", "LookupTableFindV2", ["table", "x", "other"]),
    ])
    let options = ImportOptions(outputs: ["y:0"])
    #expect(try #require(TestGraph.refusal(table, options)).contains("filled with its own contents"))
  }

  @Test func callsThatDoubleEachTimeAreRefused() throws {
    let functions = (0..<40).map { level in
      TestGraph.function(
        "f\(level)",
        [
          TestGraph.call("one", "f\(level + 1)", ["a"]), TestGraph.call("two", "f\(level + 1)", ["one:output:0"]),
        ], returns: "two:output:0")
    }
    let last = TestGraph.function("f40", [TestGraph.node("r", "Relu", ["a"])], returns: "r:activations:0")
    let bytes = TestGraph.bytes(
      [TestGraph.placeholder("x", [4]), TestGraph.call("y", "f0", ["x"])], functions: functions + [last])
    #expect(TestGraph.refusal(bytes) != nil)
  }

  @Test func contentsMustFitTheirShape() throws {
    for (extents, count) in [([2], 4), ([1 << 40, 1 << 20], 4), ([-3], 4), ([Int.max, 3], 8)] {
      let bytes = TestGraph.bytes([
        TestGraph.constant("c", extents, Array(repeating: 0, count: count)), TestGraph.node("y", "Relu", ["c"]),
      ])
      #expect(TestGraph.refusal(bytes) != nil)
    }
  }

  @Test func everyTruncationIsReadOrRefused() {
    let bytes = TestGraph.bytes(
      [
        TestGraph.placeholder("x", [4]), TestGraph.call("y", "f", ["x"]),
        TestGraph.constant("c", [1], [0, 0, 128, 63]),
      ],
      functions: [TestGraph.function("f", [TestGraph.node("r", "Relu", ["a"])], returns: "r:activations:0")])
    for length in 0..<bytes.count { _ = TestGraph.refusal(Array(bytes[..<length]), ImportOptions(format: .tensorflow)) }
  }

  @Test func partsOfVariablesHaveKeysOfTheirOwn() {
    let keys: [(ByteString, [UInt8])] = [
      ("10 4 0,5:-", [0, 0x65, 0, 1, 1, 2, 0x80, 0x85, 0x80, 0x7f]),
      ("200 100,64", [0, 0x65, 0, 1, 1, 1, 0xc0, 0x64, 0xc0, 0x40]),
    ]
    for (slice, key) in keys { #expect(Checkpoint.key(of: "e", slice: slice).map { Array($0.bytes) } == key) }
    #expect(Checkpoint.key(of: "e", slice: "4 1,x") == nil)
  }

  @Test func aVariableNeedsACheckpoint() throws {
    let bytes = TestGraph.bytes([
      TestGraph.node("v", "VarHandleOp"), TestGraph.node("r", "ReadVariableOp", ["v"]),
      TestGraph.node("y", "Relu", ["r"]),
    ])
    #expect(try #require(TestGraph.refusal(bytes)).contains("only its graph"))
  }
}
