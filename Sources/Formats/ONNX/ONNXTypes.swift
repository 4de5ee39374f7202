import CModelProtos
import IR

/// ONNX's TypeProto and the IR's types.
package enum ONNXTypes {
  /// A type, and whether it says all that the message says: no denotations, unknown fields, or odd spellings of "unknown".
  package struct Reading {
    package var type: ValueType
    package var isExact: Bool
  }

  /// - Throws: `ModelError` where the message names an element type that this build does not know, or a dimension below -1.
  package static func read(_ message: UnpackedMessage<Onnx__TypeProto>) throws -> Reading {
    let proto = message.pointee
    var reading = try readValue(proto)
    if proto.has_denotation != 0 || message.hasUnknownFields { reading.isExact = false }
    return reading
  }

  /// The type that wire bytes of a TypeProto say; `nil` where they are none.
  package static func type(ofWire bytes: ByteString) -> ValueType? {
    let limits = WireScan.Limits(depth: 64, nested: ("TypeProto", 64), memory: (1 << 20) + 64 * bytes.bytes.count)
    let arena = UnpackArena(budget: limits.memory)
    guard let schema, let scanned = try? WireScan.scan(ByteSlice(bytes.bytes), schema, limits),
      let message = scanned.message.withUnsafeBytes({ arena.unpack(schema.root, $0) })
    else { return nil }
    let proto = UnsafeMutableRawPointer(message).assumingMemoryBound(to: Onnx__TypeProto.self)
    return withExtendedLifetime(arena) { try? read(UnpackedMessage(proto)).type }
  }

  private static let schema: WireSchema? = {
    var type = Onnx__TypeProto()
    onnx__type_proto__init(&type)
    return type.base.descriptor.map { WireSchema($0) }
  }()

  private static func readValue(_ proto: Onnx__TypeProto) throws -> Reading {
    switch proto.value_case {
    case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
      guard let tensor = proto.tensor_type else { return inexact(.unknown) }
      let elementType = try elementType(tensor.pointee.elem_type)
      return try readTensor(
        elementType, tensor.pointee.shape, isPlain: !UnpackedMessage(tensor).hasUnknownFields
      ) { .tensor($0) }
    case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
      guard let tensor = proto.sparse_tensor_type else { return inexact(.unknown) }
      let elementType = try elementType(tensor.pointee.elem_type)
      return try readTensor(
        elementType, tensor.pointee.shape, isPlain: !UnpackedMessage(tensor).hasUnknownFields
      ) { .sparseTensor($0) }
    case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
      guard let sequence = proto.sequence_type else { return inexact(.unknown) }
      return try readElement(sequence.pointee.elem_type, of: sequence) { .sequence($0) }
    case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
      guard let optional = proto.optional_type else { return inexact(.unknown) }
      return try readElement(optional.pointee.elem_type, of: optional) { .optional($0) }
    case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
      guard let map = proto.map_type, let key = try elementType(map.pointee.key_type) else { return inexact(.unknown) }
      return try readElement(map.pointee.value_type, of: map) { .map(key: key, value: $0) }
    case ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE:
      guard let opaque = proto.opaque_type else { return inexact(.unknown) }
      let isPlain =
        !UnpackedMessage(opaque).hasUnknownFields && opaque.pointee.has_domain != 0 && opaque.pointee.has_name != 0
      return Reading(
        type: .opaque(domain: ByteString(opaque.pointee.domain), name: ByteString(opaque.pointee.name)),
        isExact: isPlain)
    default: return inexact(.unknown)
    }
  }

  private static func inexact(_ type: ValueType) -> Reading { Reading(type: type, isExact: false) }

  private static func elementType(_ number: Int32) throws -> ElementType? {
    if number == 0 { return nil }
    guard let type = ElementType(dataType: Int(number)) else {
      throw ModelError(.invalidModel, "has element type \(number), which this build does not know")
    }
    return type
  }

  private static func readElement<Structure>(
    _ element: UnsafeMutablePointer<Onnx__TypeProto>?, of container: UnsafeMutablePointer<Structure>,
    _ make: (ValueType) -> ValueType
  ) throws -> Reading {
    guard let element else { return inexact(make(.unknown)) }
    let reading = try read(UnpackedMessage(element))
    return Reading(type: make(reading.type), isExact: reading.isExact && !UnpackedMessage(container).hasUnknownFields)
  }

  private static func readTensor(
    _ elementType: ElementType?, _ shape: UnsafeMutablePointer<Onnx__TensorShapeProto>?, isPlain: Bool,
    _ make: (TensorType) -> ValueType
  ) throws -> Reading {
    guard let elementType else { return inexact(.unknown) }
    guard let shape else { return Reading(type: make(TensorType(elementType, nil as Shape?)), isExact: isPlain) }
    var isExact = isPlain && !UnpackedMessage(shape).hasUnknownFields
    var dimensions: Shape = []
    for dimension in messages(shape.pointee.dim, shape.pointee.n_dim) {
      dimensions.append(try read(dimension, isExact: &isExact))
    }
    return Reading(type: make(TensorType(elementType, dimensions)), isExact: isExact)
  }

  private static func read(
    _ message: UnpackedMessage<Onnx__TensorShapeProto__Dimension>, isExact: inout Bool
  ) throws -> Dimension {
    let proto = message.pointee
    if proto.has_denotation != 0 || message.hasUnknownFields { isExact = false }
    switch proto.value_case {
    case ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE:
      if proto.dim_value >= 0 { return .known(Int(proto.dim_value)) }
      // Some exporters write -1 for what they do not know.
      guard proto.dim_value == -1 else { throw ModelError(.invalidModel, "has dimension \(proto.dim_value)") }
      isExact = false
      return .unknown
    case ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM:
      let dimension = Dimension(parsing: ByteString(proto.dim_param))
      if dimension.isUnknown { isExact = false }
      return dimension
    default: return .unknown
    }
  }
}
