import IR

/// Fields that are no messages.
extension WireScan {
  /// Checks one field, and where numbers of a list follow each other unpacked, those too; rewrites what libprotobuf-c would
  /// copy, or take apart number by number.
  ///
  /// - Returns: how many numbers of a list are left as fields of their own behind the first.
  mutating func rewrite(
    _ field: WireSchema.Field, _ number: UInt32, _ type: WireType, _ whole: Range<Int>, _ content: Range<Int>,
    _ cursor: inout WireCursor
  ) throws -> Int {
    switch (field.kind, type) {
    case (.bytes, .lengthDelimited):
      if field.role == .payload {
        try replace(whole, of: field, number, by: slice(content))
        giveBackPages(before: content.upperBound)
      } else {
        // Once unpacked, and again as a name or text of the IR.
        try charge(2 * content.count + field.elementCost, at: content)
      }
    case (.varint, .lengthDelimited) where field.isRepeated, (.fixed32, .lengthDelimited) where field.isRepeated,
      (.fixed64, .lengthDelimited) where field.isRepeated:
      if field.role == .payload {
        try replace(whole, of: field, number, by: slice(content))
      } else {
        try chargeNumbers(UnsafeRawBufferPointer(rebasing: bytes[content]), of: field, at: content)
      }
      giveBackPages(before: content.upperBound)
    case (.varint, .varint), (.fixed32, .fixed32), (.fixed64, .fixed64):
      if field.isRepeated { return try rewriteRun(field, number, type, whole, content, &cursor) }
    case (.message, _), (.bytes, _), (.varint, _), (.fixed32, _), (.fixed64, _):
      throw ModelError(
        .invalidModel, place: place(whole),
        "\(cursor.message).\(field.name) has wire type \(type.rawValue): the file is damaged, or no such model")
    }
    return 0
  }

  /// As many numbers of a list may stay fields of their own.
  private static let fewNumbers = 8

  /// Packs a number and those that follow it in the same field, where they are many.
  private mutating func rewriteRun(
    _ field: WireSchema.Field, _ number: UInt32, _ type: WireType, _ whole: Range<Int>, _ content: Range<Int>,
    _ cursor: inout WireCursor
  ) throws -> Int {
    var others: [Range<Int>] = []
    while !cursor.isAtEnd {
      let before = cursor.offset
      guard try cursor.readTag() == (number, type) else {
        cursor.offset = before
        break
      }
      others.append(try cursor.skip(type))
    }
    if field.role == .kept, others.count < Self.fewNumbers {
      try charge((others.count + 1) * field.elementCost, at: content)
      return others.count
    }
    var numbers = Array(bytes[content])
    for other in others { numbers.append(contentsOf: bytes[other]) }
    try charge(numbers.count, at: content)
    let run = whole.lowerBound..<cursor.offset
    if field.role == .payload {
      try replace(run, of: field, number, by: ByteSlice(numbers))
    } else {
      try numbers.withUnsafeBytes { try chargeNumbers($0, of: field, at: content) }
      copy.replace(run) { WireEncoding.appendDelimited(number, numbers, to: &$0) }
    }
    return 0
  }

  private mutating func chargeNumbers(
    _ numbers: UnsafeRawBufferPointer, of field: WireSchema.Field, at content: Range<Int>
  ) throws {
    let count = try count(numbers, field.kind, at: content)
    let (memory, overflow) = count.multipliedReportingOverflow(by: field.elementCost)
    try charge(overflow ? .max : memory, at: content)
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

  /// Writes the index that `payload` gets in the table instead of the field in `range`.
  private mutating func replace(
    _ range: Range<Int>, of field: WireSchema.Field, _ number: UInt32, by payload: ByteSlice
  ) throws {
    try charge(MemoryLayout<ByteSlice>.stride + field.elementCost, at: payload.offset..<payload.offset)
    let index = UInt64(result.payloads.count)
    result.payloads.append(payload)
    copy.replace(range) { message in
      switch field.kind {
      case .varint:
        var digits: [UInt8] = []
        WireEncoding.appendVarint(index, to: &digits)
        WireEncoding.appendDelimited(number, digits, to: &message)
      case .fixed32:
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: index).littleEndian) {
          WireEncoding.appendDelimited(number, $0, to: &message)
        }
      case .fixed64, .bytes, .message:
        withUnsafeBytes(of: index.littleEndian) { WireEncoding.appendDelimited(number, $0, to: &message) }
      }
    }
  }
}
