import CModelProtos
import IR

/// The memory of a protobuf message that is being put together: handed out in order, given back all at once.
final class MessageArena {
  private var chunks: [UnsafeMutableRawBufferPointer] = []
  private var used = 0

  private static let chunkSize = 1 << 18
  private static let alignment = 16

  deinit {
    for chunk in chunks { chunk.deallocate() }
  }

  /// A message that `initialize`, its type's generated function, has made empty.
  func message<Message>(_ initialize: (UnsafeMutablePointer<Message>?) -> Void) -> UnsafeMutablePointer<Message> {
    let message = allocate(MemoryLayout<Message>.size).bindMemory(to: Message.self, capacity: 1)
    initialize(message)
    return message
  }

  /// A message that consists of `bytes`, which are its fields as protobuf encodes them.
  func message<Message>(
    _ initialize: (UnsafeMutablePointer<Message>?) -> Void, wire bytes: ByteString
  ) throws -> UnsafeMutablePointer<Message> {
    let message = message(initialize)
    try append(bytes, to: message)
    return message
  }

  /// The elements, as repeated fields refer to them; `nil` where there are none.
  func array<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element>? {
    guard !elements.isEmpty else { return nil }
    let array = allocate(elements.count * MemoryLayout<Element>.stride)
      .bindMemory(to: Element.self, capacity: elements.count)
    array.initialize(from: elements, count: elements.count)
    return array
  }

  /// The pointers to messages that a repeated field refers to, and their number.
  func list<Message>(
    _ messages: [UnsafeMutablePointer<Message>]
  ) -> (Int, UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?) {
    (messages.count, array(messages.map { Optional($0) }))
  }

  /// The texts that a repeated field refers to, and their number.
  func list(_ texts: [ByteString]) -> (Int, UnsafeMutablePointer<ProtobufCBinaryData>?) {
    (texts.count, array(texts.map { data($0) }))
  }

  /// A text, as a `bytes` field holds it.
  func data(_ text: ByteString) -> ProtobufCBinaryData {
    ProtobufCBinaryData(len: text.bytes.count, data: array(text.bytes))
  }

  /// A text that is absent where it is empty: the presence of an optional field, and the field.
  func text(_ text: ByteString) -> (protobuf_c_boolean, ProtobufCBinaryData) {
    (text.isEmpty ? 0 : 1, data(text))
  }

  /// A text that is absent where it is `nil`.
  func text(_ text: ByteString?) -> (protobuf_c_boolean, ProtobufCBinaryData) {
    text.map { (1, data($0)) } ?? (0, ProtobufCBinaryData())
  }

  private func allocate(_ size: Int) -> UnsafeMutableRawPointer {
    let rounded = (max(size, 1) + Self.alignment - 1) / Self.alignment * Self.alignment
    if let chunk = chunks.last, let base = chunk.baseAddress, rounded <= chunk.count - used {
      defer { used += rounded }
      return base + used
    }
    let chunk = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(Self.chunkSize, rounded), alignment: Self.alignment)
    chunks.append(chunk)
    used = 0
    return allocate(size)
  }
}

// MARK: - Fields that this build does not know

extension MessageArena {
  /// Appends fields to a message as protobuf encodes them, tags included.
  ///
  /// - Throws: `ModelError` where the bytes do not begin with a tag.
  func append<Message>(_ fields: ByteString, to message: UnsafeMutablePointer<Message>) throws {
    guard !fields.isEmpty else { return }
    let base = UnsafeMutableRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
    var unknown = Array(
      UnsafeBufferPointer(start: base.pointee.unknown_fields, count: Int(base.pointee.n_unknown_fields)))
    unknown.append(try unknownField(fields))
    base.pointee.unknown_fields = array(unknown)
    base.pointee.n_unknown_fields = UInt32(unknown.count)
  }

  /// One field that stands for all: libprotobuf-c writes its tag, and then the rest as it is.
  private func unknownField(_ fields: ByteString) throws -> ProtobufCMessageUnknownField {
    var tag: UInt64 = 0
    for (index, byte) in fields.bytes.prefix(5).enumerated() {
      tag |= UInt64(byte & 0x7f) << UInt64(7 * index)
      guard byte < 0x80 else { continue }
      guard let number = UInt32(exactly: tag >> 3), number > 0 else { break }
      let rest = Array(fields.bytes[(index + 1)...])
      return ProtobufCMessageUnknownField(
        tag: number, wire_type: ProtobufCWireType(rawValue: UInt32(tag & 7)), len: rest.count, data: array(rest))
    }
    throw ModelError(.invalidModel, "carries fields of an unknown kind that are damaged")
  }
}
