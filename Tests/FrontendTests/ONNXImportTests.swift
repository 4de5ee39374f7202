import Frontend
import IR
import Testing

/// What ONNX means in the IR, and what has no place there but is kept.
@Suite struct ONNXImportTests {
  @Test func aSmallModel() throws {
    let module = try TestModel.read(TestModel.relu())
    #expect(module.name == "g")
    #expect(module.target[""] == 21)
    #expect(module.main.operations.map(\.definition.name) == ["Relu", "return"])
    #expect(module.main.first?.result()?.type == .tensor(.float32, [.known(2)]))
    #expect(module.annotations?.integer("onnx.ir_version") == 10)
  }

  @Test func domainsKeepTheirSpelling() throws {
    let model = TestModel.model(
      graph: {
        $0.node("Relu", ["x"], ["y"]) { $0.text(7, "ai.onnx") }
        $0.node("Relu", ["y"], ["z"]) { $0.text(7, "") }
        $0.node("Relu", ["z"], ["u"])
        $0.value(11, "x")
        $0.value(12, "u")
      },
      more: {
        $0.message(8) {
          $0.text(1, "com.example")
          $0.int(2, 3)
        }
      })
    let module = try TestModel.read(model)
    #expect(module.target.entries.map(\.domain) == ["", "com.example"])
    let spelled = module.main.operations.map { $0.annotations?.bytes("onnx.spelled_domain") }
    #expect(spelled == ["ai.onnx", "", nil, nil])
  }

  @Test(arguments: [3, 4]) func anInitializerThatIsAnInput(ir: Int) throws {
    let model = TestModel.model(
      ir: ir,
      graph: {
        $0.message(5) {
          $0.int(1, 2)
          $0.int(2, 1)
          $0.text(8, "w")
          $0.data(9, Array(repeating: 0, count: 8))
        }
        $0.node("Add", ["x", "w"], ["y"])
        $0.value(11, "x")
        $0.value(11, "w")
        $0.value(12, "y")
      })
    let module = try TestModel.read(model)
    let main = module.main
    if ir == 3 {
      #expect(main.arguments.map(\.name) == ["x"])
      #expect(main.first?.constantForm == .initializer(slot: 1))
      #expect(main.first?.result()?.annotations == nil)
    } else {
      #expect(main.arguments.map(\.name) == ["x", "w"])
      #expect(main.arguments.last?.defaultLiteral?.byteCount == 8)
      #expect(main.first?.definition.name == "Add")
    }
  }

  @Test func constantOperationsStayWhereTheyAre() throws {
    let model = TestModel.model(graph: {
      $0.node("Relu", ["x"], ["y"])
      $0.node("Constant", [], ["c"]) { node in
        node.text(3, "here")
        node.attribute("value_ints", type: 7) { $0.int(8, 2) }
      }
      $0.node("Reshape", ["y", "c"], ["z"])
      $0.value(11, "x")
      $0.message(12) { $0.text(1, "z") }
    })
    let module = try TestModel.read(model)
    let operations = Array(module.main.operations)
    #expect(operations.map(\.definition.name) == ["Relu", "constant", "Reshape", "return"])
    #expect(operations[1].constantForm == .operation)
    #expect(operations[1].location.name == "here")
    #expect(operations[1].attributes["value_ints"] == .ints([2]))
  }

  @Test func unsortedNodesAreSortedWithAWarning() throws {
    let model = TestModel.model(graph: {
      $0.node("Relu", ["b"], ["c"])
      $0.node("Relu", ["x"], ["a"])
      $0.node("Relu", ["a"], ["b"])
      $0.value(11, "x")
      $0.value(12, "c")
    })
    let diagnostics = Diagnostics()
    let module = try TestModel.read(model.bytes, diagnostics: diagnostics)
    #expect(module.main.operations.compactMap { $0.result()?.name } == ["a", "b", "c"])
    #expect(diagnostics.all.map(\.severity) == [.warning])
  }

  @Test func whatCannotBeIsNamed() {
    func refusal(_ nodes: (inout WireMessage) -> Void) -> String? {
      TestModel.refusal(
        TestModel.model(graph: {
          nodes(&$0)
          $0.value(11, "x")
          $0.value(12, "y")
        }))
    }
    #expect(
      refusal { $0.node("Relu", ["z"], ["y"]) { $0.text(3, "r") } }
        == "model.onnx: node 'r' (Relu): error: uses 'z', which nothing defines")
    #expect(
      refusal {
        $0.node("Relu", ["z"], ["y"])
        $0.node("Relu", ["y"], ["z"])
      } == "model.onnx: node 'y' (Relu): error: is part of a cycle: it needs its own output")
    #expect(
      refusal {
        $0.node("Relu", ["x"], ["y"])
        $0.node("Relu", ["x"], ["y"])
      } == "model.onnx: node 'y' (Relu): error: 'y' is defined twice in one graph")
    #expect(
      refusal { $0.node("Relu", ["x"], ["x"]) }
        == "model.onnx: node 'x' (Relu): error: 'x' is defined twice in one graph")
    #expect(refusal { $0.node("Relu", ["x"], ["z"]) } == "model.onnx: output 'y': error: nothing defines it")
    #expect(
      refusal { $0.node("return", ["x"], ["y"]) } == "model.onnx: node 'y' (return): error: ONNX has no such operator")
    #expect(
      refusal { $0.node("Relu", ["x"], ["y"]) { $0.attribute("a", type: 2) { $0.float(2, 1) } } }
        == "model.onnx: node 'y' (Relu): error: attribute 'a': is said to be of type int, but has a value of type float"
    )
  }

  @Test(arguments: [
    (-1, "imports opset -1 of the default domain; versions begin at 1"),
    (
      1000,
      "is written in opset 1000 of the default domain; this build of mcc knows those up to \(OpCatalog.newestOpset)"
    ),
  ])
  func opsetsThatAreNone(opset: Int, message: String) {
    let model = TestModel.model(opset: opset, graph: { $0.value(11, "x") })
    #expect(TestModel.refusal(model) == "model.onnx: error: \(message)")
  }

  @Test func anOperatorOfNoVersion() {
    let model = WireMessage {
      $0.int(1, 8)
      $0.message(7) {
        $0.node("Relu", ["x"], ["y"])
        $0.value(11, "x")
      }
      $0.message(8) {
        $0.text(1, "com.example")
        $0.int(2, 1)
      }
    }
    #expect(
      TestModel.refusal(model)
        == "model.onnx: node 'y' (Relu): error: opset_import names no version of the default domain, which has this operator"
    )
  }

  @Test func symbolicDimensions() throws {
    let model = TestModel.model(graph: {
      $0.message(11) {
        $0.text(1, "x")
        $0.message(2) {
          $0.message(1) {
            $0.int(1, 1)
            $0.message(2) {
              for parameter in ["n", "2*n + 1", "n+n", ""] { $0.message(1) { $0.text(2, parameter) } }
              $0.message(1) { $0.int(1, -1) }
            }
          }
        }
      }
      $0.message(12) { $0.text(1, "x") }
    })
    let module = try TestModel.read(model)
    let n = Dimension.symbol("n")
    let shape: Shape = [n, .known(2) * n + .known(1), .symbol("n+n"), .unknown, .unknown]
    #expect(module.main.arguments.first?.type == .tensor(.float32, shape))
    #expect(module.main.arguments.first?.annotations?.bytes("onnx.type") != nil)
  }

  @Test func twoInitializersOfOneName() {
    let model = TestModel.model(graph: {
      for _ in 0..<2 {
        $0.message(5) {
          $0.int(1, 0)
          $0.int(2, 1)
          $0.text(8, "w")
        }
      }
      $0.value(12, "w", [0])
    })
    #expect(TestModel.refusal(model) == "model.onnx: tensor 'w': error: there are two initializers of this name")
  }

  @Test func aGraphInsideSeesTheValuesAround() throws {
    let model = TestModel.model(graph: {
      $0.node("If", ["c"], ["y"]) { node in
        for (name, type) in [("then_branch", "Relu"), ("else_branch", "Neg")] {
          node.attribute(name, type: 5) {
            $0.message(6) {
              $0.node(type, ["x"], ["inner"])
              $0.value(12, "inner")
            }
          }
        }
      }
      $0.value(11, "x")
      $0.message(11) {
        $0.text(1, "c")
        $0.message(2) { $0.message(1) { $0.int(1, 9) } }
      }
      $0.value(12, "y")
    })
    let module = try TestModel.read(model)
    let main = module.main
    let branch = main.first?.region("else_branch")
    #expect(branch?.first?.definition.name == "Neg")
    #expect(branch?.first?.operand(0) === main.arguments[0])
    #expect(main.first?.annotations?["onnx.attribute_order"] == .list([.bytes("then_branch"), .bytes("else_branch")]))
  }

  @Test func quantizationAnnotationsUseTheirValues() throws {
    let model = TestModel.model(graph: {
      $0.node("Relu", ["x"], ["y"])
      $0.message(14) {
        $0.text(1, "y")
        $0.message(2) {
          $0.text(1, "SCALE_TENSOR")
          $0.text(2, "x")
        }
      }
      $0.value(11, "x")
      $0.value(12, "y")
    })
    let module = try TestModel.read(model)
    let annotation = Array(module.main.operations)[1]
    #expect(annotation.definition === OpDefinition.annotate)
    #expect(annotation.operands.map { $0?.name } == ["y", "x"])
    #expect(annotation.attributes["keys"] == .strings(["SCALE_TENSOR"]))
  }

  @Test func functions() throws {
    let model = TestModel.model(
      graph: {
        $0.node("Double", ["x"], ["y"]) { $0.text(7, "local") }
        $0.value(11, "x")
        $0.value(12, "y")
      },
      more: {
        $0.message(25) {
          $0.text(1, "Double")
          $0.text(4, "a")
          $0.text(5, "b")
          $0.text(6, "alpha")
          $0.node(number: 7, "LeakyRelu", ["a"], ["b"]) { node in
            node.message(5) {
              $0.text(1, "alpha")
              $0.int(20, 1)
              $0.text(21, "alpha")
            }
          }
          $0.message(9) { $0.int(2, 21) }
          $0.text(10, "local")
        }
      })
    let module = try TestModel.read(model)
    let function = module.functions.first
    #expect(function?.attributes == ["alpha"])
    #expect(function?.body.first?.attributes["alpha"] == .reference("alpha", kind: .float))
    #expect(module.main.first?.definition.qualifiedName == "local::Double")
  }
}
