import IR

/// Collects numbers and texts as `.mcb` writes them.
package struct ByteWriter {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func append(_ bytes: some Sequence<UInt8>) { self.bytes.append(contentsOf: bytes) }

  /// All bytes of the number.
  package mutating func appendFixed(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Seven bits a byte, the lowest first; all but the last byte have the eighth.
  package mutating func append(_ value: some UnsignedInteger & FixedWidthInteger) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// A count or an index.
  package mutating func append(count: Int) { append(UInt64(count)) }

  /// A number of either sign: small ones are short.
  package mutating func append(signed value: Int64) {
    append(UInt64(bitPattern: value << 1) ^ UInt64(bitPattern: value >> 63))
  }

  package mutating func append(byte: UInt8) { bytes.append(byte) }

  /// Its length, and the bytes.
  package mutating func append(text: ByteString) {
    append(count: text.bytes.count)
    append(text.bytes)
  }
}
