import CModelProtos
import Formats
import IR

/// Reads tensors. Weights stay where they are: a literal is a slice of the model file or of the data beside it, except where numbers are
/// encoded one by one.
struct TensorReader {
  let document: ONNXDocument
  let externalData: ExternalDataReader

  /// A tensor, and what its message says beside it.
  struct Tensor {
    let literal: TensorLiteral
    /// The other fields of the message as wire bytes; empty where there are none.
    let rest: ByteString
  }

  /// - Parameters:
  ///   - owned: the fields that the caller keeps elsewhere: they are not in `rest`.
  /// - Throws: `ModelError` at the tensor: its type is unknown, or the data does not fit it.
  func read(_ message: UnpackedMessage<Onnx__TensorProto>, owned: FieldMask = [], place: String? = nil) throws -> Tensor
  {
    let name = ByteString(message.pointee.name)
    do {
      let literal = try literal(message.pointee, name)
      return Tensor(literal: literal, rest: rest(of: message, owned: owned))
    } catch let error as ModelError {
      throw error.at(place ?? "tensor '\(name.text)'")
    }
  }

  /// A sparse tensor, and the rest of its values', its indices' and its own message.
  func read(_ message: UnpackedMessage<Onnx__SparseTensorProto>, owned: FieldMask = []) throws -> (
    literal: SparseLiteral, rest: [ByteString]
  ) {
    let proto = message.pointee
    guard let values = proto.values, let indices = proto.indices else {
      throw ModelError(.invalidModel, "a sparse tensor needs values and indices")
    }
    let name = ByteString(values.pointee.name)
    let place = "tensor '\(name.text)'"
    let valuesTensor = try read(UnpackedMessage(values), owned: owned, place: place)
    let indicesTensor = try read(UnpackedMessage(indices), place: place)
    let dimensions = try dimensions(UnsafeBufferPointer(start: proto.dims, count: proto.n_dims))
    return (
      SparseLiteral(values: valuesTensor.literal, indices: indicesTensor.literal, dimensions: dimensions),
      [valuesTensor.rest, indicesTensor.rest, message.unknownFields ?? ""]
    )
  }

  // MARK: The data

  private func literal(_ proto: Onnx__TensorProto, _ name: ByteString) throws -> TensorLiteral {
    guard let type = ElementType(dataType: Int(proto.data_type)) else {
      throw ModelError(.invalidModel, "has data type \(proto.data_type), which this build does not know")
    }
    guard proto.segment == nil else {
      throw ModelError(.invalidModel, "is a segment of a tensor, which mcc cannot join")
    }
    let dimensions = try dimensions(UnsafeBufferPointer(start: proto.dims, count: proto.n_dims))
    if proto.data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL {
      return try externalLiteral(proto, type, dimensions, name)
    }
    let typed = try TypedData(proto, document)
    let raw = proto.has_raw_data != 0 ? try document.payload(proto.raw_data) : nil
    if let raw, raw.count > 0 {
      guard typed.isEmpty else { throw ModelError(.invalidModel, "has its data twice: raw_data, and \(typed.name)") }
      guard type != .string else {
        throw ModelError(.invalidModel, "has strings in raw_data, where they cannot be told apart")
      }
      return try TensorLiteral(type, dimensions, .bytes(raw))
    }
    return try typed.literal(type, dimensions)
  }

  private func dimensions(_ dimensions: UnsafeBufferPointer<Int64>) throws -> [Int] {
    try dimensions.map { dimension in
      guard dimension >= 0 else { throw ModelError(.invalidModel, "has dimension \(dimension)") }
      return Int(dimension)
    }
  }

  // MARK: External data

  private func externalLiteral(
    _ proto: Onnx__TensorProto, _ type: ElementType, _ dimensions: [Int], _ name: ByteString
  ) throws -> TensorLiteral {
    let entries = try Annotations.Entry.read(messages(proto.external_data, proto.n_external_data))
    guard let location = entries.last(where: { $0.key == "location" })?.value else {
      throw ModelError(.invalidModel, "its data is external, but no location says where")
    }
    guard type != .string else {
      throw ModelError(.invalidModel, "has strings in external data, where they cannot be told apart")
    }
    let count = try TensorLiteral(
      type, dimensions, .splat(Array(repeating: 0, count: type.byteCount(elements: 1) ?? 0))
    )
    .byteCount
    let offset = try number("offset", in: entries) ?? 0
    if let length = try number("length", in: entries), length != count {
      throw ModelError(
        .invalidModel, "needs \(count) bytes for \(type.rawValue)\(dimensions), its external data has length \(length)")
    }
    let slice = try externalData.read(location, offset: offset, count: count, tensor: name)
    return try TensorLiteral(type, dimensions, .bytes(slice))
  }

  private func number(_ key: ByteString, in entries: [Annotations.Entry]) throws -> Int64? {
    guard let entry = entries.last(where: { $0.key == key }) else { return nil }
    guard let number = Int64(entry.value.text), number >= 0 else {
      throw ModelError(
        .invalidModel, "its external data has \(key.text) '\(entry.value.text)', which is no count of bytes")
    }
    return number
  }

  // MARK: The rest

  /// What is left of the message once the literal, and what the caller owns, are taken away.
  private func rest(of message: UnpackedMessage<Onnx__TensorProto>, owned: FieldMask) -> ByteString {
    let proto = message.pointer
    if proto.pointee.data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL {
      proto.pointee.has_data_location = 0
      proto.pointee.n_external_data = 0
    }
    proto.pointee.n_dims = 0
    proto.pointee.has_data_type = 0
    proto.pointee.has_raw_data = 0
    proto.pointee.n_float_data = 0
    proto.pointee.n_int32_data = 0
    proto.pointee.n_string_data = 0
    proto.pointee.n_int64_data = 0
    proto.pointee.n_double_data = 0
    proto.pointee.n_uint64_data = 0
    if owned.contains(.fields(8)) { proto.pointee.has_name = 0 }
    if owned.contains(.fields(12)) { proto.pointee.has_doc_string = 0 }
    if owned.contains(.fields(16)) { proto.pointee.n_metadata_props = 0 }
    return message.wireBytes
  }
}
