import IR

/// Reads what `ByteWriter` collects, and trusts none of it.
package struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  package private(set) var offset = 0

  /// - Parameter bytes: valid as long as the reader is used.
  package init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  package var remaining: Int { bytes.count - offset }
  package var isAtEnd: Bool { remaining == 0 }

  /// - Throws: `ModelError` where there are fewer bytes.
  package mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else { throw Self.ended }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }

  package mutating func byte() throws -> UInt8 { try take(1)[0] }

  package mutating func fixed<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws -> Number {
    Number(littleEndian: try take(MemoryLayout<Number>.size).loadUnaligned(as: Number.self))
  }

  package mutating func unsigned() throws -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try byte()
      guard shift < 63 || byte <= 1 else { throw ModelError(.invalidModel, "has a number of more than 64 bits") }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
  }

  package mutating func signed() throws -> Int64 {
    let value = try unsigned()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// A number that is not negative.
  package mutating func integer() throws -> Int {
    guard let value = Int(exactly: try unsigned()) else {
      throw ModelError(.invalidModel, "has a number of more than 63 bits")
    }
    return value
  }

  /// A number of things that take at least `bytes` bytes each: more than there are bytes for is refused at once.
  package mutating func count(ofAtLeast bytes: Int = 1) throws -> Int {
    let count = try integer()
    guard count <= remaining / max(bytes, 1) else { throw Self.ended }
    return count
  }

  package mutating func text() throws -> ByteString { ByteString(try take(try integer())) }

  private static let ended = ModelError(.invalidModel, "ends too early")
}
