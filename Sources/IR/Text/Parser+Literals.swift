extension Parser {
  /// A literal and its type: `[1.0, 2.0] : f32[2]`, `splat 0.0 : f32[64]`, `#name : f32[64]`.
  mutating func parseLiteral() throws -> TensorLiteral {
    let position = lexer.token.start
    if lexer.token.kind == .resource { return try parseResourceUse() }
    // The type tells how to read the elements and comes after them.
    let elements = lexer
    if isNext("[") { try skipElements() } else { try skipSplat() }
    guard try accept(":") else { throw expected("':' and the literal's type") }
    let type = try parseLiteralType()
    let end = lexer
    lexer = elements
    let literal = try parseContent(type, position)
    lexer = end
    return literal
  }

  /// Whether the list at hand is followed by a type, which makes it a tensor.
  func isLiteralNext() throws -> Bool {
    var ahead = self
    try ahead.skipElements()
    return ahead.isNext(":")
  }

  private mutating func skipElements() throws {
    let start = lexer.token.start
    try expect("[")
    while try !accept("]") {
      switch lexer.token.kind {
      case .integer, .float, .hexadecimal, .string, .identifier: break
      case .punctuation(let byte) where "(),-".utf8.contains(byte): break
      case .end: throw lexer.error(at: start, "a list has no end")
      case .value, .resource, .graph, .reference, .punctuation, .arrow, .scope: throw expected("an element, ',' or ']'")
      }
      try lexer.advance()
    }
  }

  private mutating func skipSplat() throws {
    guard lexer.isWord("splat") else { throw expected("a literal: '[', 'splat' or a resource as #name") }
    while !isNext(":") {
      guard lexer.token.kind != .end, !isNext("}") else { throw expected("':' and the literal's type") }
      try lexer.advance()
    }
  }

  /// `[1.0, 2.0]` or `splat 1.0`, of a known type.
  mutating func parseContent(_ type: (elementType: ElementType, dimensions: [Int]), _ position: Int) throws
    -> TensorLiteral
  {
    do {
      if try acceptWord("splat") {
        var element = ElementWriter(type.elementType)
        try parseElement(type.elementType, into: &element)
        try checkMadeBytes(type, position)
        return try TensorLiteral(type.elementType, type.dimensions, .splat(element.bytes))
      }
      if type.elementType == .string { return try TensorLiteral(.string, type.dimensions, .strings(parseStrings())) }
      return try TensorLiteral(type.elementType, type.dimensions, bytes: parseElements(type))
    } catch let error as ModelError where error.place == nil {
      throw lexer.error(at: position, error.message)
    }
  }

  /// A few characters may describe any number of elements: more than a machine holds are a mistake, or malice.
  func checkMadeBytes(_ type: (elementType: ElementType, dimensions: [Int]), _ position: Int) throws {
    let type = TensorType(type.elementType, type.dimensions)
    let bytes = type.shape?.elementCount.value.flatMap { type.elementType.byteCount(elements: $0) }
    guard let bytes, bytes <= Self.maximumMadeBytes else {
      throw lexer.error(
        at: position, "\(type) has more than the \(Self.maximumMadeBytes) bytes that may be made without data")
    }
  }

  private static var maximumMadeBytes: Int { 1 << 34 }

  private mutating func parseStrings() throws -> [ByteString] {
    var strings: [ByteString] = []
    try parseList("[", "]") { strings.append(try $0.parseString("a string")) }
    return strings
  }

  private mutating func parseElements(_ type: (elementType: ElementType, dimensions: [Int])) throws -> [UInt8] {
    let start = lexer.token.start
    var elements = ElementWriter(type.elementType)
    try parseList("[", "]") { try $0.parseElement(type.elementType, into: &elements) }
    let written = TensorType(type.elementType, type.dimensions).shape?.elementCount.value
    guard elements.count == written else {
      let needed = written.map { "\($0)" } ?? "more"
      throw lexer.error(
        at: start, "\(elements.count) elements, but \(TensorType(type.elementType, type.dimensions)) has \(needed)")
    }
    return elements.bytes
  }

  /// One element; a complex one is a pair.
  private mutating func parseElement(_ type: ElementType, into elements: inout ElementWriter) throws {
    let component = ElementBits.component(of: type)
    guard component != type else { return elements.append(try parseBits(type)) }
    try expect("(")
    elements.append(try parseBits(component))
    try expect(",")
    elements.append(try parseBits(component))
    try expect(")")
  }

  private mutating func parseBits(_ type: ElementType) throws -> UInt64 {
    let digits = max((type.bitWidth ?? 0) / 4, 2)
    switch type {
    case .float64: return try parseFloat64().bitPattern
    case .float32: return UInt64(try parseFloat32().bitPattern)
    case .float16, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float6e2m3,
      .float6e3m2,
      .float4e2m1:
      return try parseSmallFloat(type)
    case .int64: return UInt64(bitPattern: try parseInteger(Int64.self, "an integer"))
    case .int32: return UInt64(truncatingIfNeeded: try parseInteger(Int32.self, "an integer"))
    case .int16: return UInt64(truncatingIfNeeded: try parseInteger(Int16.self, "an integer"))
    case .int8: return UInt64(truncatingIfNeeded: try parseInteger(Int8.self, "an integer"))
    case .int4: return try parseBits(in: -8...7)
    case .int2: return try parseBits(in: -2...1)
    case .uint64: return try parseInteger(UInt64.self, "an integer")
    case .uint32: return UInt64(try parseInteger(UInt32.self, "an integer"))
    case .uint16: return UInt64(try parseInteger(UInt16.self, "an integer"))
    case .uint8: return UInt64(try parseInteger(UInt8.self, "an integer"))
    case .uint4: return try parseBits(in: 0...15)
    case .uint2: return try parseBits(in: 0...3)
    case .bool:
      if try acceptWord("true") { return 1 }
      if try acceptWord("false") { return 0 }
      guard lexer.token.kind == .hexadecimal else { throw expected("'true' or 'false'") }
      return try parseHexadecimal(digits: digits)
    case .complex64, .complex128, .string: throw expected("an element of type \(type.rawValue)")
    }
  }

  private mutating func parseBits(in range: ClosedRange<Int8>) throws -> UInt64 {
    let start = lexer.token.start
    let value = try parseInteger(Int8.self, "an integer")
    guard range.contains(value) else { throw lexer.error(at: start, "\(value) is outside \(range)") }
    return UInt64(truncatingIfNeeded: value)
  }

  /// A number, rounded to the nearest that the type has, or the bits of one.
  private mutating func parseSmallFloat(_ type: ElementType) throws -> UInt64 {
    let digits = ((type.bitWidth ?? 0) + 3) / 4
    if lexer.token.kind == .hexadecimal { return try parseHexadecimal(digits: digits) }
    let start = lexer.token.start
    if lexer.isWord("nan") {
      var ahead = lexer
      try ahead.advance()
      if ahead.token.kind == .punctuation(UInt8(ascii: "(")) {
        try lexer.advance()
        try expect("(")
        let bits = try parseHexadecimal(digits: digits)
        guard FloatFormat(type)?.decode(UInt16(truncatingIfNeeded: bits)).isNaN == true else {
          throw lexer.error(at: start, "these are not the bits of a NaN")
        }
        try expect(")")
        return bits
      }
    }
    let value = try parseFloat64()
    guard let bits = FloatFormat(type)?.encode(value), value.isFinite == FloatFormat(type)?.decode(bits).isFinite else {
      throw lexer.error(at: start, "\(value) is no number of type \(type.rawValue)")
    }
    return UInt64(bits)
  }

  /// `sparse([1.0] : f32[1] at [3] : i64[1]) : f32[8]`
  mutating func parseSparseLiteral() throws -> SparseLiteral {
    try expectWord("sparse")
    try expect("(")
    let values = try parseLiteral()
    try expectWord("at")
    let indices = try parseLiteral()
    try expect(")")
    try expect(":")
    let position = lexer.token.start
    let type = try parseLiteralType()
    guard type.elementType == values.elementType else {
      throw lexer.error(
        at: position, "the values are \(values.elementType.rawValue), the tensor is \(type.elementType.rawValue)")
    }
    return SparseLiteral(values: values, indices: indices, dimensions: type.dimensions)
  }
}
