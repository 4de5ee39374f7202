import CModelProtos
import IR

/// A network of Caffe, in binary or as text, checked and unpacked: small structures, and weights that are still in the file.
package final class CaffeDocument {
  /// The root. Valid, with all that hangs on it, while the document lives.
  package var network: UnsafeMutablePointer<Caffe__NetParameter> { file.root }
  /// What a text says that Caffe's messages have no field for.
  package let unknownFields: [ProtobufText.UnknownField]
  private let file: WireDocument<Caffe__NetParameter>

  /// Caffe's messages lie at most six deep in each other.
  private static let maximumDepth = 16

  private static let schema: WireSchema? = {
    var network = Caffe__NetParameter()
    caffe__net_parameter__init(&network)
    return network.base.descriptor.map {
      WireSchema(
        $0,
        roles: [
          "BlobProto.data": .payload, "BlobProto.diff": .payload, "BlobProto.double_data": .payload,
          "BlobProto.double_diff": .payload,
        ],
        translationCosts: [
          "LayerParameter": 1024, "V1LayerParameter": 2048, "BlobProto": 768, "LayerParameter.bottom": 64,
          "LayerParameter.top": 256, "V1LayerParameter.bottom": 64, "V1LayerParameter.top": 256,
        ])
    }
  }()

  /// Unpacks a binary network.
  ///
  /// - Throws: `ModelError` with the offset of what is damaged, nested too deep, or would take too much memory.
  package convenience init(binary: ByteSlice) throws {
    try self.init(try Self.knownSchema(), binary, [])
  }

  /// Translates a network in text form.
  ///
  /// - Throws: `ModelError` with line and column of what is no network.
  package convenience init(text: ByteSlice) throws {
    let schema = try Self.knownSchema()
    let parsed = try ProtobufText.parse(text, schema.root, depth: Self.maximumDepth)
    try self.init(schema, ByteSlice(parsed.wireBytes), parsed.unknownFields)
  }

  private init(_ schema: WireSchema, _ wire: ByteSlice, _ unknownFields: [ProtobufText.UnknownField]) throws {
    file = try WireDocument(
      wire, schema,
      WireScan.Limits(
        depth: Self.maximumDepth, nested: ("NetParameter", 1), memory: WireScan.Limits.memory(byteCount: wire.count)),
      format: "network of Caffe")
    self.unknownFields = unknownFields
  }

  private static func knownSchema() throws -> WireSchema {
    guard let schema else { throw ModelError(.internalFailure, "the descriptors of Caffe are not there") }
    return schema
  }

  /// The list of numbers at `index` of the table.
  package func payload(_ index: some BinaryInteger) throws -> ByteSlice { try file.payload(index) }
}
