import CModelProtos
import IR

/// Tensors: in the message, or in a file beside the model.
extension ModelEncoder {
  func tensor(_ literal: TensorLiteral, isInitializer: Bool) throws -> UnsafeMutablePointer<Onnx__TensorProto> {
    let proto = arena.message(onnx__tensor_proto__init)
    (proto.pointee.n_dims, proto.pointee.dims) = (
      literal.dimensions.count, arena.array(literal.dimensions.map { Int64($0) })
    )
    (proto.pointee.has_data_type, proto.pointee.data_type) = (1, Int32(literal.elementType.dataType))
    if case .strings(let strings) = literal.source {
      (proto.pointee.n_string_data, proto.pointee.string_data) = arena.list(strings)
    } else if literal.elementType == .string {
      throw ModelError(.internalFailure, "holds strings that are not there")
    } else if let place = externalData.place(of: literal, isInitializer: isInitializer) {
      refer(proto, to: place)
    } else {
      (proto.pointee.has_raw_data, proto.pointee.raw_data) = (1, payloads.placeholder(for: literal))
    }
    return proto
  }

  private func refer(_ proto: UnsafeMutablePointer<Onnx__TensorProto>, to place: ExternalDataIndex.Place) {
    (proto.pointee.has_data_location, proto.pointee.data_location) = (1, ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
    (proto.pointee.n_external_data, proto.pointee.external_data) = arena.list([
      entry("location", ByteString(place.location)), entry("offset", ByteString(String(place.range.lowerBound))),
      entry("length", ByteString(String(place.range.count))),
    ])
  }

  /// - Parameter rests: what the source's messages said beside the literal: the values', the indices', the tensor's
  ///   own.
  func sparseTensor(
    _ literal: SparseLiteral, _ rests: [ByteString]
  ) throws -> UnsafeMutablePointer<Onnx__SparseTensorProto> {
    let proto = arena.message(onnx__sparse_tensor_proto__init)
    let values = try tensor(literal.values, isInitializer: false)
    let indices = try tensor(literal.indices, isInitializer: false)
    (proto.pointee.n_dims, proto.pointee.dims) = (
      literal.dimensions.count, arena.array(literal.dimensions.map { Int64($0) })
    )
    if rests.count == 3 {
      try arena.append(rests[0], to: values)
      try arena.append(rests[1], to: indices)
      try arena.append(rests[2], to: proto)
    }
    proto.pointee.values = values
    proto.pointee.indices = indices
    return proto
  }
}

extension Operation {
  /// The literal of a constant that is to be an initializer: a dense tensor, or numbers and texts that make one.
  func initializerLiteral() throws -> TensorLiteral? {
    try attributes.all.first?.value.tensorLiteral()
  }
}

extension AttributeValue {
  /// The dense tensor that a Constant node with this value makes; `nil` where it makes none, or that is not known.
  func tensorLiteral() throws -> TensorLiteral? {
    switch self {
    case .tensor(let literal): literal
    case .int(let value): try TensorLiteral(.int64, [], bytes: Self.bytes([value]))
    case .ints(let values): try TensorLiteral(.int64, [values.count], bytes: Self.bytes(values))
    case .float(let value): try TensorLiteral(.float32, [], bytes: Self.bytes([value]))
    case .floats(let values): try TensorLiteral(.float32, [values.count], bytes: Self.bytes(values))
    case .string(let value): try TensorLiteral(.string, [], .strings([value]))
    case .strings(let values): try TensorLiteral(.string, [values.count], .strings(values))
    case .sparseTensor, .type, .tensors, .sparseTensors, .types, .reference: nil
    }
  }

  private static func bytes<Element: BitwiseCopyable>(_ elements: [Element]) -> [UInt8] {
    elements.withUnsafeBytes { Array($0) }
  }
}
