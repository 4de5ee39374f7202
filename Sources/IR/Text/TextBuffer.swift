/// Text under construction, with the writing of what all parts of the textual form are made of: numbers, names,
/// strings, lists.
struct TextBuffer {
  private(set) var bytes: [UInt8] = []

  mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func write(_ number: some BinaryInteger) { write(String(number)) }

  /// `0x` and the lowest `digits` hexadecimal digits.
  mutating func writeHexadecimal(_ number: UInt64, digits: Int) {
    write("0x")
    for digit in (0..<digits).reversed() {
      bytes.append(Self.hexadecimalDigit(UInt8(number >> UInt64(digit * 4) & 15)))
    }
  }

  mutating func indent(_ depth: Int) {
    for _ in 0..<depth { write("  ") }
  }

  /// The items, separated by commas.
  mutating func writeList<Items: Sequence>(
    _ items: Items, _ writeItem: (inout TextBuffer, Items.Element) throws -> Void
  ) rethrows {
    var isFirst = true
    for item in items {
      if !isFirst { write(", ") }
      isFirst = false
      try writeItem(&self, item)
    }
  }

  // MARK: Names

  /// A name where no sigil announces it: as it is where it is an identifier, else quoted.
  mutating func writeName(_ name: ByteString) {
    if TextSyntax.isIdentifier(name) { bytes.append(contentsOf: name.bytes) } else { writeQuoted(name) }
  }

  /// A name behind its sigil: `%x`, `%0`, `%"/conv1/Conv_output_0"`.
  mutating func writeName(_ name: ByteString, sigil: Unicode.Scalar) {
    bytes.append(UInt8(ascii: sigil))
    if TextSyntax.isBareName(name) { bytes.append(contentsOf: name.bytes) } else { writeQuoted(name) }
  }

  /// A string in quotes. Bytes that are not UTF-8, and control characters, become escapes, so that the text is always
  /// UTF-8 and a string always a line.
  mutating func writeQuoted(_ string: ByteString) {
    let isText = string.bytes.allSatisfy { $0 < 0x80 } || String(validating: string.bytes, as: UTF8.self) != nil
    bytes.append(UInt8(ascii: "\""))
    for byte in string.bytes {
      switch byte {
      case UInt8(ascii: "\""): write("\\\"")
      case UInt8(ascii: "\\"): write("\\\\")
      case UInt8(ascii: "\n"): write("\\n")
      case UInt8(ascii: "\t"): write("\\t")
      case 0x20...0x7e: bytes.append(byte)
      case 0x80... where isText: bytes.append(byte)
      default:
        write("\\x")
        bytes.append(Self.hexadecimalDigit(byte >> 4))
        bytes.append(Self.hexadecimalDigit(byte & 15))
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + (value - 10)
  }

  // MARK: Bulk

  /// Appends `count` bytes that `fill` writes.
  mutating func append(count: Int, _ fill: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
    bytes.append(
      contentsOf: [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        fill(buffer)
        initialized = count
      })
  }
}
