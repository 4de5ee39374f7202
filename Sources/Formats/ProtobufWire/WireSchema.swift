import CModelProtos

/// What the wire scan knows of the message types of a format, read off the descriptors that protobuf-c generated.
struct WireSchema: Sendable {
  /// The descriptor of the outermost message.
  nonisolated(unsafe) let root: UnsafePointer<ProtobufCMessageDescriptor>
  /// What becomes of a field.
  enum Role: Sendable {
    /// It goes into the rewritten message.
    case kept
    /// Its content, which may be large, is replaced by its index in the table of payloads.
    case payload
    /// It is checked, taken out, and listed apart as it is.
    case extracted
  }

  enum Kind: Sendable, Equatable {
    case varint
    case fixed32
    case fixed64
    case bytes
    /// A message of the type at that index of `messages`.
    case message(Int)
  }

  struct Field: Sendable {
    let name: String
    let kind: Kind
    let isRepeated: Bool
    /// Where in the C structure the members of the oneof note which of them is set; the same for all of them, `nil` outside of oneofs.
    let oneof: UInt32?
    /// What one element takes in memory, unpacked and translated, apart from its own content.
    let elementCost: Int
    let role: Role
  }

  struct Message: Sendable {
    let name: String
    /// What one takes in memory: the C structure, and what it becomes.
    let cost: Int
    /// By field number.
    fileprivate(set) var fields: [Field?]
    /// Whether fields may have to be merged: a message that occurs twice where one is expected.
    fileprivate(set) var hasSingularMessages = false

    func field(_ number: UInt32) -> Field? { number < fields.count ? fields[Int(number)] : nil }
  }

  private(set) var messages: [Message] = []

  /// - Parameters:
  ///   - roles: those that are not `.kept`, under `<message>.<field>`.
  ///   - translationCosts: what a `<message>`, its fields apart, or an element of a `<message>.<field>` takes beside its C
  ///     structure once it is translated.
  init(
    _ root: UnsafePointer<ProtobufCMessageDescriptor>, roles: [String: Role] = [:],
    translationCosts: [String: Int] = [:]
  ) {
    self.root = root
    var indices: [UnsafePointer<ProtobufCMessageDescriptor>: Int] = [root: 0]
    var pending = [root]
    while messages.count < pending.count {
      let descriptor = pending[messages.count].pointee
      let name = String(cString: descriptor.short_name)
      var message = Message(
        name: name, cost: descriptor.sizeof_message + translationCosts[name, default: 0], fields: [])
      for field in UnsafeBufferPointer(start: descriptor.fields, count: Int(descriptor.n_fields)) {
        let name = String(cString: field.name)
        let kind = Self.kind(of: field) { child in
          if let known = indices[child] { return known }
          indices[child] = pending.count
          pending.append(child)
          return pending.count - 1
        }
        while message.fields.count <= Int(field.id) { message.fields.append(nil) }
        let isRepeated = field.label == PROTOBUF_C_LABEL_REPEATED
        message.fields[Int(field.id)] = Field(
          name: name, kind: kind, isRepeated: isRepeated,
          oneof: field.flags & UInt32(PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue) != 0 ? field.quantifier_offset : nil,
          elementCost: Self.elementCost(of: field) + translationCosts["\(message.name).\(name)", default: 0],
          role: roles["\(message.name).\(name)"] ?? .kept)
        if case .message = kind, !isRepeated { message.hasSingularMessages = true }
      }
      messages.append(message)
    }
  }

  private static func kind(
    of field: ProtobufCFieldDescriptor, index: (UnsafePointer<ProtobufCMessageDescriptor>) -> Int
  ) -> Kind {
    switch field.type {
    case PROTOBUF_C_TYPE_FLOAT, PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_SFIXED32: return .fixed32
    case PROTOBUF_C_TYPE_DOUBLE, PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_SFIXED64: return .fixed64
    case PROTOBUF_C_TYPE_BYTES, PROTOBUF_C_TYPE_STRING: return .bytes
    case PROTOBUF_C_TYPE_MESSAGE:
      guard let descriptor = field.descriptor else { return .bytes }
      return .message(index(descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)))
    default: return .varint
    }
  }

  /// Texts are allocated twice, unpacked and as a name of the IR; numbers lie in two arrays.
  private static func elementCost(of field: ProtobufCFieldDescriptor) -> Int {
    switch field.type {
    case PROTOBUF_C_TYPE_MESSAGE: 8
    case PROTOBUF_C_TYPE_BYTES, PROTOBUF_C_TYPE_STRING: MemoryLayout<ProtobufCBinaryData>.size + 2 * 48
    case PROTOBUF_C_TYPE_INT32, PROTOBUF_C_TYPE_UINT32, PROTOBUF_C_TYPE_SINT32, PROTOBUF_C_TYPE_ENUM,
      PROTOBUF_C_TYPE_FLOAT, PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_SFIXED32, PROTOBUF_C_TYPE_BOOL:
      2 * 4
    default: 2 * 8
    }
  }
}
