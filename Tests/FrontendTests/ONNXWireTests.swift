import Frontend
import IR
import Testing

/// What a file may do to the reader before its meaning matters.
@Suite struct ONNXWireTests {
  @Test func everyTruncationIsReadOrRefused() {
    let bytes = TestModel.relu { $0.attribute("alpha", type: 1) { $0.float(2, 1) } }.bytes
    var refused = 0
    for length in 0..<bytes.count where TestModel.refusal(Array(bytes[..<length])) != nil { refused += 1 }
    #expect(refused == bytes.count)
  }

  @Test func twoModelsInARowAreMerged() throws {
    let first = TestModel.model(graph: {
      $0.node("Relu", ["x"], ["y"])
      $0.value(11, "x")
    })
    let second = WireMessage {
      $0.text(2, "late")
      $0.message(7) {
        $0.text(2, "renamed")
        $0.value(12, "y")
      }
    }
    let module = try TestModel.read(first.bytes + second.bytes)
    #expect(module.name == "renamed")
    #expect(module.main.outputs.map(\.name) == ["y"])
    #expect(module.annotations?.bytes("onnx.producer_name") == "late")
  }

  @Test func theLastMemberOfAOneofWins() throws {
    let module = try TestModel.read(
      TestModel.model(graph: {
        $0.message(11) {
          $0.text(1, "x")
          $0.message(2) {
            $0.message(1) { $0.int(1, 1) }
            $0.message(4) { $0.message(1) { $0.message(1) { $0.int(1, 7) } } }
          }
        }
        $0.message(12) { $0.text(1, "x") }
      }))
    #expect(module.main.arguments.first?.type == .sequence(.tensor(.int64, nil)))
  }

  @Test func longNumbers() throws {
    let model = TestModel.model(graph: {
      $0.message(5) {
        $0.tag(1, 0)
        $0.raw([0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00])
        $0.int(2, 1)
        $0.text(8, "w")
        $0.data(9, [0, 0, 0, 0, 0, 0, 0, 0])
      }
      $0.value(12, "w")
    })
    #expect(try TestModel.read(model).main.first?.literal?.dimensions == [2])
    let tooLong = WireMessage {
      $0.tag(1, 0)
      $0.raw(Array(repeating: 0x80, count: 11) + [0])
    }
    #expect(TestModel.refusal(tooLong) == "model.onnx: offset 11 (ModelProto): error: a number is longer than 10 bytes")
  }

  @Test func groupsAreRefused() {
    let message = WireMessage {
      $0.int(1, 8)
      $0.tag(99, 3)
    }
    #expect(TestModel.refusal(message)?.contains("wire type 3") == true)
  }

  @Test func aFieldOfAnotherWireTypeIsRefused() {
    let message = WireMessage {
      $0.int(1, 8)
      $0.int(7, 1)
    }
    #expect(
      TestModel.refusal(message)
        == "model.onnx: offset 2: error: ModelProto.graph has wire type 0: the file is damaged, or no such model")
  }

  @Test(arguments: [1, 25, 32, 33, 10_000]) func nestedGraphs(depth: Int) throws {
    var graph = WireMessage { $0.message(12) { $0.text(1, "x") } }
    for _ in 0..<depth {
      let inner = graph
      graph = WireMessage {
        $0.node("If", ["c"], ["y"]) { $0.attribute("then_branch", type: 5) { $0.message(6, inner) } }
        $0.message(12) { $0.text(1, "y") }
      }
    }
    let model = TestModel.model(graph: {
      $0.raw(graph.bytes)
      $0.value(11, "x")
      $0.message(11) { $0.text(1, "c") }
    })
    let refusal = TestModel.refusal(model)
    if depth <= 32 {
      #expect(refusal?.contains("nested") != true)
    } else {
      #expect(refusal?.contains("GraphProtos are nested more than 33 deep") == true)
    }
  }

  @Test func millionsOfEmptyMessagesAreRefused() {
    let attributes = (0..<2 << 20).map { UInt8($0 % 2 == 0 ? 0x2a : 0) }
    let model = TestModel.relu { $0.raw(attributes) }
    #expect(TestModel.refusal(model)?.contains("unpacking it would take more than") == true)
  }

  @Test func namesAreBytes() throws {
    let name: [UInt8] = Array("ab".utf8) + [0, 0xff, 10, 123, 34] + Array("cd".utf8)
    let model = TestModel.model(graph: {
      $0.message(1) {
        $0.data(1, name)
        $0.text(2, "y")
        $0.data(3, name)
        $0.text(4, "Relu")
      }
      $0.message(11) { $0.data(1, name) }
      $0.message(12) { $0.text(1, "y") }
    })
    let module = try TestModel.read(model)
    #expect(module.main.arguments.first?.name == ByteString(name))
    #expect(module.main.first?.location.name == ByteString(name))
  }

  @Test func unknownFieldsAreKept() throws {
    let unknown = WireMessage {
      $0.text(1000, "new")
      $0.int(1001, -1)
    }
    let module = try TestModel.read(TestModel.relu { $0.raw(unknown.bytes) })
    #expect(module.main.first?.annotations?.bytes("onnx.unknown_fields") == ByteString(unknown.bytes))
  }

  @Test func listsOfNumbersPackedOrNot() throws {
    let model = TestModel.relu { node in
      node.attribute("a", type: 7) { for value in [3, -1, 300] { $0.int(8, value) } }
      node.attribute("b", type: 7) { $0.data(8, [3] + WireMessage.varint(300)) }
      node.attribute("c", type: 6) { for value in [0.5, -2] as [Float] { $0.float(7, value) } }
    }
    let operation = try TestModel.read(model).main.first
    #expect(operation?.attributes["a"] == .ints([3, -1, 300]))
    #expect(operation?.attributes["b"] == .ints([3, 300]))
    #expect(operation?.attributes["c"] == .floats([0.5, -2]))
  }
}
