extension Parser {
  /// Reads the resources, which stand behind the module, and goes back to its beginning: literals must be complete when operations are made.
  mutating func parseResources() throws {
    guard let position = try lexer.firstResource() else { return }
    let start = lexer
    try lexer.advance(from: position)
    while try acceptWord("resource") { try parseResource() }
    guard lexer.token.kind == .end else { throw expected("a resource or the end of the text") }
    lexer = start
  }

  /// `resource #name : f32[64] = base64 { ... }`
  private mutating func parseResource() throws {
    guard lexer.token.kind == .resource else { throw expected("a resource's name, as #name") }
    let position = lexer.token.start
    let name = try takeName()
    try expect(":")
    let type = try parseLiteralType()
    try expect("=")
    guard resources.updateValue(try parseResourceContent(type, position), forKey: name) == nil else {
      throw lexer.error(at: position, "resource #\(name) is defined already")
    }
  }

  private mutating func parseResourceContent(
    _ type: (elementType: ElementType, dimensions: [Int]), _ position: Int
  ) throws -> Resource {
    do {
      if try acceptWord("base64") { return .literal(try parseBase64(type)) }
      if try acceptWord("seeded") { return .literal(try parseSeeded(type)) }
      if try acceptWord("elided") {
        try skipElided()
        return .elided(TensorType(type.elementType, type.dimensions))
      }
      guard isNext("[") || lexer.isWord("splat") else { throw expected("'[', 'splat', 'base64', 'seeded' or 'elided'") }
      return .literal(try parseContent(type, position))
    } catch let error as ModelError where error.place == nil {
      throw lexer.error(at: position, error.message)
    }
  }

  /// `#name : f32[64]`
  mutating func parseResourceUse() throws -> TensorLiteral {
    let start = lexer
    let name = try takeName()
    try expect(":")
    let type = try parseLiteralType()
    switch resources[name] {
    case .literal(let literal):
      guard literal.elementType == type.elementType, literal.dimensions == type.dimensions else {
        throw lexer.error(
          at: start.token.start,
          "resource \(start.text) is \(literal.type), not \(TensorType(type.elementType, type.dimensions))")
      }
      return literal
    case .elided:
      throw lexer.error(
        at: start.token.start,
        "resource \(start.text) is elided: its elements are not in this text; print with '-o <file>.mir', or write 'seeded {}'"
      )
    case nil: throw lexer.error(at: start.token.start, "there is no resource \(start.text)")
    }
  }

  private mutating func skipElided() throws {
    try parseList("{", "}") { parser in
      _ = try parser.parseName("'bytes', 'hash' or 'zeros'")
      try parser.expect("=")
      guard parser.lexer.token.kind == .integer || parser.lexer.token.kind == .hexadecimal else {
        throw parser.expected("a number")
      }
      try parser.lexer.advance()
    }
  }

  // MARK: Bytes

  /// ` { lines of base64 }`
  private mutating func parseBase64(_ type: (elementType: ElementType, dimensions: [Int])) throws -> TensorLiteral {
    guard isNext("{") else { throw expected("'{' and lines of base64") }
    let position = lexer.token.start
    let count = TensorType(type.elementType, type.dimensions).shape?.elementCount.value
    guard let byteCount = count.flatMap({ type.elementType.byteCount(elements: $0) }) else {
      throw lexer.error(at: position, "a literal of this type cannot be held as bytes")
    }
    // Before memory is taken for it.
    guard byteCount / 3 + (byteCount % 3).signum() <= (lexer.count - lexer.token.end) / 4 else {
      let type = TensorType(type.elementType, type.dimensions)
      throw lexer.error(at: position, "\(type) needs \(byteCount) bytes, which the text is too short to hold")
    }
    var end = lexer.token.end
    let buffer = try Buffer.made(count: byteCount) { output in
      var reader = Base64Reader(byteCount: byteCount)
      var isOpen = true
      while isOpen {
        let window = end..<min(end + Self.base64Window, lexer.count)
        guard !window.isEmpty else { throw lexer.error(at: position, "the data has no end") }
        let stop = reader.read(lexer[window], into: output)
        source(window)?.giveBackPages()
        end = stop.map { window.lowerBound + $0 } ?? window.upperBound
        isOpen = stop == nil
      }
      guard reader.isComplete, lexer.isClosingBrace(at: end) else {
        throw lexer.error(
          at: end, "expected base64 of \(byteCount) bytes and '}' behind it; \(reader.written) were read")
      }
    }
    try lexer.advance(from: end)
    try expect("}")
    return try TensorLiteral(type.elementType, type.dimensions, .bytes(ByteSlice(buffer)))
  }

  /// The text that is decoded at a time.
  private static var base64Window: Int { 1 << 20 }

  // MARK: Seeds

  /// ` {seed = 7, low = -0.5, high = 0.5}`
  private mutating func parseSeeded(_ type: (elementType: ElementType, dimensions: [Int])) throws -> TensorLiteral {
    let position = lexer.token.start
    var seed: UInt64 = 0
    let bounds: SeededContent.Bounds
    switch SeededContent.defaultBounds(of: type.elementType) {
    case .integers(let range):
      bounds = .integers(try parseBounds(range, &seed) { try $0.parseInteger(Int64.self, "an integer") })
    case .reals(let range): bounds = .reals(try parseBounds(range, &seed) { try $0.parseFloat64() })
    }
    guard bounds.fit(type.elementType) else {
      throw lexer.error(at: position, "the bounds are outside what \(type.elementType.rawValue) holds")
    }
    try checkMadeBytes(type, position)
    return try SeededContent.literal(type.elementType, type.dimensions, seed: seed, bounds: bounds)
  }

  private mutating func parseBounds<Number: Comparable>(
    _ range: ClosedRange<Number>, _ seed: inout UInt64, _ parseNumber: (inout Parser) throws -> Number
  ) throws -> ClosedRange<Number> {
    let position = lexer.token.start
    var (low, high) = (range.lowerBound, range.upperBound)
    try parseList("{", "}") { parser in
      let start = parser.lexer.token.start
      let key = try parser.parseName("'seed', 'low' or 'high'")
      try parser.expect("=")
      switch key {
      case "seed": seed = try parser.parseInteger(UInt64.self, "a seed")
      case "low": low = try parseNumber(&parser)
      case "high": high = try parseNumber(&parser)
      default: throw parser.lexer.error(at: start, "there are 'seed', 'low' and 'high', not '\(key)'")
      }
    }
    guard low <= high else { throw lexer.error(at: position, "'low' is above 'high'") }
    return low...high
  }
}
