import Frontend
import IR
import Testing

@Suite struct ONNXImportTests {
  /// `Relu(x)`, as small as a model can be.
  private static func relu(node: (inout WireMessage) -> Void = { _ in }) -> WireMessage {
    WireMessage {
      $0.int(1, 8)
      $0.message(7) {
        $0.message(1) {
          $0.text(1, "x")
          $0.text(2, "y")
          $0.text(4, "Relu")
          node(&$0)
        }
        $0.text(2, "g")
        $0.message(11) { $0.text(1, "x") }
        $0.message(12) { $0.text(1, "y") }
      }
      $0.message(8) { $0.int(2, 17) }
    }
  }

  private static func read(_ message: WireMessage) throws -> Module {
    let file = ModelFile(path: "model.onnx", contents: ByteSlice(message.bytes))
    return try Module.read(file, diagnostics: Diagnostics())
  }

  @Test func aSmallModel() throws {
    let module = try Self.read(Self.relu())
    #expect(module.name == "g")
    #expect(module.target[""] == 17)
    #expect(module.main.operations.map(\.definition.name) == ["Relu", "return"])
  }
}
