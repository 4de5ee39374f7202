import CModelProtos
import Formats
import IR

extension Annotations {
  /// Notes what any message may carry beside its meaning.
  ///
  /// - Parameters:
  ///   - documentation: its `doc_string`; `nil` where it has none.
  ///   - always: the scalar fields that an exporter writes whatever they say.
  ///   - ignored: the scalar fields whose presence is noted elsewhere, `doc_string` for one.
  /// - Throws: `ModelError` where a metadata entry has fields that there is no place for.
  mutating func note<Structure>(
    _ message: UnpackedMessage<Structure>, documentation: ProtobufCBinaryData? = nil,
    metadata: [UnpackedMessage<Onnx__StringStringEntryProto>] = [], always: FieldMask = [], ignored: FieldMask = []
  ) throws {
    self.documentation = documentation.map { ByteString($0) }
    self.metadata = try Entry.read(metadata)
    if let unknown = message.unknownFields { self[ONNXProperty.unknownFields] = .bytes(unknown) }
    let unusual = message.unusualFields(always: always, ignored: ignored)
    if !unusual.explicit.isEmpty { self[ONNXProperty.explicitFields] = .mask(unusual.explicit) }
    if !unusual.absent.isEmpty { self[ONNXProperty.absentFields] = .mask(unusual.absent) }
  }

  /// The annotations, or `nil` where they say nothing.
  var unlessEmpty: Annotations? { isEmpty ? nil : self }
}

extension Annotations.Entry {
  static func read(_ entries: [UnpackedMessage<Onnx__StringStringEntryProto>]) throws -> [Annotations.Entry] {
    try entries.map { entry in
      guard !entry.hasUnknownFields else {
        throw ModelError(
          .invalidModel, "its entry '\(ByteString(entry.pointee.key).text)' has fields that this build does not know")
      }
      return Annotations.Entry(key: ByteString(entry.pointee.key), value: ByteString(entry.pointee.value))
    }
  }
}

extension Annotations.Property {
  /// The text, or `nil` where it is empty.
  static func text(_ data: ProtobufCBinaryData) -> Annotations.Property? {
    data.len == 0 ? nil : .bytes(ByteString(data))
  }

  static func mask(_ fields: FieldMask) -> Annotations.Property { .integer(Int64(bitPattern: fields.rawValue)) }

  static func list(unlessEmpty elements: [Annotations.Property]) -> Annotations.Property? {
    elements.isEmpty ? nil : .list(elements)
  }
}
