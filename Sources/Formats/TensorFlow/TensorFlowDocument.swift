import CModelProtos
import IR

/// A SavedModel or a frozen GraphDef, checked and unpacked: small structures, and tensors that are still in the file.
package enum TensorFlowDocument {
  case savedModel(WireDocument<Tensorflow__SavedModel>)
  case graph(WireDocument<Tensorflow__GraphDef>)

  /// What is in the file, judged by its first bytes; `nil` where it is neither.
  package enum Kind {
    case savedModel, graph
  }

  /// - Parameter prefix: the file's first bytes, 64 of them where it has as many.
  package static func kind(prefix: UnsafeRawBufferPointer) -> Kind? {
    var cursor = WireCursor(prefix, 0..<prefix.count)
    guard let (number, type) = try? cursor.readTag() else { return nil }
    switch (number, type) {
    case (1, .varint):
      // The schema's version, which is 1, then a MetaGraphDef, which begins with one of its messages.
      guard (try? cursor.readVarint()) == 1, beginsMessage(&cursor, 2),
        let inner = try? cursor.readTag(), (1...3).contains(inner.number), inner.type == .lengthDelimited
      else { return nil }
      return .savedModel
    case (1, .lengthDelimited):
      // A node, which begins with its name and its operator.
      guard (try? cursor.readVarint()) != nil, beginsMessage(&cursor, 1, skips: true) else { return nil }
      guard !cursor.isAtEnd else { return .graph }
      guard let operation = try? cursor.readTag(), operation == (2, .lengthDelimited) else { return nil }
      return .graph
    default: return nil
    }
  }

  /// Whether a length-delimited field of that number follows.
  private static func beginsMessage(_ cursor: inout WireCursor, _ number: UInt32, skips: Bool = false) -> Bool {
    guard let tag = try? cursor.readTag(), tag == (number, .lengthDelimited), let length = try? cursor.readVarint()
    else { return false }
    if skips { cursor.offset += Int(clamping: min(length, UInt64(cursor.end - cursor.offset))) }
    return true
  }

  /// - Throws: `ModelError` with the offset of what is damaged, nested too deep, or would take too much memory.
  package init(_ file: ByteSlice, _ kind: Kind) throws {
    let limits = WireScan.Limits(
      depth: 24, nested: ("AttrValue", 8), memory: WireScan.Limits.memory(byteCount: file.count))
    switch kind {
    case .savedModel:
      guard let schema = Self.savedModelSchema else { throw Self.missingDescriptors }
      self = .savedModel(try WireDocument(file, schema, limits, format: "TensorFlow SavedModel"))
    case .graph:
      guard let schema = Self.graphSchema else { throw Self.missingDescriptors }
      self = .graph(try WireDocument(file, schema, limits, format: "TensorFlow GraphDef"))
    }
  }

  /// The payload of a tensor's `tensor_content`.
  package func payload(_ reference: ProtobufCBinaryData) throws -> ByteSlice {
    switch self {
    case .savedModel(let document): try document.payload(reference)
    case .graph(let document): try document.payload(reference)
    }
  }

  /// The payload of one of a tensor's lists of numbers.
  package func payload(_ index: some BinaryInteger) throws -> ByteSlice {
    switch self {
    case .savedModel(let document): try document.payload(index)
    case .graph(let document): try document.payload(index)
    }
  }

  // MARK: Schemas

  private static let roles: [String: WireSchema.Role] = [
    "TensorProto.tensor_content": .payload, "TensorProto.float_val": .payload, "TensorProto.double_val": .payload,
    "TensorProto.int_val": .payload, "TensorProto.int64_val": .payload, "TensorProto.bool_val": .payload,
    "TensorProto.half_val": .payload, "TensorProto.scomplex_val": .payload, "TensorProto.dcomplex_val": .payload,
    "TensorProto.uint32_val": .payload, "TensorProto.uint64_val": .payload,
  ]

  private static let translationCosts = [
    "NodeDef": 1024, "AttrEntry": 128, "TensorProto": 768, "FunctionDef": 512, "TensorInfo": 256, "Dim": 64,
  ]

  private static let savedModelSchema: WireSchema? = {
    var model = Tensorflow__SavedModel()
    tensorflow__saved_model__init(&model)
    return model.base.descriptor.map { WireSchema($0, roles: roles, translationCosts: translationCosts) }
  }()

  private static let graphSchema: WireSchema? = {
    var graph = Tensorflow__GraphDef()
    tensorflow__graph_def__init(&graph)
    return graph.base.descriptor.map { WireSchema($0, roles: roles, translationCosts: translationCosts) }
  }()

  private static var missingDescriptors: ModelError {
    ModelError(.internalFailure, "TensorFlow's descriptors are not there")
  }
}
