/// Writes protobuf's wire format.
enum WireEncoding {
  static func appendVarint(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  static func appendTag(_ number: UInt32, _ type: WireType, to bytes: inout [UInt8]) {
    appendVarint(UInt64(number) << 3 | UInt64(type.rawValue), to: &bytes)
  }

  /// Appends a number of fixed size.
  static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Appends a field of some bytes.
  static func appendDelimited(_ number: UInt32, _ content: some Collection<UInt8>, to bytes: inout [UInt8]) {
    appendTag(number, .lengthDelimited, to: &bytes)
    appendVarint(UInt64(content.count), to: &bytes)
    bytes.append(contentsOf: content)
  }

  private static let lengthSize = 5

  /// Leaves room for a length that is known in the end. Returns where that is.
  static func beginDelimited(_ bytes: inout [UInt8]) -> Int {
    bytes.append(contentsOf: repeatElement(0, count: lengthSize))
    return bytes.count - lengthSize
  }

  /// Writes the length of what was appended since `beginDelimited`, as a number of five digits, the first of which may be zeros.
  static func endDelimited(_ offset: Int, _ bytes: inout [UInt8]) {
    var length = bytes.count - offset - lengthSize
    for digit in 0..<lengthSize {
      bytes[offset + digit] = UInt8(length & 0x7f) | (digit < lengthSize - 1 ? 0x80 : 0)
      length >>= 7
    }
  }
}
