/// Single elements of packed literals, as bits.
enum ElementBits {
  /// The bits of the element at `index`, in the lowest bits; `type` has at most 64 a element.
  static func load(_ type: ElementType, _ bytes: UnsafeRawBufferPointer, _ index: Int) -> UInt64 {
    switch type.bitWidth {
    case 64: return bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
    case 32: return UInt64(bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
    case 16: return UInt64(bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
    case 8: return UInt64(bytes[index])
    case let width?: return UInt64(PackedBits.load(bytes, index, width: width))
    case nil: return 0
    }
  }

  /// The element that literals of complex numbers are made of; the type itself for all others.
  static func component(of type: ElementType) -> ElementType {
    switch type {
    case .complex64: .float32
    case .complex128: .float64
    case .float64, .float32, .float16, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
      .float8e8m0, .float6e2m3,
      .float6e3m2, .float4e2m1, .int64, .int32, .int16, .int8, .int4, .int2, .uint64, .uint32, .uint16, .uint8, .uint4,
      .uint2, .bool,
      .string:
      type
    }
  }

  /// Whether all bits outside the elements of a literal are 0, so that the elements alone tell its bytes.
  static func hasCleanPadding(_ type: ElementType, count: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let width = type.bitWidth, width < 8, let last = bytes.last else { return true }
    let inLast = count % 8 * width % 8
    return inLast == 0 || last >> UInt8(inLast) == 0
  }
}

extension TextBuffer {
  /// An element of at most 64 bits, so that the lexer reads the same bits back.
  mutating func writeElement(_ type: ElementType, _ bits: UInt64) {
    switch type {
    case .float64: write(Double(bitPattern: bits))
    case .float32: write(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    case .float16, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float6e2m3,
      .float6e3m2,
      .float4e2m1:
      writeSmallFloat(type, bits)
    case .int64: write(Int64(bitPattern: bits))
    case .int32: write(Int32(truncatingIfNeeded: bits))
    case .int16: write(Int16(truncatingIfNeeded: bits))
    case .int8: write(Int8(truncatingIfNeeded: bits))
    case .int4: write(Int8(truncatingIfNeeded: bits << 4) >> 4)
    case .int2: write(Int8(truncatingIfNeeded: bits << 6) >> 6)
    case .uint64, .uint32, .uint16, .uint8, .uint4, .uint2: write(bits)
    case .bool: if bits > 1 { writeHexadecimal(bits, digits: 2) } else { write(bits == 1 ? "true" : "false") }
    case .complex64, .complex128, .string: break
    }
  }

  /// Shortest digits that read back as the same bits; always recognizable as a float.
  mutating func write(_ value: Float) {
    guard value.isNaN, value.bitPattern != Float.nan.bitPattern else { return write(value.description) }
    writeNaN(UInt64(value.bitPattern), digits: 8)
  }

  mutating func write(_ value: Double) {
    guard value.isNaN, value.bitPattern != Double.nan.bitPattern else { return write(value.description) }
    writeNaN(value.bitPattern, digits: 16)
  }

  private mutating func writeNaN(_ bits: UInt64, digits: Int) {
    write("nan(")
    writeHexadecimal(bits, digits: digits)
    write(")")
  }

  private mutating func writeSmallFloat(_ type: ElementType, _ bits: UInt64) {
    guard let format = FloatFormat(type) else { return }
    let pattern = UInt16(truncatingIfNeeded: bits)
    let value = format.decode(pattern)
    let digits = ((type.bitWidth ?? 0) + 3) / 4
    if format.encode(value) == pattern {
      write(value.isNaN ? "nan" : format.shortestDecimal(of: value).description)
    } else if value.isNaN {
      writeNaN(bits, digits: digits)
    } else {
      writeHexadecimal(bits, digits: digits)
    }
  }
}

extension FloatFormat {
  /// The number with the fewest decimal digits that has the same bits as `value`. Whole numbers stay what they are, as
  /// long as they are short: 448 is not shown as 450.
  fileprivate func shortestDecimal(of value: Double) -> Double {
    guard value.isFinite, value.rounded() != value || value.magnitude >= 1e6, let bits = encode(value) else {
      return value
    }
    for digits in 1...16 {
      if let candidate = value.rounded(toDigits: digits), encode(candidate) == bits { return candidate }
    }
    return value
  }
}
