import IR

/// The text of a module in Graphviz's language: a box an operation, an arrow a use. Bodies of operations are clusters.
package struct DotPrinter {
  package private(set) var text = ""
  /// The node of each operation and argument, in the order in which they were met.
  private var nodes: [ObjectIdentifier: String] = [:]

  package init(_ module: Module) {
    text = "digraph \(Self.quoted(module.name.text)) {\n"
    text += "  node [shape=box, style=rounded, fontname=Helvetica]\n"
    text += "  edge [fontname=Helvetica, fontsize=10]\n"
    write(module.main, indent: "  ")
    text += "}\n"
  }

  private mutating func write(_ graph: Graph, indent: String) {
    for argument in graph.arguments {
      declare(argument, label: "\(argument.name.text)\n\(argument.type)", "shape=oval", indent)
    }
    for operation in graph.operations where !operation.isConstant { write(operation, indent) }
  }

  private mutating func write(_ operation: Operation, _ indent: String) {
    let node = declare(operation, label: Self.label(of: operation), operation.is(.return) ? "shape=oval" : "", indent)
    for region in operation.regions {
      text += "\(indent)subgraph \"cluster_\(nodes.count)\" {\n"
      text += "\(indent)  label=\(Self.quoted(region.name.text))\n"
      write(region.graph, indent: indent + "  ")
      text += "\(indent)}\n"
    }
    for case let value? in operation.operands where value.definingOperation?.isConstant != true {
      guard let source = self.node(of: value) else { continue }
      let type = value.tensorType.map { "\(ValueType.tensor($0))" } ?? ""
      text += "\(indent)\(source) -> \(node) [label=\(Self.quoted(type))]\n"
    }
  }

  private func node(of value: Value) -> String? {
    nodes[value.definingOperation.map { ObjectIdentifier($0) } ?? ObjectIdentifier(value)]
  }

  @discardableResult
  private mutating func declare(
    _ object: AnyObject, label: String, _ attributes: String, _ indent: String
  ) -> String {
    let node = "n\(nodes.count)"
    nodes[ObjectIdentifier(object)] = node
    let others = attributes.isEmpty ? "" : ", \(attributes)"
    text += "\(indent)\(node) [label=\(Self.quoted(label))\(others)]\n"
    return node
  }

  /// The operator, and the types of its constant operands.
  private static func label(of operation: Operation) -> String {
    if operation.is(.return) {
      return operation.parent?.outputs.map(\.name.text).joined(separator: "\n") ?? "return"
    }
    let constants = operation.operands.compactMap { $0 }.filter { $0.definingOperation?.isConstant == true }
    return ([operation.definition.qualifiedName] + constants.map { "\($0.type)" }).joined(separator: "\n")
  }

  /// `text` in quotes, with line breaks as Graphviz wants them.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
