/// What mcc can write.
package enum OutputFormat: String, Hashable, Sendable, CaseIterable {
  /// ONNX ModelProto.
  case onnx
  /// The compact binary of docs/mcb.md.
  case mcb
  /// The complete text of a module.
  case mir
  /// A graph for Graphviz.
  case dot
  /// Nothing: the pipeline runs, and no file is made.
  case none

  /// The format that the suffix of `path` asks for; `nil` where it says none.
  package init?(path: String) {
    guard let dot = path.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
    switch path[path.utf8.index(after: dot)...].lowercased() {
    case "onnx": self = .onnx
    case "mcb": self = .mcb
    case "mir": self = .mir
    case "dot", "gv": self = .dot
    default: return nil
    }
  }

  /// Whether a terminal would show garbage.
  package var isBinary: Bool {
    switch self {
    case .onnx, .mcb: true
    case .mir, .dot, .none: false
    }
  }
}
