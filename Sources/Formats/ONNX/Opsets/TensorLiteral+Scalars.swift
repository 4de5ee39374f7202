import IR

/// The small literals that adapters make of attributes, and read back into attributes.
extension TensorLiteral {
  /// A list of 64-bit integers.
  static func int64(_ values: [Int64]) throws -> TensorLiteral {
    try TensorLiteral(.int64, [values.count], bytes: values.flatMap(\.littleEndianBytes))
  }

  /// One 64-bit integer.
  static func int64(scalar value: Int64) throws -> TensorLiteral {
    try TensorLiteral(.int64, [], bytes: value.littleEndianBytes)
  }

  /// A list of single-precision numbers.
  static func float32(_ values: [Float]) throws -> TensorLiteral {
    try TensorLiteral(.float32, [values.count], bytes: values.flatMap(\.bitPattern.littleEndianBytes))
  }

  /// One number of a floating-point type; `nil` where the type does not have it, or is none.
  static func scalar(_ value: Float, of type: ElementType) throws -> TensorLiteral? {
    let bytes: [UInt8]
    switch type {
    case .float32: bytes = value.bitPattern.littleEndianBytes
    case .float64 where !value.isNaN: bytes = Double(value).bitPattern.littleEndianBytes
    case .float16 where Float(Float16(value)) == value: bytes = Float16(value).bitPattern.littleEndianBytes
    case .bfloat16 where value.bitPattern & 0xFFFF == 0: bytes = UInt16(value.bitPattern >> 16).littleEndianBytes
    default: return nil
    }
    return try TensorLiteral(type, [], bytes: bytes)
  }

  /// The literal that a Constant operation's attribute stands for; `nil` where it is no dense tensor.
  init?(_ value: AttributeValue) throws {
    switch value {
    case .tensor(let literal): self = literal
    case .int(let number): self = try .int64(scalar: number)
    case .ints(let numbers): self = try .int64(numbers)
    case .float(let number): try self.init(.float32, [], bytes: number.bitPattern.littleEndianBytes)
    case .floats(let numbers): self = try .float32(numbers)
    case .string(let text): try self.init(.string, [], .strings([text]))
    case .strings(let texts): try self.init(.string, [texts.count], .strings(texts))
    case .sparseTensor, .type, .tensors, .sparseTensors, .types, .reference: return nil
    }
  }

  /// The one number that the literal holds, where it is a whole one.
  var wholeScalar: Int64? {
    if let number = floatScalar { return Int64(exactly: number) }
    guard elementCount == 1 else { return nil }
    return SmallIntegers.values(of: self)?.first.map { Int64($0) }
  }

  /// The one number that the literal holds, where single precision has it.
  var floatScalar: Float? {
    guard elementCount == 1, let bytes = try? smallBytes() else { return nil }
    return bytes.withUnsafeBytes { raw in
      switch elementType {
      case .float32: return Float(bitPattern: raw.loadUnaligned(as: UInt32.self))
      case .float64:
        let value = Double(bitPattern: raw.loadUnaligned(as: UInt64.self))
        return Double(Float(value)) == value ? Float(value) : nil
      case .float16: return Float(Float16(bitPattern: raw.loadUnaligned(as: UInt16.self)))
      case .bfloat16: return Float(bitPattern: UInt32(raw.loadUnaligned(as: UInt16.self)) << 16)
      default: return nil
      }
    }
  }
}

extension FixedWidthInteger {
  fileprivate var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
