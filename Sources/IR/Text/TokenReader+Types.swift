extension TokenReader {
  /// `f32[batch, 3]`, `seq<...>`, `?`
  mutating func parseType(nesting: Int = 0) throws -> ValueType {
    guard nesting < TextSyntax.maximumNesting else {
      throw lexer.error(at: lexer.token.start, "types nest deeper than \(TextSyntax.maximumNesting)")
    }
    if try accept("?") { return .unknown }
    if try acceptWord("seq") { return .sequence(try parseElementType(nesting)) }
    if try acceptWord("optional") { return .optional(try parseElementType(nesting)) }
    if try acceptWord("map") {
      try expect("<")
      let key = try parseElementType()
      try expect(",")
      let value = try parseType(nesting: nesting + 1)
      try expect(">")
      return .map(key: key, value: value)
    }
    if try acceptWord("sparse") {
      try expect("<")
      let type = try parseTensorType()
      try expect(">")
      return .sparseTensor(type)
    }
    if try acceptWord("opaque") {
      try expect("<")
      let domain = try parseString("a domain")
      try expect(",")
      let name = try parseString("a name")
      try expect(">")
      return .opaque(domain: domain, name: name)
    }
    return .tensor(try parseTensorType())
  }

  /// The type between angle brackets.
  private mutating func parseElementType(_ nesting: Int) throws -> ValueType {
    try expect("<")
    let type = try parseType(nesting: nesting + 1)
    try expect(">")
    return type
  }

  private mutating func parseElementType() throws -> ElementType {
    guard lexer.token.kind == .identifier else { throw expected("a type") }
    guard let type = ElementType(rawValue: lexer.text) else {
      let hint = Suggestion.hint(for: lexer.text, among: ElementType.allCases.map(\.rawValue))
      throw lexer.error(at: lexer.token.start, "\(lexer.found) is no type\(hint)")
    }
    try lexer.advance()
    return type
  }

  mutating func parseTensorType() throws -> TensorType {
    let elementType = try parseElementType()
    try expect("[")
    if try accept("*") {
      try expect("]")
      return TensorType(elementType, nil)
    }
    var shape = Shape()
    try parseListEnd("]") { shape.append(try $0.parseDimension()) }
    return TensorType(elementType, shape)
  }

  /// The type of a literal: a tensor type of which all dimensions are numbers.
  mutating func parseLiteralType() throws -> (elementType: ElementType, dimensions: [Int]) {
    let start = lexer.token.start
    let type = try parseTensorType()
    guard let dimensions = type.shape?.knownDimensions else {
      throw lexer.error(at: start, "the dimensions of a literal are numbers, those of \(type) are not")
    }
    return (type.elementType, dimensions)
  }

  private mutating func parseDimension() throws -> Dimension {
    if try accept("?") { return .unknown }
    return Dimension(try parsePolynomial(nesting: 0))
  }
}
