/// The rules of the textual form that lexer and printer share.
enum TextSyntax {
  /// Words with a meaning of their own: as names they are quoted.
  static let reservedWords: Set<ByteString> = [
    "_", "constant", "declared", "false", "floordiv", "function", "graph", "inf", "loc", "module", "nan", "resource",
    "return", "splat", "true", "with",
  ]

  // Hostile files must not exhaust the stack.

  /// How deep graphs may lie inside operations; ONNX's own reader takes about as many.
  static let maximumGraphDepth = 32
  /// How deep types, dimensions and properties may nest.
  static let maximumNesting = 64

  static func isIdentifierStart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
    default: false
    }
  }

  static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  /// What may follow in an identifier, and what names behind a `%`, `#`, `@` or `$` are made of.
  static func isNameByte(_ byte: UInt8) -> Bool {
    isIdentifierStart(byte) || isDigit(byte) || byte == UInt8(ascii: ".")
  }

  /// Whether a name needs no quotes where no sigil announces it.
  static func isIdentifier(_ name: ByteString) -> Bool {
    guard let first = name.bytes.first, isIdentifierStart(first) else { return false }
    return name.bytes.allSatisfy(isNameByte) && !reservedWords.contains(name)
  }

  /// Whether a name needs no quotes behind its sigil.
  static func isBareName(_ name: ByteString) -> Bool { !name.isEmpty && name.bytes.allSatisfy(isNameByte) }
}
