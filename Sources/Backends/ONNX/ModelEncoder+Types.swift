import CModelProtos
import Formats
import IR

/// Types, and what graphs say of their values.
extension ModelEncoder {
  func valueInfo(
    _ name: ByteString, _ type: ValueType, _ annotations: Annotations?
  ) throws -> UnsafeMutablePointer<Onnx__ValueInfoProto> {
    let proto = arena.message(onnx__value_info_proto__init)
    (proto.pointee.has_name, proto.pointee.name) = (1, arena.data(name))
    do {
      proto.pointee.type = try spelled(type, annotations?.bytes(ONNXProperty.type))
    } catch let error as ModelError {
      throw error.at("value '\(name.text)'")
    }
    (proto.pointee.has_doc_string, proto.pointee.doc_string) = arena.text(annotations?.documentation)
    (proto.pointee.n_metadata_props, proto.pointee.metadata_props) = metadata(annotations)
    try finish(proto, annotations)
    return proto
  }

  /// A type as the source spelled it, as long as that says this type; `nil` for a value of which nothing is known.
  func spelled(_ type: ValueType, _ spelling: ByteString?) throws -> UnsafeMutablePointer<Onnx__TypeProto>? {
    if let spelling, ONNXTypes.type(ofWire: spelling) == type {
      return try arena.message(onnx__type_proto__init, wire: spelling)
    }
    return try self.type(type)
  }

  /// - Returns: `nil` for a value of which nothing is known.
  private func type(_ type: ValueType) throws -> UnsafeMutablePointer<Onnx__TypeProto>? {
    let proto = arena.message(onnx__type_proto__init)
    switch type {
    case .unknown: return nil
    case .tensor(let tensor):
      proto.pointee.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE
      proto.pointee.tensor_type = arena.message(onnx__type_proto__tensor__init)
      proto.pointee.tensor_type.pointee.has_elem_type = 1
      proto.pointee.tensor_type.pointee.elem_type = Int32(tensor.elementType.dataType)
      proto.pointee.tensor_type.pointee.shape = tensor.shape.map(shape)
    case .sparseTensor(let tensor):
      proto.pointee.value_case = ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE
      proto.pointee.sparse_tensor_type = arena.message(onnx__type_proto__sparse_tensor__init)
      proto.pointee.sparse_tensor_type.pointee.has_elem_type = 1
      proto.pointee.sparse_tensor_type.pointee.elem_type = Int32(tensor.elementType.dataType)
      proto.pointee.sparse_tensor_type.pointee.shape = tensor.shape.map(shape)
    case .sequence(let element):
      proto.pointee.value_case = ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE
      proto.pointee.sequence_type = arena.message(onnx__type_proto__sequence__init)
      proto.pointee.sequence_type.pointee.elem_type = try self.type(element)
    case .optional(let element):
      proto.pointee.value_case = ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE
      proto.pointee.optional_type = arena.message(onnx__type_proto__optional__init)
      proto.pointee.optional_type.pointee.elem_type = try self.type(element)
    case .map(let key, let value):
      proto.pointee.value_case = ONNX__TYPE_PROTO__VALUE_MAP_TYPE
      proto.pointee.map_type = arena.message(onnx__type_proto__map__init)
      proto.pointee.map_type.pointee.has_key_type = 1
      proto.pointee.map_type.pointee.key_type = Int32(key.dataType)
      proto.pointee.map_type.pointee.value_type = try self.type(value)
    case .opaque(let domain, let name):
      proto.pointee.value_case = ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE
      let opaque = arena.message(onnx__type_proto__opaque__init)
      (opaque.pointee.has_domain, opaque.pointee.domain) = (1, arena.data(domain))
      (opaque.pointee.has_name, opaque.pointee.name) = (1, arena.data(name))
      proto.pointee.opaque_type = opaque
    }
    return proto
  }

  private func shape(_ shape: Shape) -> UnsafeMutablePointer<Onnx__TensorShapeProto> {
    let proto = arena.message(onnx__tensor_shape_proto__init)
    (proto.pointee.n_dim, proto.pointee.dim) = arena.list(shape.map(dimension))
    return proto
  }

  private func dimension(_ dimension: Dimension) -> UnsafeMutablePointer<Onnx__TensorShapeProto__Dimension> {
    let proto = arena.message(onnx__tensor_shape_proto__dimension__init)
    switch dimension {
    case .known(let value):
      proto.pointee.value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE
      proto.pointee.dim_value = Int64(value)
    case .symbolic:
      proto.pointee.value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
      proto.pointee.dim_param = arena.data(dimension.parameter ?? "")
    case .unknown: break
    }
    return proto
  }
}
