extension Printer {
  /// ` {axis = 1, pads = [0, 0]}`, regions after the attributes and each on lines of its own; nothing where there are
  /// neither.
  mutating func printAttributesAndRegions(of operation: Operation, depth: Int) throws {
    guard !operation.attributes.isEmpty || !operation.regions.isEmpty else { return }
    let root = operation.result()?.name ?? operation.definition.name
    text.write(" {")
    try printAttributes(operation.attributes.all, of: root)
    for (index, region) in operation.regions.enumerated() {
      text.write(index > 0 || !operation.attributes.isEmpty ? ",\n" : "\n")
      text.indent(depth + 1)
      text.writeName(region.name)
      text.write(" = ")
      try printGraph(region.graph, depth: depth + 1)
    }
    if !operation.regions.isEmpty {
      text.write("\n")
      text.indent(depth)
    }
    text.write("}")
  }

  /// `axis = 1, pads = [0, 0]`. Large literals become resources called after `root` and the attribute.
  mutating func printAttributes(_ attributes: [Attribute], of root: ByteString) throws {
    for (index, attribute) in attributes.enumerated() {
      if index > 0 { text.write(", ") }
      text.writeName(attribute.name)
      text.write(" = ")
      try print(attribute.value, root: ByteString(root.bytes + Array(".".utf8) + attribute.name.bytes))
      writeAnnotations(attribute.annotations)
    }
  }

  private mutating func print(_ value: AttributeValue, root: ByteString) throws {
    switch value {
    case .int(let value): text.write(value)
    case .float(let value): text.write(value)
    case .string(let value): text.writeQuoted(value)
    case .tensor(let literal): try printLiteral(literal, root: root)
    case .sparseTensor(let literal): try print(literal, root: root)
    case .type(let type):
      text.write("type ")
      type.write(to: &text)
    case .ints(let values): writeList("ints", values) { $0.write($1) }
    case .floats(let values): writeList("floats", values) { $0.write($1) }
    case .strings(let values): writeList("strings", values) { $0.writeQuoted($1) }
    case .types(let values):
      text.write("types [")
      text.writeList(values) { $1.write(to: &$0) }
      text.write("]")
    case .tensors(let literals):
      text.write("tensors [")
      for (index, literal) in literals.enumerated() {
        if index > 0 { text.write(", ") }
        try printLiteral(literal, root: root)
      }
      text.write("]")
    case .sparseTensors(let literals):
      text.write("sparse_tensors [")
      for (index, literal) in literals.enumerated() {
        if index > 0 { text.write(", ") }
        try print(literal, root: root)
      }
      text.write("]")
    case .reference(let name, let kind):
      text.write(kind.rawValue)
      text.write(" ")
      text.writeName(name, sigil: "$")
    }
  }

  /// `[1, 2]`; a list without elements says of what kind: `ints []`.
  private mutating func writeList<Element>(
    _ kind: String, _ values: [Element], _ write: (inout TextBuffer, Element) -> Void
  ) {
    if values.isEmpty {
      text.write(kind)
      text.write(" ")
    }
    text.write("[")
    text.writeList(values, write)
    text.write("]")
  }

  /// `sparse([1.0, 2.0] : f32[2] at [3, 5] : i64[2]) : f32[8]`.
  private mutating func print(_ literal: SparseLiteral, root: ByteString) throws {
    text.write("sparse(")
    try printLiteral(literal.values, root: root)
    text.write(" at ")
    try printLiteral(literal.indices, root: root)
    text.write(") : ")
    literal.type.write(to: &text)
  }

  // MARK: Annotations

  /// ` with {doc = "...", metadata = {"key" = "value"}, "onnx.ir_version" = 8}`.
  mutating func writeAnnotations(_ annotations: Annotations?) {
    guard form.hasAnnotations, let annotations, !annotations.isEmpty else { return }
    text.write(" with {")
    var isFirst = true
    func separate(_ text: inout TextBuffer) {
      if !isFirst { text.write(", ") }
      isFirst = false
    }
    if let documentation = annotations.documentation {
      separate(&text)
      text.write("documentation = ")
      text.writeQuoted(documentation)
    }
    if !annotations.metadata.isEmpty {
      separate(&text)
      text.write("metadata = {")
      text.writeList(annotations.metadata) { text, entry in
        text.writeQuoted(entry.key)
        text.write(" = ")
        text.writeQuoted(entry.value)
      }
      text.write("}")
    }
    for (key, value) in annotations.sortedProperties {
      separate(&text)
      text.writeQuoted(ByteString(key))
      text.write(" = ")
      value.write(to: &text)
    }
    text.write("}")
  }
}

extension Annotations.Property {
  fileprivate func write(to text: inout TextBuffer) {
    switch self {
    case .integer(let value): text.write(value)
    case .bytes(let bytes): text.writeQuoted(bytes)
    case .list(let elements):
      text.write("[")
      text.writeList(elements) { $1.write(to: &$0) }
      text.write("]")
    }
  }
}
