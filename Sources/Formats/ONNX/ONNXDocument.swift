import CModelProtos
import IR

/// An ONNX file, checked and unpacked: small structures, and payloads that are still in the file.
package final class ONNXDocument {
  /// The root. Valid, with all that hangs on it, while the document lives.
  package let model: UnsafeMutablePointer<Onnx__ModelProto>
  /// Each TrainingInfoProto, as wire bytes.
  package let trainingInfo: [ByteSlice]
  private let document: WireDocument<Onnx__ModelProto>

  /// The nesting that is compiled: ONNX's own reader stops after 31 graphs inside the main one.
  package static let maximumNestedGraphs = 32
  /// Enough for 33 graphs, each in an attribute of a node, and the type of a value in the innermost.
  private static let maximumDepth = 128

  private static let schema: WireSchema? = {
    var model = Onnx__ModelProto()
    onnx__model_proto__init(&model)
    return model.base.descriptor.map {
      WireSchema(
        $0,
        roles: [
          "TensorProto.raw_data": .payload, "TensorProto.float_data": .payload, "TensorProto.int32_data": .payload,
          "TensorProto.int64_data": .payload, "TensorProto.double_data": .payload, "TensorProto.uint64_data": .payload,
          "AttributeProto.s": .payload, "ModelProto.training_info": .extracted,
        ],
        translationCosts: [
          "NodeProto": 256, "NodeProto.output": 256, "AttributeProto": 128, "TensorProto": 768, "ValueInfoProto": 256,
          "Dimension": 64,
        ])
    }
  }()

  /// What reading a file of `byteCount` bytes may take, all structures together.
  package static func memoryLimit(byteCount: Int) -> Int {
    WireScan.Limits.memory(byteCount: byteCount)
  }

  /// - Throws: `ModelError` with the offset of what is damaged, nested too deep, or would take too much memory.
  package init(_ file: ByteSlice) throws {
    guard let schema = Self.schema else { throw ModelError(.internalFailure, "the ONNX descriptors are not there") }
    document = try WireDocument(
      file, schema,
      WireScan.Limits(
        depth: Self.maximumDepth, nested: ("GraphProto", 1 + Self.maximumNestedGraphs),
        memory: Self.memoryLimit(byteCount: file.count)),
      format: "ONNX model")
    model = document.root
    trainingInfo = document.extracted
  }

  /// The payload that a `bytes` field of the role refers to.
  package func payload(_ reference: ProtobufCBinaryData) throws -> ByteSlice { try document.payload(reference) }

  /// The payload at `index` of the table.
  package func payload(_ index: some BinaryInteger) throws -> ByteSlice { try document.payload(index) }
}
