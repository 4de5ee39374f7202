/// Prints a module, piece by piece, to a sink: the text of a model with large weights is never held as a whole.
struct Printer {
  typealias Sink = (UnsafeRawBufferPointer) throws -> Void

  let form: TextForm
  var text = TextBuffer()
  var resources = ResourceTable()
  private let sink: Sink

  /// The text that is collected before the sink sees it.
  private static let chunkBytes = 1 << 16

  init(_ form: TextForm, sink: @escaping Sink) {
    self.form = form
    self.sink = sink
  }

  mutating func flush(above limit: Int = chunkBytes) throws {
    guard text.bytes.count > limit else { return }
    try text.bytes.withUnsafeBytes(sink)
    text.removeAll()
  }

  // MARK: Modules

  mutating func print(_ module: Module) throws {
    text.write("module ")
    text.writeQuoted(module.name)
    text.write(" vocabulary ")
    write(module.vocabulary)
    text.write(" target ")
    write(module.target)
    writeAnnotations(module.annotations)
    text.write(" {\n")
    text.indent(1)
    try printGraph(module.main, depth: 1)
    text.write("\n")
    for function in module.functions {
      text.indent(1)
      try print(function)
      text.write("\n")
    }
    text.write("}\n")
    try printResources()
    try flush(above: 0)
  }

  private mutating func write(_ versions: OpsetVersions) {
    text.write("{")
    text.writeList(versions.entries) { text, entry in
      text.writeName(entry.domain)
      text.write(" = ")
      text.write(entry.version)
    }
    text.write("}")
  }

  private mutating func print(_ function: Function) throws {
    text.write("function ")
    text.writeQuoted(function.domain)
    text.write("::")
    text.writeName(function.name)
    writeOverload(function.overload)
    try printSignature(of: function.body)
    if !function.attributes.isEmpty || !function.attributeDefaults.isEmpty {
      text.write(" attributes {")
      text.writeList(function.attributes) { $0.writeName($1) }
      if !function.attributes.isEmpty && !function.attributeDefaults.isEmpty { text.write(", ") }
      try printAttributes(function.attributeDefaults.all, of: function.name)
      text.write("}")
    }
    text.write(" opsets ")
    write(function.opsets)
    writeAnnotations(function.annotations)
    try printBody(of: function.body, depth: 1)
  }

  // MARK: Graphs

  mutating func printGraph(_ graph: Graph, depth: Int) throws {
    text.write("graph ")
    text.writeName(graph.name, sigil: "@")
    try printSignature(of: graph)
    try printBody(of: graph, depth: depth)
  }

  private mutating func printSignature(of graph: Graph) throws {
    text.write("(")
    for (index, argument) in graph.arguments.enumerated() {
      if index > 0 { text.write(", ") }
      text.writeName(argument.name, sigil: "%")
      text.write(": ")
      writeType(of: argument)
      if let literal = argument.defaultLiteral {
        text.write(" = ")
        try printLiteral(literal, root: argument.name)
      }
      writeAnnotations(argument.annotations)
    }
    text.write(") -> (")
    for (index, output) in graph.outputs.enumerated() {
      if index > 0 { text.write(", ") }
      text.writeName(output.name)
      text.write(": ")
      output.type.write(to: &text)
      writeAnnotations(output.annotations)
    }
    text.write(")")
    writeAnnotations(graph.annotations)
  }

  private mutating func printBody(of graph: Graph, depth: Int) throws {
    text.write(" {\n")
    for operation in graph.operations {
      text.indent(depth + 1)
      try print(operation, depth: depth + 1)
      text.write("\n")
      try flush()
    }
    text.indent(depth)
    text.write("}")
  }

  // MARK: Operations

  mutating func print(_ operation: Operation, depth: Int) throws {
    writeResults(of: operation)
    if operation.is(.return) && operation.regions.isEmpty && operation.attributes.isEmpty {
      text.write(operation.operandCount == 0 ? "return" : "return ")
      writeOperands(of: operation)
      writeAnnotations(operation.annotations)
    } else if operation.isConstant && operation.operandCount == 0 && operation.results.count == 1 {
      try printConstant(operation, depth: depth)
    } else {
      writeName(of: operation)
      text.write("(")
      writeOperands(of: operation)
      text.write(")")
      try printAttributesAndRegions(of: operation, depth: depth)
      writeAnnotations(operation.annotations)
      writeResultTypes(of: operation)
    }
    writeLocation(operation.location)
  }

  private mutating func writeResults(of operation: Operation) {
    guard !operation.results.isEmpty else { return }
    text.writeList(operation.results) { Self.writeReference(to: $1, &$0) }
    text.write(" = ")
  }

  private mutating func writeOperands(of operation: Operation) {
    text.writeList(operation.operandUses) { Self.writeReference(to: $1.value, &$0) }
  }

  private static func writeReference(to value: Value?, _ text: inout TextBuffer) {
    if let value { text.writeName(value.name, sigil: "%") } else { text.write("_") }
  }

  private mutating func writeName(of operation: Operation) {
    let definition = operation.definition
    if !definition.domain.isEmpty {
      text.writeQuoted(definition.domain)
      text.write("::")
    }
    switch definition.form {
    case .builtin: text.write(definition.name.text)
    case .declared: text.writeName(definition.name)
    case .legacy(let version):
      text.writeName(definition.name)
      text.write("@")
      text.write(version)
    case .opaque:
      text.writeName(definition.name)
      if OpCatalog.definition(domain: definition.domain, name: definition.name) != nil { text.write("@?") }
    }
    writeOverload(operation.overload)
  }

  private mutating func writeOverload(_ overload: ByteString) {
    guard !overload.isEmpty else { return }
    text.write(":")
    text.writeName(overload)
  }

  mutating func writeResultTypes(of operation: Operation) {
    let results = operation.presentResults
    guard !results.isEmpty else { return }
    text.write(" : ")
    for (index, result) in results.enumerated() {
      if index > 0 { text.write(", ") }
      writeType(of: result)
      writeAnnotations(result.annotations)
    }
  }

  private mutating func writeType(of value: Value) {
    value.type.write(to: &text)
    writeDeclaration(of: value)
  }

  /// Says what the source file wrote down as the type. An argument's is the type itself unless something else is said.
  mutating func writeDeclaration(of value: Value) {
    guard form.hasDeclaredTypes, value.argumentGraph == nil || value.declaredType != value.type,
      let declared = value.declaredType
    else { return }
    text.write(" declared")
    guard declared != value.type else { return }
    text.write("(")
    declared.write(to: &text)
    text.write(")")
  }

  private mutating func writeLocation(_ location: Location) {
    guard form.hasLocations, location != Location() else { return }
    text.write(" loc(")
    text.writeQuoted(location.name)
    for pass in location.passes {
      text.write(", ")
      text.writeName(ByteString(pass))
    }
    text.write(")")
  }
}

extension Module {
  /// Writes the module's text to `sink`, in pieces.
  ///
  /// - Throws: what the sink throws, and `ModelError` where the bytes of a literal cannot be made.
  package func write(_ form: TextForm, to sink: (UnsafeRawBufferPointer) throws -> Void) throws {
    try withoutActuallyEscaping(sink) { sink in
      var printer = Printer(form, sink: sink)
      try printer.print(self)
    }
  }

  /// The module's text as a whole: for small models, and for elided text.
  package func text(_ form: TextForm = .elided) throws -> String {
    var bytes: [UInt8] = []
    try write(form) { bytes.append(contentsOf: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
