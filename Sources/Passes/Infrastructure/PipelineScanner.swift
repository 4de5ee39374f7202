/// Reads the tokens of a pipeline's text from left to right.
struct PipelineScanner {
  let text: [UInt8]
  private(set) var position = 0

  init(_ text: [UInt8]) {
    self.text = text
  }

  /// The byte at hand; `nil` at the end.
  var current: UInt8? { position < text.count ? text[position] : nil }

  /// Passes over white space and comments.
  mutating func skipBlanks() {
    while let byte = current {
      if byte == UInt8(ascii: "#") {
        position = text[position...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
      } else if PipelineSyntax.isSpace(byte) {
        position += 1
      } else {
        return
      }
    }
  }

  /// Takes `character` where it is the next token.
  mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard current == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// The longest run of bytes from here on of which `belongs` holds, and its place.
  mutating func word(_ belongs: (UInt8) -> Bool) -> (text: String, range: Range<Int>) {
    let start = position
    while let byte = current, belongs(byte) { position += 1 }
    return (String(decoding: text[start..<position], as: UTF8.self), start..<position)
  }

  /// The text between quotes, of which the first is at hand.
  mutating func quoted() throws(PipelineError) -> (text: String, range: Range<Int>) {
    let start = position
    var bytes: [UInt8] = []
    position += 1
    while let byte = current, byte != PipelineSyntax.quote {
      if byte == PipelineSyntax.backslash { position += 1 }
      guard let byte = current else { break }
      bytes.append(byte)
      position += 1
    }
    guard current != nil else { throw error("the quote is never closed", at: start..<start + 1) }
    position += 1
    return (String(decoding: bytes, as: UTF8.self), start..<position)
  }

  /// The place of the next character, for a message about it.
  var here: Range<Int> {
    guard let byte = current else { return text.count..<text.count }
    let length = byte < 0x80 ? 1 : text[(position + 1)...].prefix { $0 & 0xC0 == 0x80 }.count + 1
    return position..<position + length
  }

  func error(_ message: String, at range: Range<Int>, hint: String? = nil) -> PipelineError {
    PipelineError(in: text, at: range, message, hint: hint)
  }
}
