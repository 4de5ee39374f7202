import CModelProtos
import Glibc
import IR

/// A view of an unpacked message of the C type `Structure`.
///
/// Valid as long as the memory that it was unpacked into.
@usableFromInline
package struct UnpackedMessage<Structure> {
  @usableFromInline
  package let pointer: UnsafeMutablePointer<Structure>

  @inlinable
  package init(_ pointer: UnsafeMutablePointer<Structure>) {
    self.pointer = pointer
  }

  /// The fields, copied.
  @inlinable
  package var pointee: Structure { pointer.pointee }

  private var base: UnsafeMutablePointer<ProtobufCMessage> {
    UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: ProtobufCMessage.self)
  }

  /// The message as protobuf encodes it, fields that this build does not know included.
  package var wireBytes: ByteString {
    let size = protobuf_c_message_get_packed_size(base)
    return ByteString(
      [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        count = buffer.baseAddress.map { protobuf_c_message_pack(base, $0) } ?? 0
      })
  }

  package var hasUnknownFields: Bool { base.pointee.n_unknown_fields > 0 }

  /// The fields that this build does not know, tags included; `nil` where there are none.
  package var unknownFields: ByteString? {
    guard hasUnknownFields else { return nil }
    var bytes: [UInt8] = []
    for field in UnsafeBufferPointer(start: base.pointee.unknown_fields, count: Int(base.pointee.n_unknown_fields)) {
      var tag = UInt64(field.tag) << 3 | UInt64(field.wire_type.rawValue)
      while tag >= 0x80 {
        bytes.append(UInt8(tag & 0x7f) | 0x80)
        tag >>= 7
      }
      bytes.append(UInt8(tag))
      bytes.append(contentsOf: UnsafeBufferPointer(start: field.data, count: field.len))
    }
    return ByteString(bytes)
  }

  /// Which optional scalar fields do not say by their presence what they say by their value. Bit n is field number n.
  ///
  /// - Parameters:
  ///   - always: the fields that are written whatever they say.
  ///   - ignored: fields whose presence is kept elsewhere.
  /// - Returns: the fields that are there though empty or 0, and those of `always` that are not there.
  package func unusualFields(always: FieldMask, ignored: FieldMask) -> (explicit: FieldMask, absent: FieldMask) {
    var explicit = FieldMask()
    var absent = FieldMask()
    guard let descriptor = base.pointee.descriptor?.pointee else { return (explicit, absent) }
    let memory = UnsafeRawPointer(pointer)
    for field in UnsafeBufferPointer(start: descriptor.fields, count: Int(descriptor.n_fields)) {
      let mask = FieldMask(number: field.id)
      guard Self.hasPresence(field), ignored.isDisjoint(with: mask) else { continue }
      let isPresent =
        memory.loadUnaligned(fromByteOffset: Int(field.quantifier_offset), as: protobuf_c_boolean.self) != 0
      if always.contains(mask) {
        if !isPresent { absent.formUnion(mask) }
      } else if isPresent, Self.isDefault(memory + Int(field.offset), field.type) {
        explicit.formUnion(mask)
      }
    }
    return (explicit, absent)
  }

  /// Gives the scalar fields the presence that `unusualFields` found, as far as they still say nothing.
  package func setPresence(explicit: FieldMask, absent: FieldMask) {
    guard let descriptor = base.pointee.descriptor?.pointee else { return }
    let memory = UnsafeMutableRawPointer(pointer)
    for field in UnsafeBufferPointer(start: descriptor.fields, count: Int(descriptor.n_fields)) {
      let mask = FieldMask(number: field.id)
      guard explicit.union(absent).contains(mask), Self.hasPresence(field),
        Self.isDefault(UnsafeRawPointer(memory) + Int(field.offset), field.type)
      else { continue }
      let isPresent: protobuf_c_boolean = explicit.contains(mask) ? 1 : 0
      memory.storeBytes(of: isPresent, toByteOffset: Int(field.quantifier_offset), as: protobuf_c_boolean.self)
    }
  }

  private static func hasPresence(_ field: ProtobufCFieldDescriptor) -> Bool {
    field.label == PROTOBUF_C_LABEL_OPTIONAL && field.type != PROTOBUF_C_TYPE_MESSAGE
      && field.flags & UInt32(PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue) == 0
  }

  private static func isDefault(_ value: UnsafeRawPointer, _ type: ProtobufCType) -> Bool {
    switch type {
    case PROTOBUF_C_TYPE_BYTES: value.loadUnaligned(as: ProtobufCBinaryData.self).len == 0
    case PROTOBUF_C_TYPE_INT64, PROTOBUF_C_TYPE_UINT64, PROTOBUF_C_TYPE_SINT64, PROTOBUF_C_TYPE_FIXED64,
      PROTOBUF_C_TYPE_SFIXED64, PROTOBUF_C_TYPE_DOUBLE:
      value.loadUnaligned(as: UInt64.self) == 0
    default: value.loadUnaligned(as: UInt32.self) == 0
    }
  }
}

/// A set of fields of a message, by number.
package struct FieldMask: OptionSet, Hashable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// The field of that number; of numbers above 63 there is none in the formats that we read.
  package init(number: UInt32) {
    rawValue = number < 64 ? 1 << UInt64(number) : 0
  }

  package static func fields(_ numbers: UInt32...) -> FieldMask {
    numbers.reduce(into: FieldMask()) { $0.formUnion(FieldMask(number: $1)) }
  }
}

/// The messages of a repeated field.
@inlinable
package func messages<Structure>(
  _ start: UnsafeMutablePointer<UnsafeMutablePointer<Structure>?>?, _ count: Int
) -> [UnpackedMessage<Structure>] {
  var messages: [UnpackedMessage<Structure>] = []
  guard let start, count > 0 else { return messages }
  messages.reserveCapacity(count)
  for index in 0..<count {
    if let message = start[index] { messages.append(UnpackedMessage(message)) }
  }
  return messages
}

extension ByteString {
  /// What a `bytes` field holds.
  package init(_ data: ProtobufCBinaryData) {
    self.init(bytes: Array(UnsafeBufferPointer(start: data.data, count: data.len)))
  }

  /// Whether a `bytes` field holds this.
  package func equals(_ data: ProtobufCBinaryData) -> Bool {
    guard bytes.count == data.len, let start = data.data else { return bytes.count == data.len }
    return bytes.withUnsafeBytes { own in own.baseAddress.map { memcmp($0, start, data.len) == 0 } ?? true }
  }
}
