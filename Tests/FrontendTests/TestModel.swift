import Frontend
import IR

/// Small ONNX models, field by field.
enum TestModel {
  /// A ModelProto around a GraphProto.
  static func model(
    ir: Int = 10, opset: Int = 21, graph: (inout WireMessage) -> Void, more: (inout WireMessage) -> Void = { _ in }
  ) -> WireMessage {
    WireMessage {
      $0.int(1, ir)
      $0.message(7) {
        $0.text(2, "g")
        graph(&$0)
      }
      $0.message(8) { $0.int(2, opset) }
      more(&$0)
    }
  }

  /// A model that computes `y = Relu(x)`; `node` adds to the node.
  static func relu(node: (inout WireMessage) -> Void = { _ in }) -> WireMessage {
    model(graph: {
      $0.node("Relu", ["x"], ["y"], node)
      $0.value(11, "x")
      $0.value(12, "y")
    })
  }

  /// A model that returns one initializer, whose TensorProto `tensor` writes.
  static func tensor(ir: Int = 10, _ tensor: (inout WireMessage) -> Void) -> WireMessage {
    model(
      ir: ir,
      graph: {
        $0.message(5) {
          tensor(&$0)
          $0.text(8, "w")
        }
        $0.value(12, "w")
      })
  }

  static func read(_ message: WireMessage, path: String = "model.onnx") throws -> Module {
    try read(message.bytes, path: path)
  }

  static func read(_ bytes: [UInt8], path: String = "model.onnx", diagnostics: Diagnostics = Diagnostics()) throws
    -> Module
  {
    try Module.read(ModelFile(path: path, contents: ByteSlice(bytes)), diagnostics: diagnostics)
  }

  /// What reading the model says, where it is refused.
  static func refusal(_ message: WireMessage, path: String = "model.onnx") -> String? {
    refusal(message.bytes, path: path)
  }

  static func refusal(_ bytes: [UInt8], path: String = "model.onnx") -> String? {
    do {
      _ = try read(bytes, path: path)
      return nil
    } catch {
      return "\(error)"
    }
  }
}

extension WireMessage {
  /// Adds a NodeProto to a GraphProto.
  mutating func node(
    number: Int = 1, _ type: String, _ inputs: [String], _ outputs: [String],
    _ more: (inout WireMessage) -> Void = { _ in }
  ) {
    message(number) {
      for input in inputs { $0.text(1, input) }
      for output in outputs { $0.text(2, output) }
      $0.text(4, type)
      more(&$0)
    }
  }

  /// Adds a ValueInfoProto of an f32 tensor.
  mutating func value(_ field: Int, _ name: String, _ dimensions: [Int] = [2]) {
    message(field) {
      $0.text(1, name)
      $0.message(2) {
        $0.message(1) {
          $0.int(1, 1)
          $0.message(2) { for dimension in dimensions { $0.message(1) { $0.int(1, dimension) } } }
        }
      }
    }
  }

  /// Adds an AttributeProto to a NodeProto.
  mutating func attribute(_ name: String, type: Int, _ value: (inout WireMessage) -> Void) {
    message(5) {
      $0.text(1, name)
      value(&$0)
      $0.int(20, type)
    }
  }
}
