/// Cuts text into tokens, of which it holds one at a time.
struct Lexer {
  private let bytes: UnsafeRawBufferPointer
  private let file: String?
  private(set) var token = Token(kind: .end, start: 0, end: 0)

  /// - Throws: `ModelError` where the first token is none.
  init(_ bytes: UnsafeRawBufferPointer, file: String?) throws {
    self.bytes = bytes
    self.file = file
    try advance()
  }

  var count: Int { bytes.count }

  // MARK: Tokens

  /// Makes the token after this one the current.
  mutating func advance() throws { try advance(from: token.end) }

  /// Makes the first token at or after `position` the current.
  mutating func advance(from position: Int) throws {
    let start = skipBlanks(from: position)
    guard start < bytes.count else {
      token = Token(kind: .end, start: bytes.count, end: bytes.count)
      return
    }
    let byte = bytes[start]
    if TextSyntax.isIdentifierStart(byte) {
      token = Token(kind: .identifier, start: start, end: endOfName(from: start))
    } else if TextSyntax.isDigit(byte) {
      token = try number(at: start)
    } else {
      token = try symbol(byte, at: start)
    }
  }

  private func symbol(_ byte: UInt8, at start: Int) throws -> Token {
    switch byte {
    case UInt8(ascii: "\""): return Token(kind: .string, start: start, end: try endOfString(from: start))
    case UInt8(ascii: "%"): return try name(.value, at: start)
    case UInt8(ascii: "#"): return try name(.resource, at: start)
    case UInt8(ascii: "$"): return try name(.reference, at: start)
    case UInt8(ascii: "@"):
      let isName =
        start + 1 < bytes.count && (TextSyntax.isNameByte(bytes[start + 1]) || bytes[start + 1] == UInt8(ascii: "\""))
      return isName ? try name(.graph, at: start) : Token(kind: .punctuation(byte), start: start, end: start + 1)
    case UInt8(ascii: "-") where follows(UInt8(ascii: ">"), start):
      return Token(kind: .arrow, start: start, end: start + 2)
    case UInt8(ascii: ":") where follows(UInt8(ascii: ":"), start):
      return Token(kind: .scope, start: start, end: start + 2)
    case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["),
      UInt8(ascii: "]"),
      UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "*"),
      UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "?"):
      return Token(kind: .punctuation(byte), start: start, end: start + 1)
    default:
      throw error(at: start, "the text form has no place for \(describe(start..<start + 1))")
    }
  }

  private func follows(_ byte: UInt8, _ position: Int) -> Bool {
    position + 1 < bytes.count && bytes[position + 1] == byte
  }

  private func name(_ kind: Token.Kind, at start: Int) throws -> Token {
    let first = start + 1
    if first < bytes.count, bytes[first] == UInt8(ascii: "\"") {
      return Token(kind: kind, start: start, end: try endOfString(from: first))
    }
    let end = endOfName(from: first)
    guard end > first else { throw error(at: start, "expected a name after '\(Unicode.Scalar(bytes[start]))'") }
    return Token(kind: kind, start: start, end: end)
  }

  private func number(at start: Int) throws -> Token {
    var end = start
    var kind = Token.Kind.integer
    if bytes[start] == UInt8(ascii: "0"), follows(UInt8(ascii: "x"), start) {
      kind = .hexadecimal
      end = endOfName(from: start + 2)
    } else {
      end = endOfDigits(from: start)
      if end < bytes.count, bytes[end] == UInt8(ascii: ".") {
        kind = .float
        end = endOfDigits(from: end + 1)
      }
      if end < bytes.count, bytes[end] == UInt8(ascii: "e") {
        kind = .float
        let hasSign =
          end + 1 < bytes.count && (bytes[end + 1] == UInt8(ascii: "-") || bytes[end + 1] == UInt8(ascii: "+"))
        let digits = end + (hasSign ? 2 : 1)
        end = endOfDigits(from: digits)
        guard end > digits else { throw error(at: start, "expected an exponent in \(describe(start..<end))") }
      }
    }
    guard end == bytes.count || !TextSyntax.isNameByte(bytes[end]) else {
      throw error(at: start, "\(describe(start..<endOfName(from: end))) is neither a number nor a name; quote a name")
    }
    return Token(kind: kind, start: start, end: end)
  }

  private func endOfName(from position: Int) -> Int {
    var end = position
    while end < bytes.count, TextSyntax.isNameByte(bytes[end]) { end += 1 }
    return end
  }

  private func endOfDigits(from position: Int) -> Int {
    var end = position
    while end < bytes.count, TextSyntax.isDigit(bytes[end]) { end += 1 }
    return end
  }

  /// The end of the string whose opening quote is at `start`. Its escapes are checked here, so that `string` cannot fail.
  private func endOfString(from start: Int) throws -> Int {
    var position = start + 1
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""): return position + 1
      case UInt8(ascii: "\n"): throw error(at: start, "a string must end on its line; write \\n for a line break")
      case UInt8(ascii: "\\"):
        guard let (_, length) = escape(at: position) else {
          throw error(at: position, #"unknown escape; there are \\, \", \n, \t and \x with two hexadecimal digits"#)
        }
        position += length
      default: position += 1
      }
    }
    throw error(at: start, "a string has no end")
  }

  /// The byte that the escape at `position` stands for, and the escape's length.
  private func escape(at position: Int) -> (byte: UInt8, length: Int)? {
    guard position + 1 < bytes.count else { return nil }
    switch bytes[position + 1] {
    case UInt8(ascii: "\\"): return (UInt8(ascii: "\\"), 2)
    case UInt8(ascii: "\""): return (UInt8(ascii: "\""), 2)
    case UInt8(ascii: "n"): return (UInt8(ascii: "\n"), 2)
    case UInt8(ascii: "t"): return (UInt8(ascii: "\t"), 2)
    case UInt8(ascii: "x"):
      guard position + 3 < bytes.count, let high = Self.hexadecimalDigit(bytes[position + 2]),
        let low = Self.hexadecimalDigit(bytes[position + 3])
      else { return nil }
      return (high << 4 | low, 4)
    default: return nil
    }
  }

  private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// Past white space and comments.
  private func skipBlanks(from position: Int) -> Int {
    var position = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
      case UInt8(ascii: "/") where follows(UInt8(ascii: "/"), position):
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
      default: return position
      }
    }
    return position
  }

  // MARK: What tokens say

  /// Whether the current token is the identifier `word`.
  func isWord(_ word: StaticString) -> Bool {
    guard token.kind == .identifier, token.end - token.start == word.utf8CodeUnitCount else { return false }
    return word.withUTF8Buffer { word in word.indices.allSatisfy { word[$0] == bytes[token.start + $0] } }
  }

  /// The current token as it stands.
  var text: String { String(decoding: bytes[token.start..<token.end], as: UTF8.self) }

  /// The name that the current token tells: an identifier, a string, or what follows a sigil.
  var name: ByteString {
    switch token.kind {
    case .string: string(from: token.start)
    case .value, .resource, .graph, .reference:
      bytes[token.start + 1] == UInt8(ascii: "\"")
        ? string(from: token.start + 1) : ByteString(bytes[token.start + 1..<token.end])
    case .identifier, .integer, .float, .hexadecimal, .punctuation, .arrow, .scope, .end:
      ByteString(bytes[token.start..<token.end])
    }
  }

  private func string(from start: Int) -> ByteString {
    let content = start + 1..<token.end - 1
    guard bytes[content].contains(UInt8(ascii: "\\")) else { return ByteString(bytes[content]) }
    var decoded: [UInt8] = []
    var position = content.lowerBound
    while position < content.upperBound {
      if bytes[position] == UInt8(ascii: "\\"), let (byte, length) = escape(at: position) {
        decoded.append(byte)
        position += length
      } else {
        decoded.append(bytes[position])
        position += 1
      }
    }
    return ByteString(decoded)
  }

  // MARK: Raw text

  /// The start of the first `resource` outside all braces, at or after the current token; `nil` where there is none.
  func firstResource() throws -> Int? {
    var lexer = self
    var depth = 0
    while lexer.token.kind != .end {
      if lexer.token.kind == .punctuation(UInt8(ascii: "{")) { depth += 1 }
      if lexer.token.kind == .punctuation(UInt8(ascii: "}")) { depth -= 1 }
      if depth == 0, lexer.isWord("resource") { return lexer.token.start }
      try lexer.advance()
    }
    return nil
  }

  func isClosingBrace(at position: Int) -> Bool { position < bytes.count && bytes[position] == UInt8(ascii: "}") }

  subscript(range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }

  // MARK: Errors

  /// What is wrong at `position`, told with its line and column.
  func error(at position: Int, _ message: String) -> ModelError {
    let before = bytes[..<min(position, bytes.count)]
    let line = before.reduce(into: 1) { line, byte in line += byte == UInt8(ascii: "\n") ? 1 : 0 }
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    // Bytes that continue a character are no columns of their own.
    let column = before[lineStart...].reduce(into: 1) { column, byte in column += byte & 0xc0 == 0x80 ? 0 : 1 }
    return ModelError(.invalidModel, file: file, place: "line \(line), column \(column)", message)
  }

  /// The current token as messages show it.
  var found: String { token.kind == .end ? "the end of the text" : describe(token.start..<token.end) }

  private func describe(_ range: Range<Int>) -> String {
    let longest = 40
    let shown = bytes[range].prefix(longest)
    let text = String(decoding: shown, as: UTF8.self).unicodeScalars.map { $0.value < 32 ? "\u{FFFD}" : String($0) }
      .joined()
    return "'\(text)\(shown.count < range.count ? "..." : "")'"
  }
}
