import CModelProtos
import Formats
import IR

/// A tensor's data in the fields that are made for one element type each, instead of in `raw_data`.
struct TypedData {
  /// The field that holds the data; empty where none does.
  let name: String
  private let content: Content

  private enum Content {
    case none
    /// Little-endian numbers.
    case fixed([ByteSlice])
    case varints([ByteSlice])
    case strings([ByteString])
  }

  var isEmpty: Bool { name.isEmpty }

  /// The data of all tensors that have none.
  private static let nothing = ByteSlice([])

  /// - Throws: `ModelError` where more than one of the fields is used.
  init(_ proto: Onnx__TensorProto, _ document: ONNXDocument) throws {
    var found: [(String, Content)] = []
    if proto.n_float_data > 0 {
      let payloads = try UnsafeBufferPointer(start: proto.float_data, count: proto.n_float_data).map {
        try document.payload($0.bitPattern)
      }
      found.append(("float_data", .fixed(payloads)))
    }
    if proto.n_double_data > 0 {
      let payloads = try UnsafeBufferPointer(start: proto.double_data, count: proto.n_double_data).map {
        try document.payload($0.bitPattern)
      }
      found.append(("double_data", .fixed(payloads)))
    }
    if proto.n_int32_data > 0 {
      found.append(("int32_data", .varints(try Self.payloads(proto.int32_data, proto.n_int32_data, document))))
    }
    if proto.n_int64_data > 0 {
      found.append(("int64_data", .varints(try Self.payloads(proto.int64_data, proto.n_int64_data, document))))
    }
    if proto.n_uint64_data > 0 {
      found.append(("uint64_data", .varints(try Self.payloads(proto.uint64_data, proto.n_uint64_data, document))))
    }
    if proto.n_string_data > 0 {
      let strings = UnsafeBufferPointer(start: proto.string_data, count: proto.n_string_data).map { ByteString($0) }
      found.append(("string_data", .strings(strings)))
    }
    guard found.count <= 1 else {
      throw ModelError(.invalidModel, "has its data twice: \(found.map(\.0).joined(separator: ", "))")
    }
    (name, content) = found.first ?? ("", .none)
  }

  private static func payloads<Index: BinaryInteger>(
    _ indices: UnsafeMutablePointer<Index>?, _ count: Int, _ document: ONNXDocument
  ) throws -> [ByteSlice] {
    try UnsafeBufferPointer(start: indices, count: count).map { try document.payload($0) }
  }

  /// The tensor that the data makes.
  ///
  /// - Throws: `ModelError` where the type belongs into another field, or the data has another number of elements.
  func literal(_ type: ElementType, _ dimensions: [Int]) throws -> TensorLiteral {
    switch content {
    case .none:
      return try TensorLiteral(type, dimensions, type == .string ? .strings([]) : .bytes(Self.nothing))
    case .strings(let strings):
      return try TensorLiteral(type, dimensions, .strings(strings))
    case .fixed(let payloads):
      try check(type)
      return try TensorLiteral(type, dimensions, .bytes(ByteSlice(joining: payloads)))
    case .varints(let payloads):
      let slice =
        switch try check(type) {
        case 8: try Self.decode(payloads, as: UInt64.self)
        case 4: try Self.decode(payloads, as: UInt32.self)
        case 2: try Self.decode(payloads, as: UInt16.self)
        default: try Self.decode(payloads, as: UInt8.self)
        }
      // Those of six bits alone come one a number.
      if type.bitWidth == 6 { return try TensorLiteral(type, dimensions, .bytes(Self.packed(slice, width: 6))) }
      return try TensorLiteral(type, dimensions, .bytes(slice))
    }
  }

  /// The bytes that one number of the field becomes. Numbers of less than a byte are stored packed, as in `raw_data`.
  @discardableResult
  private func check(_ type: ElementType) throws -> Int {
    let field: (name: String, size: Int)? =
      switch type {
      case .float32, .complex64: ("float_data", 4)
      case .float64, .complex128: ("double_data", 8)
      case .int64: ("int64_data", 8)
      case .uint64: ("uint64_data", 8)
      case .uint32: ("uint64_data", 4)
      case .int32: ("int32_data", 4)
      case .int16, .uint16, .float16, .bfloat16: ("int32_data", 2)
      case .int8, .uint8, .bool, .int4, .uint4, .int2, .uint2, .float4e2m1, .float6e2m3, .float6e3m2, .float8e8m0,
        .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz:
        ("int32_data", 1)
      case .string: nil
      }
    guard let field, field.name == name else {
      throw ModelError(.invalidModel, "has its \(type.rawValue) elements in \(name), which is not for them")
    }
    return field.size
  }

  /// The lowest `width` bits of each byte, one after the other.
  private static func packed(_ bytes: ByteSlice, width: Int) -> ByteSlice {
    let (quotient, rest) = bytes.count.quotientAndRemainder(dividingBy: 8)
    return ByteSlice(
      Buffer(count: quotient * width + (rest * width + 7) / 8) { output in
        output.initializeMemory(as: UInt8.self, repeating: 0)
        bytes.withUnsafeBytes { input in
          for (index, byte) in input.enumerated() { PackedBits.store(byte, output, index, width: width) }
        }
      })
  }

  /// The low bits of each number, as many as `Number` has: what all readers of these fields take.
  private static func decode<Number: FixedWidthInteger>(_ payloads: [ByteSlice], as _: Number.Type) throws -> ByteSlice
  {
    // Each number ends in its one byte without a high bit. Counted before any memory is taken.
    let count = payloads.reduce(0) { $0 + $1.withUnsafeBytes { $0.count { $0 < 0x80 } } }
    let buffer = try Buffer(count: count * MemoryLayout<Number>.size) { output in
      var offset = 0
      for payload in payloads {
        try payload.withUnsafeBytes { try decode($0, to: output, at: &offset, as: Number.self) }
      }
    }
    return ByteSlice(buffer)
  }

  private static func decode<Number: FixedWidthInteger>(
    _ bytes: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer, at offset: inout Int, as _: Number.Type
  ) throws {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    for byte in bytes {
      value |= UInt64(byte & 0x7f) << shift
      if byte >= 0x80 {
        shift += 7
        guard shift < 70 else { throw ModelError(.invalidModel, "has a number of more than 10 bytes") }
      } else {
        output.storeBytes(of: Number(truncatingIfNeeded: value), toByteOffset: offset, as: Number.self)
        offset += MemoryLayout<Number>.size
        value = 0
        shift = 0
      }
    }
    guard shift == 0 else { throw ModelError(.invalidModel, "its data ends inside a number") }
  }
}
