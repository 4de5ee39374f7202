extension Printer {
  /// Literals of more elements become resources.
  static let maximumInlineElements = 32
  /// So do strings that are longer in all.
  static let maximumInlineStringBytes = 1024

  // MARK: Constants

  /// `constant [1.0, 2.0] : f32[2]`, `constant operation {value_ints = [1, 2]} : i64[2]`.
  mutating func printConstant(_ operation: Operation, depth: Int) throws {
    text.write("constant")
    writeAnnotations(operation.annotations)
    switch operation.constantForm {
    case .initializer(slot: nil): break
    case .initializer(let slot?):
      text.write(" input ")
      text.write(slot)
    case .operation: text.write(" operation")
    }
    let name = operation.result()?.name ?? "constant"
    guard let literal = operation.literal, operation.attributes.all.count == 1,
      operation.attributes.all[0].annotations?.isEmpty ?? true,
      operation.regions.isEmpty
    else {
      try printAttributesAndRegions(of: operation, depth: depth)
      return writeResultTypes(of: operation)
    }
    text.write(" ")
    try printLiteral(literal, root: name)
    guard let result = operation.result() else { return }
    writeDeclaration(of: result)
    writeAnnotations(result.annotations)
  }

  // MARK: Literals

  /// `[1.0, 2.0] : f32[2]`, `splat 0.0 : f32[64]`, `#name : f32[64]`.
  mutating func printLiteral(_ literal: TensorLiteral, root: ByteString) throws {
    if case .splat(let bytes) = literal.source {
      text.write("splat ")
      bytes.withUnsafeBytes { writeElements(literal.elementType, 0..<1, $0) }
    } else if try isInline(literal) {
      try printElements(of: literal)
    } else {
      text.writeName(resources.name(for: literal, root: root), sigil: "#")
    }
    text.write(" : ")
    literal.type.write(to: &text)
  }

  private func isInline(_ literal: TensorLiteral) throws -> Bool {
    guard literal.elementCount <= Self.maximumInlineElements else { return false }
    if case .strings(let strings) = literal.source {
      return strings.reduce(0) { $0 + $1.bytes.count } <= Self.maximumInlineStringBytes
    }
    return try literal.withWindow(0..<literal.elementCount) {
      ElementBits.hasCleanPadding(literal.elementType, count: literal.elementCount, $0)
    }
  }

  /// All elements as a list.
  private mutating func printElements(of literal: TensorLiteral) throws {
    text.write("[")
    if case .strings(let strings) = literal.source {
      for (index, string) in strings.enumerated() {
        if index > 0 { text.write(", ") }
        text.writeQuoted(string)
        try flush()
      }
    } else {
      try literal.withWindow(0..<literal.elementCount) {
        writeElements(literal.elementType, 0..<literal.elementCount, $0)
      }
    }
    text.write("]")
  }

  private mutating func writeElements(_ type: ElementType, _ range: Range<Int>, _ bytes: UnsafeRawBufferPointer) {
    let component = ElementBits.component(of: type)
    text.writeList(range) { text, index in
      guard component != type else { return text.writeElement(type, ElementBits.load(type, bytes, index)) }
      text.write("(")
      text.writeElement(component, ElementBits.load(component, bytes, 2 * index))
      text.write(", ")
      text.writeElement(component, ElementBits.load(component, bytes, 2 * index + 1))
      text.write(")")
    }
  }

  // MARK: Resources

  mutating func printResources() throws {
    for (index, (name, literal)) in resources.entries.enumerated() {
      text.write("resource ")
      text.writeName(name, sigil: "#")
      text.write(" : ")
      literal.type.write(to: &text)
      text.write(" = ")
      try printContent(of: literal, seed: UInt64(index))
      text.write("\n")
      try flush()
    }
  }

  private mutating func printContent(of literal: TensorLiteral, seed: UInt64) throws {
    if case .elementwise(let transform, _) = literal.source, let content = transform as? SeededContent,
      content.elementType == literal.elementType, content.elementCount == literal.elementCount
    {
      return write(content)
    }
    switch form {
    case .elided: write(try LiteralSummary(of: literal))
    case .complete: try printBytes(of: literal)
    case .seeded:
      guard let content = try SeededContent(like: literal, seed: seed) else { return try printBytes(of: literal) }
      write(content)
    }
  }

  private mutating func printBytes(of literal: TensorLiteral) throws {
    if case .strings = literal.source { return try printElements(of: literal) }
    text.write("base64 {\n")
    var writer = Base64Writer()
    try literal.forEachWindow { window, _ in
      writer.write(window, to: &text)
      try flush()
    }
    writer.finish(to: &text)
    text.write("}")
  }

  private mutating func write(_ summary: LiteralSummary) {
    text.write("elided {bytes = ")
    text.write(summary.byteCount)
    text.write(", hash = ")
    text.writeHexadecimal(summary.hash, digits: 16)
    if let zeros = summary.zeroCount {
      text.write(", zeros = ")
      text.write(zeros)
    }
    text.write("}")
  }

  private mutating func write(_ content: SeededContent) {
    text.write("seeded {seed = ")
    text.write(content.seed)
    if content.bounds != SeededContent.defaultBounds(of: content.elementType) {
      switch content.bounds {
      case .integers(let range):
        text.write(", low = ")
        text.write(range.lowerBound)
        text.write(", high = ")
        text.write(range.upperBound)
      case .reals(let range):
        text.write(", low = ")
        text.write(range.lowerBound)
        text.write(", high = ")
        text.write(range.upperBound)
      }
    }
    text.write("}")
  }
}
