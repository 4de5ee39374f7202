import IR

/// The messages that hold one value beside a model: a tensor, a sequence, an optional.
package enum ValueMessage {
  /// The contents of the fields of a message that have a length, in order.
  ///
  /// - Throws: `ModelError` with the offset of what is damaged.
  package static func fields(of message: ByteSlice) throws -> [(number: Int, content: ByteSlice)] {
    try message.withUnsafeBytes { bytes in
      var cursor = WireCursor(bytes, 0..<bytes.count)
      var fields: [(Int, ByteSlice)] = []
      while !cursor.isAtEnd {
        let (number, type) = try cursor.readTag()
        let range = try cursor.skip(type)
        guard type == .lengthDelimited, let content = message.slice(offset: range.lowerBound, count: range.count) else {
          continue
        }
        fields.append((Int(number), content))
      }
      return fields
    }
  }

  /// The bytes of a message with one field of each number and content, in order.
  static func message(_ fields: [(number: Int, content: [UInt8])]) -> [UInt8] {
    fields.flatMap { field -> [UInt8] in
      varint(field.number << 3 | 2) + varint(field.content.count) + field.content
    }
  }

  private static func varint(_ value: Int) -> [UInt8] {
    var (rest, bytes) = (value, [UInt8]())
    while rest > 0x7F {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  /// A model that has nothing but the initializer that `tensor`, a TensorProto, is: what reads models reads tensors too.
  package static func model(holding tensor: [UInt8]) -> [UInt8] {
    let version: [UInt8] = [0x08, 8]
    let opset = message([(8, [0x10, 13])])
    return version + message([(7, message([(5, tensor)]))]) + opset
  }

  /// A TensorProto with a name, which a value in a file of its own may lack and an initializer must have: the last counts.
  package static func named(_ tensor: [UInt8]) -> [UInt8] { tensor + message([(8, Array("value".utf8))]) }

  /// A TensorProto of a small literal.
  package static func tensor(_ literal: TensorLiteral, name: String) throws -> [UInt8] {
    let dimensions = literal.dimensions.flatMap { dimension -> [UInt8] in [0x08] + varint(dimension) }
    let type: [UInt8] = [0x10] + varint(literal.elementType.dataType)
    let content: [UInt8]
    if case .strings(let strings) = literal.source {
      content = message(strings.map { (6, Array($0.bytes)) })
    } else {
      content = message([(9, try literal.withWindow(0..<literal.elementCount) { Array($0) })])
    }
    return dimensions + type + message([(8, Array(name.utf8))]) + content
  }
}
