/// What reads text by way of tokens: the steps that all such readers take.
protocol TokenReader {
  var lexer: Lexer { get set }
}

extension TokenReader {
  /// An error at the current token that says what should be there.
  func expected(_ what: String) -> ModelError {
    lexer.error(at: lexer.token.start, "expected \(what), found \(lexer.found)")
  }

  // MARK: Steps

  /// Goes past the punctuation character where it is next.
  mutating func accept(_ character: Unicode.Scalar) throws -> Bool { try accept(.punctuation(UInt8(ascii: character))) }

  mutating func accept(_ kind: Token.Kind) throws -> Bool {
    guard lexer.token.kind == kind else { return false }
    try lexer.advance()
    return true
  }

  mutating func acceptWord(_ word: StaticString) throws -> Bool {
    guard lexer.isWord(word) else { return false }
    try lexer.advance()
    return true
  }

  mutating func expect(_ character: Unicode.Scalar) throws {
    guard try accept(character) else { throw expected("'\(character)'") }
  }

  mutating func expectWord(_ word: StaticString) throws {
    guard try acceptWord(word) else { throw expected("'\(word)'") }
  }

  func isNext(_ character: Unicode.Scalar) -> Bool { lexer.token.kind == .punctuation(UInt8(ascii: character)) }

  /// Items separated by commas, between two characters.
  mutating func parseList(
    _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ parseItem: (inout Self) throws -> Void
  ) throws {
    try expect(opening)
    try parseListEnd(closing, parseItem)
  }

  /// The items of a list and its closing character.
  mutating func parseListEnd(_ closing: Unicode.Scalar, _ parseItem: (inout Self) throws -> Void) throws {
    guard try !accept(closing) else { return }
    repeat { try parseItem(&self) } while try accept(",")
    guard try accept(closing) else { throw expected("',' or '\(closing)'") }
  }

  // MARK: Words

  mutating func parseString(_ what: String) throws -> ByteString {
    guard lexer.token.kind == .string else { throw expected("\(what) in quotes") }
    return try takeName()
  }

  /// An identifier, or any name in quotes. Reserved words need quotes.
  mutating func parseName(_ what: String) throws -> ByteString {
    guard lexer.token.kind == .identifier || lexer.token.kind == .string else { throw expected(what) }
    let isQuoted = lexer.token.kind == .string
    let name = lexer.name
    guard isQuoted || !TextSyntax.reservedWords.contains(name) else {
      throw expected("\(what) (a word of the language must be in quotes)")
    }
    try lexer.advance()
    return name
  }

  /// The name of the current token, which is left behind.
  mutating func takeName() throws -> ByteString {
    let name = lexer.name
    try lexer.advance()
    return name
  }

  /// `:name` behind the name of an operator or a function; empty where there is none.
  mutating func parseOverload() throws -> ByteString {
    try accept(":") ? parseName("the overload's name") : ""
  }

  // MARK: Numbers

  mutating func parseInteger<Integer: FixedWidthInteger>(_ type: Integer.Type, _ what: String) throws -> Integer {
    let start = lexer.token.start
    let isNegative = try accept("-")
    guard lexer.token.kind == .integer else { throw expected(what) }
    guard let value = Integer((isNegative ? "-" : "") + lexer.text) else {
      throw lexer.error(at: start, "\(isNegative ? "-" : "")\(lexer.text) is outside \(Integer.min)...\(Integer.max)")
    }
    try lexer.advance()
    return value
  }

  mutating func parseHexadecimal(digits: Int) throws -> UInt64 {
    guard lexer.token.kind == .hexadecimal, lexer.token.end - lexer.token.start == digits + 2,
      let bits = UInt64(lexer.text.dropFirst(2), radix: 16)
    else { throw expected("0x and \(digits) hexadecimal digits") }
    try lexer.advance()
    return bits
  }

  /// Whether a floating-point number can begin at the current token.
  var isFloatNext: Bool { lexer.token.kind == .float || lexer.isWord("nan") || lexer.isWord("inf") }

  /// `0.5`, `-1e-05`, `inf`, `nan(0x7fc00001)`: the number of either precision, rounded once.
  mutating func parseFloat<Number: BinaryFloatingPoint & LosslessStringConvertible>(
    _ type: Number.Type, bits: Int, fromBits: (UInt64) -> Number
  ) throws -> Number {
    let isNegative = try accept("-")
    let start = lexer.token.start
    if try acceptWord("nan") {
      guard !isNegative else { throw lexer.error(at: start, "write a NaN with its sign as nan(0x...)") }
      guard try accept("(") else {
        return fromBits(type == Double.self ? Double.nan.bitPattern : UInt64(Float.nan.bitPattern))
      }
      let value = fromBits(try parseHexadecimal(digits: bits / 4))
      guard value.isNaN else { throw lexer.error(at: start, "these are not the bits of a NaN") }
      try expect(")")
      return value
    }
    if try acceptWord("inf") { return isNegative ? -.infinity : .infinity }
    guard lexer.token.kind == .float || lexer.token.kind == .integer, let value = Number(lexer.text) else {
      throw expected("a floating-point number")
    }
    guard value.isFinite else { throw lexer.error(at: start, "\(lexer.text) overflows; infinity is written inf") }
    try lexer.advance()
    return isNegative ? -value : value
  }

  mutating func parseFloat32() throws -> Float {
    try parseFloat(Float.self, bits: 32) { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
  }

  mutating func parseFloat64() throws -> Double {
    try parseFloat(Double.self, bits: 64) { Double(bitPattern: $0) }
  }
}
