import CModelProtos
import Formats
import IR

/// Attributes, graph-valued ones included.
extension ModelEncoder {
  private typealias Message = UnsafeMutablePointer<Onnx__AttributeProto>

  /// The attributes and regions of an operation, in the source's order as long as it still has the same.
  func attributes(of operation: Operation) throws -> [UnsafeMutablePointer<Onnx__AttributeProto>] {
    var written: [(name: ByteString, message: Message)] = []
    for attribute in operation.attributes.all {
      written.append((attribute.name, try self.attribute(attribute)))
    }
    for name in Set(operation.regions.map(\.name)).sorted() {
      written.append((name, try graphAttribute(name, of: operation)))
    }
    let absent = operation.annotations.byteList(ONNXProperty.graphLists).filter { name in
      !operation.regions.contains { $0.name == name }
    }
    for name in absent { written.append((name, try graphAttribute(name, of: operation))) }
    written.sort { $0.name < $1.name }
    return ordered(written, by: operation.annotations.byteList(ONNXProperty.attributeOrder), \.name).map(\.message)
  }

  private func graphAttribute(_ name: ByteString, of operation: Operation) throws -> Message {
    let graphs = try operation.regions.filter { $0.name == name }.map { try graph($0.graph) }
    let isList = operation.annotations.byteList(ONNXProperty.graphLists).contains(name)
    guard isList || graphs.count == 1 else {
      throw ModelError(.invalidModel, "has \(graphs.count) graphs '\(name.text)', and ONNX one")
    }
    let message = frame(name, isList ? .graphs : .graph)
    if isList {
      (message.pointee.n_graphs, message.pointee.graphs) = arena.list(graphs)
    } else {
      message.pointee.g = graphs[0]
    }
    for property in operation.annotations?.list(ONNXProperty.graphAttributes) ?? [] {
      guard case .list(let parts) = property, parts.count == 2, parts[0] == .bytes(name),
        case .bytes(let rest) = parts[1]
      else { continue }
      try arena.append(rest, to: message)
    }
    return message
  }

  func attribute(_ attribute: Attribute) throws -> UnsafeMutablePointer<Onnx__AttributeProto> {
    do {
      let message = frame(attribute.name, attribute.value.kind)
      try set(attribute.value, of: message, attribute.annotations)
      (message.pointee.has_doc_string, message.pointee.doc_string) = arena.text(attribute.annotations?.documentation)
      try finish(message, attribute.annotations)
      return message
    } catch let error as ModelError {
      throw ModelError(
        error.kind, file: error.file, place: error.place, "attribute '\(attribute.name.text)': \(error.message)")
    }
  }

  private func frame(_ name: ByteString, _ kind: AttributeKind) -> Message {
    let message = arena.message(onnx__attribute_proto__init)
    (message.pointee.has_name, message.pointee.name) = (1, arena.data(name))
    (message.pointee.has_type, message.pointee.type) = (1, kind.attributeType)
    return message
  }

  private func set(_ value: AttributeValue, of message: Message, _ annotations: Annotations?) throws {
    switch value {
    case .int(let value): (message.pointee.has_i, message.pointee.i) = (1, value)
    case .float(let value): (message.pointee.has_f, message.pointee.f) = (1, value)
    case .string(let value): (message.pointee.has_s, message.pointee.s) = (1, arena.data(value))
    case .ints(let values): (message.pointee.n_ints, message.pointee.ints) = (values.count, arena.array(values))
    case .floats(let values): (message.pointee.n_floats, message.pointee.floats) = (values.count, arena.array(values))
    case .strings(let values): (message.pointee.n_strings, message.pointee.strings) = arena.list(values)
    case .tensor(let literal):
      let tensor = try tensor(literal, isInitializer: false)
      if let rest = annotations?.bytes(ONNXProperty.tensor) { try arena.append(rest, to: tensor) }
      message.pointee.t = tensor
    case .tensors(let literals):
      let rests = annotations.byteList(ONNXProperty.tensor)
      (message.pointee.n_tensors, message.pointee.tensors) = arena.list(
        try literals.enumerated().map { index, literal in
          let tensor = try tensor(literal, isInitializer: false)
          if rests.count == literals.count { try arena.append(rests[index], to: tensor) }
          return tensor
        })
    case .sparseTensor(let literal):
      message.pointee.sparse_tensor = try sparseTensor(literal, annotations.byteList(ONNXProperty.tensor))
    case .sparseTensors(let literals):
      let rests = annotations.byteList(ONNXProperty.tensor)
      (message.pointee.n_sparse_tensors, message.pointee.sparse_tensors) = arena.list(
        try literals.enumerated().map { index, literal in
          let own = rests.count == 3 * literals.count ? Array(rests[3 * index..<3 * index + 3]) : []
          return try sparseTensor(literal, own)
        })
    case .type(let type): message.pointee.tp = try attributeType(type, annotations?.bytes(ONNXProperty.type))
    case .types(let types):
      let spellings = annotations.byteList(ONNXProperty.type)
      (message.pointee.n_type_protos, message.pointee.type_protos) = arena.list(
        try types.enumerated().map { index, type in
          try attributeType(type, spellings.count == types.count ? spellings[index] : nil)
        })
    case .reference(let name, _):
      (message.pointee.has_ref_attr_name, message.pointee.ref_attr_name) = (1, arena.data(name))
    }
  }

  private func attributeType(
    _ type: ValueType, _ spelling: ByteString?
  ) throws -> UnsafeMutablePointer<Onnx__TypeProto> {
    try spelled(type, spelling) ?? arena.message(onnx__type_proto__init)
  }
}

extension AttributeKind {
  /// ONNX's number of the kind.
  fileprivate var attributeType: Onnx__AttributeProto__AttributeType {
    switch self {
    case .float: ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT
    case .int: ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT
    case .string: ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING
    case .tensor: ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR
    case .graph: ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH
    case .floats: ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS
    case .ints: ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS
    case .strings: ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS
    case .tensors: ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSORS
    case .graphs: ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS
    case .sparseTensor: ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSOR
    case .sparseTensors: ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSORS
    case .type: ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTO
    case .types: ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTOS
    }
  }
}
