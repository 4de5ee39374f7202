import Formats
import Frontend
import IR

/// GraphDefs written by hand.
enum TestGraph {
  /// A graph of nodes, and functions of a library.
  static func bytes(_ nodes: [WireMessage], functions: [WireMessage] = [], version: Int? = 22) -> [UInt8] {
    WireMessage { graph in
      for node in nodes { graph.message(1, node) }
      if !functions.isEmpty {
        graph.message(2) { library in for function in functions { library.message(1, function) } }
      }
      if let version { graph.message(4) { $0.int(1, version) } }
    }.bytes
  }

  static func node(
    _ name: String, _ operation: String, _ inputs: [String] = [], _ attributes: [(String, WireMessage)] = []
  ) -> WireMessage {
    WireMessage { node in
      node.text(1, name)
      node.text(2, operation)
      for input in inputs { node.text(3, input) }
      for (key, value) in attributes {
        node.message(5) {
          $0.text(1, key)
          $0.message(2, value)
        }
      }
    }
  }

  static func placeholder(_ name: String, _ extents: [Int], type: Int = 1) -> WireMessage {
    node(
      name, "Placeholder", [],
      [
        ("dtype", WireMessage { $0.int(6, type) }),
        (
          "shape",
          WireMessage { value in
            value.message(7) { shape in for extent in extents { shape.message(2) { $0.int(1, extent) } } }
          }
        ),
      ])
  }

  /// A constant whose elements are `contents`, packed: of float32, unless TensorFlow's number of another type is given.
  static func constant(_ name: String, _ extents: [Int], _ contents: [UInt8], type: Int = 1) -> WireMessage {
    node(
      name, "Const", [],
      [
        (
          "value",
          WireMessage { value in
            value.message(8) { tensor in
              tensor.int(1, type)
              tensor.message(2) { shape in for extent in extents { shape.message(2) { $0.int(1, extent) } } }
              tensor.data(4, contents)
            }
          }
        )
      ])
  }

  static func function(_ name: String, _ nodes: [WireMessage], returns: String) -> WireMessage {
    WireMessage { function in
      function.message(1) {
        $0.text(1, name)
        $0.message(2) { $0.text(1, "a") }
        $0.message(3) { $0.text(1, "b") }
      }
      for node in nodes { function.message(3, node) }
      function.message(4) {
        $0.text(1, "b")
        $0.text(2, returns)
      }
    }
  }

  static func call(_ name: String, _ function: String, _ inputs: [String]) -> WireMessage {
    node(name, "PartitionedCall", inputs, [("f", WireMessage { $0.message(10) { $0.text(1, function) } })])
  }

  static func read(_ bytes: [UInt8], path: String = "model.pb", _ options: ImportOptions = ImportOptions()) throws
    -> Module
  {
    try Module.read(ModelFile(path: path, contents: ByteSlice(bytes)), options, diagnostics: Diagnostics())
  }

  static func refusal(_ bytes: [UInt8], _ options: ImportOptions = ImportOptions()) -> String? {
    do {
      _ = try read(bytes, options)
      return nil
    } catch { return "\(error)" }
  }

  /// The operators of a graph of `nodes`.
  static func operations(_ nodes: [WireMessage]) throws -> Set<ByteString> {
    let module = try read(bytes(nodes))
    return withExtendedLifetime(module) { Set(module.main.operations.map(\.definition.name)) }
  }
}
