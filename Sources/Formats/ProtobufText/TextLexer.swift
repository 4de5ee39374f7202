import IR

/// Reads the tokens of protobuf's text format from untrusted bytes.
struct TextLexer {
  enum Token: Equatable {
    case identifier(String)
    /// As it is written, without the sign, which is a symbol.
    case number(String)
    /// Without its quotes, escapes resolved.
    case string([UInt8])
    case symbol(UInt8)
    case end
  }

  private let bytes: UnsafeRawBufferPointer
  private var offset = 0
  /// The token at hand.
  private(set) var token = Token.end
  /// Where it begins.
  private(set) var start = 0

  /// - Throws: `ModelError` where the first token is none.
  init(_ bytes: UnsafeRawBufferPointer) throws {
    self.bytes = bytes
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { offset = 3 }
    try advance()
  }

  /// Moves to the next token.
  mutating func advance() throws {
    skipSpace()
    start = offset
    guard offset < bytes.count else {
      token = .end
      return
    }
    let byte = bytes[offset]
    if Self.isLetter(byte) {
      token = .identifier(take { Self.isLetter($0) || Self.isDigit($0) })
    } else if Self.isDigit(byte) || (byte == UInt8(ascii: ".") && isDigit(at: offset + 1)) {
      token = .number(takeNumber())
    } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
      token = .string(try takeString(quote: byte))
    } else {
      offset += 1
      token = .symbol(byte)
    }
  }

  /// Whether the token at hand is this symbol.
  func isAt(_ symbol: Character) -> Bool { token == .symbol(symbol.asciiValue ?? 0) }

  /// Moves past the symbol where the token at hand is it. Returns whether it was.
  mutating func take(_ symbol: Character) throws -> Bool {
    guard isAt(symbol) else { return false }
    try advance()
    return true
  }

  /// An error about the token at hand, or what begins at `offset`.
  func error(_ message: String, at offset: Int? = nil) -> ModelError {
    ModelError(.invalidModel, place: place(offset ?? start), message)
  }

  /// `line 3, column 7`, counted from 1.
  func place(_ offset: Int) -> String {
    let before = bytes[..<min(offset, bytes.count)]
    let newline = UInt8(ascii: "\n")
    let line = before.count { $0 == newline } + 1
    let column = before.count - (before.lastIndex(of: newline).map { $0 + 1 } ?? 0) + 1
    return "line \(line), column \(column)"
  }

  /// What a person sees there.
  var description: String {
    switch token {
    case .identifier(let name): "'\(name.prefix(60))'"
    case .number(let digits): "'\(digits.prefix(60))'"
    case .string: "a text"
    case .symbol(let byte): (0x21...0x7e).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
    case .end: "the end of the file"
    }
  }

  // MARK: Tokens

  private mutating func skipSpace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x09...0x0d, UInt8(ascii: " "): offset += 1
      case UInt8(ascii: "#"): offset = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      default: return
      }
    }
  }

  private mutating func take(while isPart: (UInt8) -> Bool) -> String {
    let first = offset
    while offset < bytes.count, isPart(bytes[offset]) { offset += 1 }
    return String(decoding: bytes[first..<offset], as: UTF8.self)
  }

  /// Digits, letters and points, and signs after an exponent's letter.
  private mutating func takeNumber() -> String {
    let first = offset
    let isHexadecimal =
      bytes[offset] == UInt8(ascii: "0") && offset + 1 < bytes.count && bytes[offset + 1] | 0x20 == UInt8(ascii: "x")
    while offset < bytes.count {
      let byte = bytes[offset]
      let isSign = byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
      let isAfterExponent = offset > first && !isHexadecimal && bytes[offset - 1] | 0x20 == UInt8(ascii: "e")
      guard
        Self.isDigit(byte) || Self.isLetter(byte) || byte == UInt8(ascii: ".") || (isSign && isAfterExponent)
      else { break }
      offset += 1
    }
    return String(decoding: bytes[first..<offset], as: UTF8.self)
  }

  private mutating func takeString(quote: UInt8) throws -> [UInt8] {
    offset += 1
    var content: [UInt8] = []
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      switch byte {
      case quote: return content
      case UInt8(ascii: "\n"): throw error("a text has no end on its line")
      case UInt8(ascii: "\\"): content.append(try takeEscape())
      default: content.append(byte)
      }
    }
    throw error("a text has no end")
  }

  private mutating func takeEscape() throws -> UInt8 {
    guard offset < bytes.count else { throw error("a text has no end") }
    let byte = bytes[offset]
    offset += 1
    switch byte {
    case UInt8(ascii: "n"): return 0x0a
    case UInt8(ascii: "r"): return 0x0d
    case UInt8(ascii: "t"): return 0x09
    case UInt8(ascii: "a"): return 0x07
    case UInt8(ascii: "b"): return 0x08
    case UInt8(ascii: "f"): return 0x0c
    case UInt8(ascii: "v"): return 0x0b
    case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "?"): return byte
    case UInt8(ascii: "x"), UInt8(ascii: "X"): return try takeCode(radix: 16, digits: 2)
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      offset -= 1
      return try takeCode(radix: 8, digits: 3)
    default: throw error("a text has an escape that protobuf does not know", at: offset - 2)
    }
  }

  private mutating func takeCode(radix: Int, digits: Int) throws -> UInt8 {
    let first = offset
    var code = 0
    while offset < bytes.count, offset - first < digits,
      let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue, digit < radix
    {
      code = code * radix + digit
      offset += 1
    }
    guard offset > first, let byte = UInt8(exactly: code) else {
      throw error("a text has an escape that is no byte", at: first)
    }
    return byte
  }

  private func isDigit(at offset: Int) -> Bool { offset < bytes.count && Self.isDigit(bytes[offset]) }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
  }
}
