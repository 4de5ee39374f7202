import CModelProtos
import Formats
import IR

/// Reads the attributes of a node or the attribute defaults of a function.
struct AttributeReader {
  private let tensors: TensorReader
  private let isInFunction: Bool

  init(_ reader: ModelReader, isInFunction: Bool) {
    tensors = TensorReader(document: reader.document, externalData: reader.externalData)
    self.isInFunction = isInFunction
  }

  /// A graph-valued attribute: its graphs are to become regions.
  struct GraphAttribute {
    let name: ByteString
    let graphs: [UnpackedMessage<Onnx__GraphProto>]
    let isList: Bool
    /// The message's other fields as wire bytes; empty where there are none.
    let rest: ByteString
  }

  struct Attributes {
    var attributes: [Attribute] = []
    var graphs: [GraphAttribute] = []
    /// The names in the file's order, where that is not sorted.
    var order: Annotations.Property?
  }

  /// - Throws: `ModelError` where an attribute has no name, no type, more than one value, or is there twice.
  func read(_ protos: [UnpackedMessage<Onnx__AttributeProto>]) throws -> Attributes {
    var result = Attributes()
    var names: [ByteString] = []
    for proto in protos {
      let name = ByteString(proto.pointee.name)
      guard !name.isEmpty else { throw ModelError(.invalidModel, "an attribute has no name") }
      names.append(name)
      do {
        try read(proto, name, into: &result)
      } catch let error as ModelError {
        throw ModelError(
          error.kind, file: error.file, place: error.place, "attribute '\(name.text)': \(error.message)")
      }
    }
    guard names.count > 1 else { return result }
    let sorted = names.sorted()
    if let twice = zip(sorted, sorted.dropFirst()).first(where: { $0 == $1 }) {
      throw ModelError(.invalidModel, "attribute '\(twice.0.text)' is there twice")
    }
    if sorted != names { result.order = .list(names.map { .bytes($0) }) }
    return result
  }

  private func read(
    _ message: UnpackedMessage<Onnx__AttributeProto>, _ name: ByteString, into result: inout Attributes
  ) throws {
    let kind = try AttributeFields.kind(of: message)
    var annotations = Annotations()
    let proto = message.pointee
    if proto.ref_attr_name.len > 0 {
      guard isInFunction else {
        throw ModelError(
          .invalidModel, "refers to attribute '\(ByteString(proto.ref_attr_name).text)' of a function, but is in none")
      }
      try note(message, always: .fields(1, 20), in: &annotations)
      result.attributes.append(
        Attribute(name, .reference(ByteString(proto.ref_attr_name), kind: kind), annotations: annotations.unlessEmpty))
      return
    }
    if kind == .graph || kind == .graphs {
      let graphs = kind == .graph ? proto.g.map { [UnpackedMessage($0)] } ?? [] : messages(proto.graphs, proto.n_graphs)
      guard kind == .graphs || graphs.count == 1 else { throw ModelError(.invalidModel, "has no graph") }
      result.graphs.append(
        GraphAttribute(name: name, graphs: graphs, isList: kind == .graphs, rest: rest(of: message)))
      return
    }
    try note(message, always: AttributeFields.always(kind), in: &annotations)
    let value = try value(message, kind, &annotations)
    result.attributes.append(Attribute(name, value, annotations: annotations.unlessEmpty))
  }

  private func note(
    _ message: UnpackedMessage<Onnx__AttributeProto>, always: FieldMask, in annotations: inout Annotations
  ) throws {
    let proto = message.pointee
    try annotations.note(
      message, documentation: proto.has_doc_string != 0 ? proto.doc_string : nil, always: always, ignored: .fields(13))
  }

  /// What is left of a graph-valued attribute once name, type and graphs are taken away.
  private func rest(of message: UnpackedMessage<Onnx__AttributeProto>) -> ByteString {
    let proto = message.pointer
    let graph = proto.pointee.g
    let count = proto.pointee.n_graphs
    proto.pointee.has_name = 0
    proto.pointee.has_type = 0
    proto.pointee.g = nil
    proto.pointee.n_graphs = 0
    defer {
      proto.pointee.g = graph
      proto.pointee.n_graphs = count
    }
    return message.wireBytes
  }

  // MARK: Values

  private func value(
    _ message: UnpackedMessage<Onnx__AttributeProto>, _ kind: AttributeKind, _ annotations: inout Annotations
  ) throws -> AttributeValue {
    let proto = message.pointee
    switch kind {
    case .float: return .float(proto.f)
    case .int: return .int(proto.i)
    case .string:
      guard proto.has_s != 0 else { return .string("") }
      return .string(try tensors.document.payload(proto.s).withUnsafeBytes { ByteString($0) })
    case .floats: return .floats(Array(UnsafeBufferPointer(start: proto.floats, count: proto.n_floats)))
    case .ints: return .ints(Array(UnsafeBufferPointer(start: proto.ints, count: proto.n_ints)))
    case .strings:
      return .strings(UnsafeBufferPointer(start: proto.strings, count: proto.n_strings).map { ByteString($0) })
    case .tensor:
      guard let tensor = proto.t else { throw ModelError(.invalidModel, "has no tensor") }
      let read = try tensors.read(UnpackedMessage(tensor))
      if !read.rest.isEmpty { annotations[ONNXProperty.tensor] = .bytes(read.rest) }
      return .tensor(read.literal)
    case .tensors:
      let read = try messages(proto.tensors, proto.n_tensors).map { try tensors.read($0) }
      annotations[ONNXProperty.tensor] = .rests(read.map(\.rest))
      return .tensors(read.map(\.literal))
    case .sparseTensor:
      guard let tensor = proto.sparse_tensor else { throw ModelError(.invalidModel, "has no sparse tensor") }
      let read = try tensors.read(UnpackedMessage(tensor))
      annotations[ONNXProperty.tensor] = .rests(read.rest)
      return .sparseTensor(read.literal)
    case .sparseTensors:
      let read = try messages(proto.sparse_tensors, proto.n_sparse_tensors).map { try tensors.read($0) }
      annotations[ONNXProperty.tensor] = .rests(read.flatMap(\.rest))
      return .sparseTensors(read.map(\.literal))
    case .type:
      guard let type = proto.tp else { throw ModelError(.invalidModel, "has no type") }
      let read = try DeclaredType(UnpackedMessage(type))
      annotations[ONNXProperty.type] = read.spelling
      return .type(read.type)
    case .types:
      let protos = messages(proto.type_protos, proto.n_type_protos)
      let read = try protos.map { try DeclaredType($0) }
      if read.contains(where: { $0.spelling != nil }) {
        annotations[ONNXProperty.type] = .list(protos.map { .bytes($0.wireBytes) })
      }
      return .types(read.map(\.type))
    case .graph, .graphs: throw ModelError(.internalFailure, "a graph is no attribute value")
    }
  }
}

extension Annotations.Property {
  /// The rests of some messages; `nil` where none has any.
  static func rests(_ rests: [ByteString]) -> Annotations.Property? {
    rests.allSatisfy(\.isEmpty) ? nil : .list(rests.map { .bytes($0) })
  }
}
