import IR

/// Fields that are no messages.
extension WireScan {
  /// Rewrites one field, and where numbers of a list follow each other unpacked, those too.
  mutating func rewrite(
    _ field: WireSchema.Field, _ number: UInt32, _ type: WireType, _ whole: Range<Int>, _ content: Range<Int>,
    _ cursor: inout WireCursor
  ) throws {
    switch (field.kind, type) {
    case (.bytes, .lengthDelimited):
      if field.role == .payload {
        try appendPayload(slice(content), of: field, number)
        giveBackPages(before: content.upperBound)
      } else {
        // Once unpacked, and again as a name or text of the IR.
        try charge(2 * content.count + field.elementCost, at: content)
        appendDelimited(number, bytes[content])
      }
    case (.varint, .lengthDelimited) where field.isRepeated, (.fixed32, .lengthDelimited) where field.isRepeated,
      (.fixed64, .lengthDelimited) where field.isRepeated:
      try appendNumbers(slice(content), of: field, number, at: content)
      giveBackPages(before: content.upperBound)
    case (.varint, .varint), (.fixed32, .fixed32), (.fixed64, .fixed64):
      if field.isRepeated {
        let numbers = try joinRun(number, type, content, &cursor)
        try appendNumbers(ByteSlice(numbers), of: field, number, at: content)
      } else {
        result.message.append(contentsOf: bytes[whole])
      }
    case (.message, _), (.bytes, _), (.varint, _), (.fixed32, _), (.fixed64, _):
      throw ModelError(
        .invalidModel, place: place(whole),
        "\(cursor.message).\(field.name) has wire type \(type.rawValue): the file is damaged, or no such model")
    }
  }

  /// The content of a number and of those that follow it in the same field, packed.
  private mutating func joinRun(
    _ number: UInt32, _ type: WireType, _ first: Range<Int>, _ cursor: inout WireCursor
  ) throws -> [UInt8] {
    var numbers = Array(bytes[first])
    while !cursor.isAtEnd {
      let before = cursor.offset
      let next = try cursor.readTag()
      guard next == (number, type) else {
        cursor.offset = before
        break
      }
      numbers.append(contentsOf: bytes[try cursor.skip(type)])
    }
    try charge(numbers.count, at: first)
    return numbers
  }

  private mutating func appendNumbers(
    _ numbers: ByteSlice, of field: WireSchema.Field, _ number: UInt32, at content: Range<Int>
  ) throws {
    if field.role == .payload { return try appendPayload(numbers, of: field, number) }
    try numbers.withUnsafeBytes { numbers in
      let count = try count(numbers, field.kind, at: content)
      let (memory, overflow) = count.multipliedReportingOverflow(by: field.elementCost)
      try charge(overflow ? .max : memory, at: content)
      appendDelimited(number, numbers)
    }
  }

  private func count(_ numbers: UnsafeRawBufferPointer, _ kind: WireSchema.Kind, at content: Range<Int>) throws -> Int {
    switch kind {
    case .varint:
      guard numbers.last ?? 0 < 0x80 else {
        throw ModelError(.invalidModel, place: place(content), "a list of numbers ends inside a number")
      }
      return numbers.count { $0 < 0x80 }
    case .fixed32, .fixed64:
      let size = kind == .fixed32 ? 4 : 8
      guard numbers.count.isMultiple(of: size) else {
        throw ModelError(
          .invalidModel, place: place(content), "a list of \(size)-byte numbers has \(numbers.count) bytes")
      }
      return numbers.count / size
    case .bytes, .message: return 0
    }
  }

  // MARK: Payloads

  func slice(_ range: Range<Int>) throws -> ByteSlice {
    guard let slice = source.slice(offset: range.lowerBound, count: range.count) else {
      throw ModelError(.internalFailure, place: place(range), "a field lies outside the file")
    }
    return slice
  }

  private mutating func appendPayload(_ payload: ByteSlice, of field: WireSchema.Field, _ number: UInt32) throws {
    try charge(MemoryLayout<ByteSlice>.stride + field.elementCost, at: payload.offset..<payload.offset)
    let index = UInt64(result.payloads.count)
    result.payloads.append(payload)
    switch field.kind {
    case .varint:
      var digits: [UInt8] = []
      WireEncoding.appendVarint(index, to: &digits)
      digits.withUnsafeBytes { appendDelimited(number, $0) }
    case .fixed32: withUnsafeBytes(of: UInt32(truncatingIfNeeded: index).littleEndian) { appendDelimited(number, $0) }
    case .fixed64, .bytes, .message: withUnsafeBytes(of: index.littleEndian) { appendDelimited(number, $0) }
    }
  }

  // MARK: Writing

  mutating func appendDelimited(_ number: UInt32, _ content: some Collection<UInt8>) {
    let length = beginDelimited(number)
    result.message.append(contentsOf: content)
    endDelimited(length)
  }

  /// Writes a tag and leaves room for the length, which is known in the end. Returns where that is.
  mutating func beginDelimited(_ number: UInt32) -> Int {
    WireEncoding.appendTag(number, .lengthDelimited, to: &result.message)
    return WireEncoding.beginDelimited(&result.message)
  }

  /// Writes the length of what was appended since `beginDelimited`.
  mutating func endDelimited(_ offset: Int) { WireEncoding.endDelimited(offset, &result.message) }
}
