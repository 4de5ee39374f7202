extension Parser {
  /// ` {axis = 1, body = graph @b() -> () { ... }}`; nothing where there is no brace.
  mutating func parseAttributesAndRegions() throws -> (Attributes, [Operation.Region]) {
    guard isNext("{") else { return (Attributes(), []) }
    var attributes: [Attribute] = []
    var names: Set<ByteString> = []
    var regions: [Operation.Region] = []
    try parseList("{", "}") { parser in
      let position = parser.lexer.token.start
      let name = try parser.parseName("an attribute's name")
      try parser.expect("=")
      if parser.lexer.isWord("graph") {
        let graph = Graph(name: "")
        try parser.parseGraph(into: graph)
        regions.append(Operation.Region(name: name, graph: graph))
      } else {
        guard names.insert(name).inserted else {
          throw parser.lexer.error(at: position, "attribute '\(name)' is given twice")
        }
        attributes.append(try parser.parseAttribute(called: name))
      }
    }
    return (Attributes(attributes), regions)
  }

  /// The value of an attribute, and its annotations.
  mutating func parseAttribute(called name: ByteString) throws -> Attribute {
    let value = try parseAttributeValue()
    return Attribute(name, value, annotations: try parseAnnotations())
  }

  private mutating func parseAttributeValue() throws -> AttributeValue {
    switch lexer.token.kind {
    case .string: return .string(try takeName())
    case .integer: return .int(try parseInteger(Int64.self, "an integer"))
    case .float: return .float(try parseFloat32())
    case .resource: return .tensor(try parseLiteral())
    case .punctuation(UInt8(ascii: "[")): return try parseListValue()
    case .punctuation(UInt8(ascii: "-")): return try parseNegative()
    case .identifier: return try parseWordValue()
    case .hexadecimal, .value, .graph, .reference, .punctuation, .arrow, .scope, .end:
      throw expected("an attribute's value")
    }
  }

  private mutating func parseNegative() throws -> AttributeValue {
    var ahead = self.lexer
    try ahead.advance()
    return ahead.token.kind == .integer ? .int(try parseInteger(Int64.self, "an integer")) : .float(try parseFloat32())
  }

  /// A value that begins with a word: `nan`, `splat ...`, `type f32[2]`, `ints []`, `float $alpha`.
  private mutating func parseWordValue() throws -> AttributeValue {
    if isFloatNext { return .float(try parseFloat32()) }
    if lexer.isWord("splat") { return .tensor(try parseLiteral()) }
    if lexer.isWord("sparse") { return .sparseTensor(try parseSparseLiteral()) }
    guard let kind = AttributeKind(rawValue: lexer.text) else { throw expected("an attribute's value") }
    try lexer.advance()
    if lexer.token.kind == .reference { return .reference(try takeName(), kind: kind) }
    switch kind {
    case .type: return .type(try parseType())
    case .ints: return .ints(try parseItems { try $0.parseInteger(Int64.self, "an integer") })
    case .floats: return .floats(try parseItems { try $0.parseFloat32() })
    case .strings: return .strings(try parseItems { try $0.parseString("a string") })
    case .types: return .types(try parseItems { try $0.parseType() })
    case .tensors: return .tensors(try parseItems { try $0.parseLiteral() })
    case .sparseTensors: return .sparseTensors(try parseItems { try $0.parseSparseLiteral() })
    case .int, .float, .string, .tensor, .sparseTensor, .graph, .graphs:
      throw expected("a function's attribute, as $name")
    }
  }

  private mutating func parseItems<Item>(_ parseItem: (inout Parser) throws -> Item) throws -> [Item] {
    var items: [Item] = []
    try parseList("[", "]") { items.append(try parseItem(&$0)) }
    return items
  }

  /// `[1, 2] : i64[2]` is a tensor; without a type, the first element says of what kind the list is.
  private mutating func parseListValue() throws -> AttributeValue {
    if try isLiteralNext() { return .tensor(try parseLiteral()) }
    var ahead = lexer
    try ahead.advance()
    if ahead.token.kind == .string { return .strings(try parseItems { try $0.parseString("a string") }) }
    if ahead.token.kind == .punctuation(UInt8(ascii: "]")) {
      throw expected("what kind of list is empty, as 'ints []'")
    }
    if ahead.token.kind == .punctuation(UInt8(ascii: "-")) { try ahead.advance() }
    let isInteger = ahead.token.kind == .integer
    return isInteger
      ? .ints(try parseItems { try $0.parseInteger(Int64.self, "an integer") })
      : .floats(try parseItems { try $0.parseFloat32() })
  }

  // MARK: Annotations

  /// ` with {documentation = "...", metadata = {"key" = "value"}, "onnx.ir_version" = 8}`
  mutating func parseAnnotations() throws -> Annotations? {
    guard try acceptWord("with") else { return nil }
    var annotations = Annotations()
    var hasMetadata = false
    try parseList("{", "}") { parser in
      let position = parser.lexer.token.start
      let isProperty = parser.lexer.token.kind == .string
      let key = try parser.parseName("'documentation', 'metadata', or a property in quotes").bytes
      guard let key = String(validating: key, as: UTF8.self) else {
        throw parser.lexer.error(at: position, "a property's name is not UTF-8")
      }
      try parser.expect("=")
      var isNew = true
      if isProperty {
        isNew = annotations[key] == nil
        annotations[key] = try parser.parseProperty(nesting: 0)
      } else if key == "documentation" {
        isNew = annotations.documentation == nil
        annotations.documentation = try parser.parseString("a text")
      } else if key == "metadata" {
        isNew = !hasMetadata
        hasMetadata = true
        try parser.parseMetadata(into: &annotations)
      } else {
        throw parser.lexer.error(
          at: position, "there are 'documentation', 'metadata' and properties in quotes, not '\(key)'")
      }
      guard isNew else { throw parser.lexer.error(at: position, "'\(key)' is given twice") }
    }
    return annotations
  }

  private mutating func parseMetadata(into annotations: inout Annotations) throws {
    var entries: [Annotations.Entry] = []
    try parseList("{", "}") { parser in
      let key = try parser.parseString("a key")
      try parser.expect("=")
      entries.append(Annotations.Entry(key: key, value: try parser.parseString("a text")))
    }
    annotations.metadata = entries
  }

  private mutating func parseProperty(nesting: Int) throws -> Annotations.Property {
    guard nesting < TextSyntax.maximumNesting else { throw lexer.error(at: lexer.token.start, "lists nest too deep") }
    if lexer.token.kind == .string { return .bytes(try takeName()) }
    guard isNext("[") else { return .integer(try parseInteger(Int64.self, "a string, an integer or a list")) }
    var elements: [Annotations.Property] = []
    try parseList("[", "]") { elements.append(try $0.parseProperty(nesting: nesting + 1)) }
    return .list(elements)
  }
}
