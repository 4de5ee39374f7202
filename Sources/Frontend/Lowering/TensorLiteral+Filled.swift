import IR

extension TensorLiteral {
  /// One number, repeated.
  static func filled(_ value: Double, _ type: ElementType, _ dimensions: [Int]) throws -> TensorLiteral {
    try TensorLiteral(type, dimensions, .splat(bytes(of: value, type)))
  }

  static func filled(_ value: Int, _ type: ElementType, _ dimensions: [Int]) throws -> TensorLiteral {
    if type.isInteger {
      let width = (type.bitWidth ?? 64) / 8
      let bytes = (0..<width).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
      return try TensorLiteral(type, dimensions, .splat(bytes))
    }
    return try filled(Double(value), type, dimensions)
  }

  /// The little-endian bytes of the element of `type` that is nearest to `value`, integers cut toward zero.
  private static func bytes(of value: Double, _ type: ElementType) throws -> [UInt8] {
    func array(_ value: some BitwiseCopyable) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
    switch type {
    case .float64: return array(value.bitPattern.littleEndian)
    case .float32: return array(Float(value).bitPattern.littleEndian)
    case .float16, .bfloat16:
      guard let format = FloatFormat(type), let bits = format.encode(value) else { break }
      return array(bits.littleEndian)
    case .bool: return [value != 0 ? 1 : 0]
    case .complex64: return array(Float(value).bitPattern.littleEndian) + [0, 0, 0, 0]
    case .complex128: return array(value.bitPattern.littleEndian) + Array(repeating: 0, count: 8)
    case .int64, .int32, .int16, .int8, .uint64, .uint32, .uint16, .uint8:
      guard let integer = Int(exactly: value.rounded(.towardZero)) else { break }
      return (0..<(type.bitWidth ?? 64) / 8).map { UInt8(truncatingIfNeeded: integer >> ($0 * 8)) }
    case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float6e2m3, .float6e3m2,
      .float4e2m1, .int4, .int2, .uint4, .uint2, .string:
      break
    }
    throw UnsupportedForm("has the number \(value) as an element of type \(type.rawValue)")
  }
}
