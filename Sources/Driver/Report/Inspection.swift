import IR
import Passes

/// What a model is, for a person to read: its interface, its operations by kind, its weights by element type.
struct Inspection {
  private let module: Module
  private let summary: ModuleSummary

  init(_ module: Module, _ summary: ModuleSummary) {
    self.module = module
    self.summary = summary
  }

  /// - Parameter title: what the model is called.
  func text(title: String) -> String {
    var lines = "\(title): \(Self.describe(summary.target))\n"
    lines += values("inputs", module.main.arguments.map { ($0.name.text, $0.type, $0.defaultLiteral != nil) })
    lines += values("outputs", module.main.outputs.map { ($0.name.text, $0.type, false) })
    lines += "operations  \(summary.operations.grouped)\n\(kinds)"
    if !module.functions.isEmpty { lines += "functions  \(module.functions.count.grouped)\n" }
    lines += "parameters  \(summary.parameters.grouped)\n\(weights)"
    return lines
  }

  /// `opset 17, ai.onnx.ml 3`
  static func describe(_ target: OpsetVersions) -> String {
    target.entries.map { entry in
      entry.domain.isEmpty ? "opset \(entry.version)" : "\(entry.domain.text) \(entry.version)"
    }.joined(separator: ", ")
  }

  private func values(_ title: String, _ values: [(name: String, type: ValueType, hasDefault: Bool)]) -> String {
    var table = TextTable([.left, .left, .left], indent: "  ")
    for value in values { table.add(value.name, "\(value.type)", value.hasDefault ? "has a default" : "") }
    return "\(title)\n\(table.text)"
  }

  private var kinds: String {
    var table = TextTable([.left, .right], indent: "  ")
    for kind in summary.kinds { table.add(kind.name, kind.count.grouped) }
    return table.text
  }

  private var weights: String {
    var table = TextTable([.left, .right, .left, .right, .left], indent: "  ")
    for weights in summary.weights {
      table.add(
        weights.elementType.rawValue, weights.bytes.grouped, "bytes in", weights.constants.grouped,
        weights.constants == 1 ? "constant" : "constants")
    }
    return table.text
  }
}
