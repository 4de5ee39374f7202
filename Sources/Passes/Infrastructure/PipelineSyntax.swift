/// The characters of pipelines, as parser and printer both need them.
enum PipelineSyntax {
  /// Whether `byte` may be part of a name.
  static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  /// Whether `byte` may be part of a value without quotes.
  static func isBare(_ byte: UInt8) -> Bool {
    byte > UInt8(ascii: " ") && byte != 0x7F && !punctuation.contains(byte)
  }

  static func isSpace(_ byte: UInt8) -> Bool { spaces.contains(byte) }

  /// `text` as a pipeline writes it: in quotes where it must be.
  static func value(_ text: String) -> String {
    if !text.isEmpty, text.utf8.allSatisfy(isBare) { return text }
    let escaped = text.utf8.flatMap { byte in
      byte == quote || byte == backslash ? [backslash, byte] : [byte]
    }
    return "\"\(String(decoding: escaped, as: UTF8.self))\""
  }

  static let quote = UInt8(ascii: "\"")
  static let backslash = UInt8(ascii: "\\")
  private static let punctuation = Array(#"{}(),:"#.utf8) + [quote, UInt8(ascii: "#")]
  private static let spaces = Array(" \t\r\n".utf8)
}
