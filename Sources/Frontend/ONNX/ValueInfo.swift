import CModelProtos
import Formats
import IR

/// What a ValueInfoProto says of a value.
struct ValueInfo {
  let name: ByteString
  let type: ValueType
  let annotations: Annotations?

  init(_ message: UnpackedMessage<Onnx__ValueInfoProto>) throws {
    let proto = message.pointee
    name = ByteString(proto.name)
    var annotations = Annotations()
    try annotations.note(
      message, documentation: proto.has_doc_string != 0 ? proto.doc_string : nil,
      metadata: messages(proto.metadata_props, proto.n_metadata_props), always: .fields(1), ignored: .fields(3))
    do {
      let typed = try proto.type.map { try DeclaredType(UnpackedMessage($0)) }
      type = typed?.type ?? .unknown
      annotations[ONNXProperty.type] = typed?.spelling
    } catch let error as ModelError {
      throw error.at("value '\(name.text)'")
    }
    self.annotations = annotations.unlessEmpty
  }
}

/// A type as a file declares it.
struct DeclaredType {
  let type: ValueType
  /// The message as it is, where the type does not say all of it.
  let spelling: Annotations.Property?

  init(_ message: UnpackedMessage<Onnx__TypeProto>) throws {
    let reading = try ONNXTypes.read(message)
    type = reading.type
    spelling = reading.isExact ? nil : .bytes(message.wireBytes)
  }
}
