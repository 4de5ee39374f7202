import IR

/// Writes protobuf's wire format by hand, so that tests can say what no library would write.
struct WireMessage {
  private(set) var bytes: [UInt8] = []

  init(_ build: (inout WireMessage) -> Void = { _ in }) {
    build(&self)
  }

  static func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  mutating func raw(_ more: [UInt8]) { bytes += more }

  mutating func tag(_ number: Int, _ wireType: Int) { bytes += Self.varint(UInt64(number << 3 | wireType)) }

  mutating func int(_ number: Int, _ value: Int) {
    tag(number, 0)
    bytes += Self.varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func float(_ number: Int, _ value: Float) {
    tag(number, 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += Array($0) }
  }

  mutating func data(_ number: Int, _ content: [UInt8]) {
    tag(number, 2)
    bytes += Self.varint(UInt64(content.count)) + content
  }

  mutating func text(_ number: Int, _ content: String) { data(number, Array(content.utf8)) }

  mutating func message(_ number: Int, _ content: WireMessage) { data(number, content.bytes) }

  mutating func message(_ number: Int, _ build: (inout WireMessage) -> Void) { message(number, WireMessage(build)) }
}
