import IR

/// The three bits of a tag that say how long its field is.
enum WireType: UInt8 {
  case varint = 0
  case fixed64 = 1
  case lengthDelimited = 2
  case fixed32 = 5
}

/// Reads protobuf's wire format from untrusted bytes, never past `end`.
struct WireCursor {
  let bytes: UnsafeRawBufferPointer
  var offset: Int
  let end: Int
  /// The type of the message that is being read, for errors.
  let message: String

  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, message: String = "") {
    self.bytes = bytes
    self.message = message
    offset = range.lowerBound
    end = range.upperBound
  }

  var isAtEnd: Bool { offset >= end }

  /// - Throws: `ModelError` where the varint is not complete, or longer than 64 bits need.
  mutating func readVarint() throws -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while offset < end {
      let byte = bytes[offset]
      offset += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
      guard shift < 70 else { throw damaged("a number is longer than 10 bytes") }
    }
    throw damaged("the file ends, or a length is wrong: a number is cut off")
  }

  mutating func readTag() throws -> (number: UInt32, type: WireType) {
    let start = offset
    let tag = try readVarint()
    guard let tag = UInt32(exactly: tag), tag >> 3 > 0 else {
      offset = start
      throw damaged("\(tag) is no field tag: the file is damaged, or of another format")
    }
    guard let type = WireType(rawValue: UInt8(tag & 7)) else {
      offset = start
      throw damaged(
        "field \(tag >> 3) has wire type \(tag & 7), which is a group or none at all: the file is damaged, or of another format"
      )
    }
    return (tag >> 3, type)
  }

  /// Moves over a field's content without reading it; for length-delimited ones the range leaves out the length.
  mutating func skip(_ type: WireType) throws -> Range<Int> {
    let start = offset
    switch type {
    case .varint:
      _ = try readVarint()
      return start..<offset
    case .fixed64: return try take(8)
    case .fixed32: return try take(4)
    case .lengthDelimited:
      let length = try readVarint()
      guard let length = Int(exactly: length) else {
        offset = start
        throw damaged("a length is \(length)")
      }
      return try take(length)
    }
  }

  private mutating func take(_ count: Int) throws -> Range<Int> {
    guard count <= end - offset else {
      throw damaged("needs \(count) more bytes, and there are \(end - offset): the file is truncated or damaged")
    }
    defer { offset += count }
    return offset..<offset + count
  }

  func damaged(_ message: String) -> ModelError {
    let place = self.message.isEmpty ? "offset \(offset)" : "offset \(offset) (\(self.message))"
    return ModelError(.invalidModel, place: place, message)
  }
}
