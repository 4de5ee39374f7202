import CModelProtos
import Formats
import IR

/// Reads the tensors of `Const` nodes. Packed contents stay in the file; numbers that are listed one by one are decoded,
/// the last of them repeated as often as the shape asks for.
struct ConstantReader {
  let document: TensorFlowDocument

  /// - Throws: `ModelError` where the type is unknown to ONNX, or the data does not fit the shape.
  func literal(_ message: UnpackedMessage<Tensorflow__TensorProto>) throws -> TensorLiteral {
    let proto = message.pointee
    let type = try ElementType(tensorFlow: Int(proto.dtype))
    let dimensions = try Self.dimensions(proto.tensor_shape.map { UnpackedMessage($0) })
    if type == .string { return try strings(proto, dimensions) }
    if proto.has_tensor_content != 0 {
      let content = try document.payload(proto.tensor_content)
      if content.count > 0 { return try TensorLiteral(type, dimensions, .bytes(content)) }
    }
    guard let width = type.byteCount(elements: 1) else { throw ModelError(.internalFailure, "has no width") }
    if type == .float32, proto.n_float_val == 1, let index = proto.float_val?.pointee.bitPattern {
      let content = try document.payload(index)
      if content.count > width { return try Self.filled(type, dimensions, content, width: width) }
    }
    let listed = ByteSlice(try elements(proto, type))
    return try Self.filled(type, dimensions, listed, width: width)
  }

  private static func dimensions(_ shape: UnpackedMessage<Tensorflow__TensorShapeProto>?) throws -> [Int] {
    guard let shape = shape?.pointee else { return [] }
    return try messages(shape.dim, shape.n_dim).map { dimension in
      guard dimension.pointee.size >= 0 else {
        throw ModelError(.invalidModel, "has dimension \(dimension.pointee.size)")
      }
      return Int(dimension.pointee.size)
    }
  }

  /// The elements that are listed, then the last of them as often as it takes.
  private static func filled(
    _ type: ElementType, _ dimensions: [Int], _ listed: ByteSlice, width: Int
  ) throws -> TensorLiteral {
    guard listed.count.isMultiple(of: width) else {
      throw ModelError(.invalidModel, "lists \(listed.count) bytes for elements of \(width)")
    }
    let first = listed.withUnsafeBytes { Array($0.prefix(width)) }
    let splat = try TensorLiteral(
      type, dimensions, .splat(first.isEmpty ? Array(repeating: 0, count: width) : first))
    let needed = splat.byteCount
    if listed.count <= width, listed.count <= needed { return splat }
    guard listed.count <= needed, needed <= Self.repetitionLimit else {
      throw ModelError(.invalidModel, "lists \(listed.count / width) elements for the shape \(dimensions)")
    }
    if listed.count == needed { return try TensorLiteral(type, dimensions, .bytes(listed)) }
    let buffer = try Buffer.made(count: needed) { output in
      listed.withUnsafeBytes { output.copyBytes(from: $0) }
      for offset in listed.count..<needed { output[offset] = output[offset - width] }
    }
    return try TensorLiteral(type, dimensions, .bytes(ByteSlice(buffer)))
  }

  /// Above this size elements that are not all the same are never repeated: no writer does that.
  private static let repetitionLimit = 16 << 20

  private func strings(_ proto: Tensorflow__TensorProto, _ dimensions: [Int]) throws -> TensorLiteral {
    let listed = UnsafeBufferPointer(start: proto.string_val, count: proto.n_string_val).map { ByteString($0) }
    let count = dimensions.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    guard let last = listed.last, listed.count < count, count <= 1 << 16 else {
      return try TensorLiteral(.string, dimensions, .strings(listed))
    }
    return try TensorLiteral(
      .string, dimensions, .strings(listed + Array(repeating: last, count: count - listed.count)))
  }

  // MARK: Listed numbers

  /// The listed elements as packed bytes, little-endian.
  private func elements(_ proto: Tensorflow__TensorProto, _ type: ElementType) throws -> [UInt8] {
    switch type {
    case .float32:
      return try fixed(UnsafeBufferPointer(start: proto.float_val, count: proto.n_float_val).map(\.bitPattern))
    case .float64:
      return try fixed(UnsafeBufferPointer(start: proto.double_val, count: proto.n_double_val).map(\.bitPattern))
    case .int32, .int16, .int8, .uint8, .uint16:
      return try varints(proto.int_val, proto.n_int_val, width: type.byteCount(elements: 1) ?? 1)
    case .int64: return try varints(proto.int64_val, proto.n_int64_val, width: 8)
    case .uint64: return try varints(proto.uint64_val, proto.n_uint64_val, width: 8)
    case .uint32: return try varints(proto.uint32_val, proto.n_uint32_val, width: 4)
    case .bool: return try varints(proto.bool_val, proto.n_bool_val, width: 1)
    case .float16, .bfloat16: return try varints(proto.half_val, proto.n_half_val, width: 2)
    case .complex64:
      return try fixed(UnsafeBufferPointer(start: proto.scomplex_val, count: proto.n_scomplex_val).map(\.bitPattern))
    case .complex128:
      return try fixed(UnsafeBufferPointer(start: proto.dcomplex_val, count: proto.n_dcomplex_val).map(\.bitPattern))
    case .string, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0,
      .float6e2m3, .float6e3m2, .float4e2m1, .int4, .int2, .uint4, .uint2:
      throw ModelError(.invalidModel, "lists elements of \(type.rawValue), which mcc cannot read")
    }
  }

  private func fixed(_ indices: [some BinaryInteger]) throws -> [UInt8] {
    try indices.flatMap { index in try document.payload(index).withUnsafeBytes { Array($0) } }
  }

  private func varints<Index: BinaryInteger>(
    _ indices: UnsafeMutablePointer<Index>?, _ count: Int, width: Int
  ) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for index in UnsafeBufferPointer(start: indices, count: count) {
      try document.payload(index).withUnsafeBytes { payload in
        var value: UInt64 = 0
        var shift: UInt64 = 0
        for byte in payload {
          value |= UInt64(byte & 0x7f) << shift
          shift += 7
          guard byte < 0x80 else {
            guard shift < 70 else { throw ModelError(.invalidModel, "has a number of more than 10 bytes") }
            continue
          }
          for digit in 0..<width { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * digit))) }
          value = 0
          shift = 0
        }
      }
    }
    return bytes
  }
}
