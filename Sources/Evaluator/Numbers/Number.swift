import IR

/// What kernels compute in: `Double` for floating-point elements, `Int64` for signed integers, `UInt64` for unsigned
/// ones and `bool`.
///
/// Loading loses nothing. Storing rounds once, ties to even, or keeps an integer's low bits. For +, -, *, / and square
/// root of elements up to 32 bits the one extra rounding on the way does not show: a `Double` has more than twice their
/// digits, and two to spare.
protocol Number: BitwiseCopyable, Sendable {
  /// The element at `index`; 0 for an element type of another kind of number.
  static func load(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ type: ElementType) -> Self

  /// Sets the element at `index`; does nothing for an element type of another kind of number.
  static func store(_ value: Self, _ bytes: UnsafeMutableRawBufferPointer, _ index: Int, _ type: ElementType)

  /// Sets `numbers` to the elements at `start`, `start + step` and so on, as `load` gives them.
  static func loadRow(
    _ bytes: UnsafeRawBufferPointer, from start: Int, step: Int, _ type: ElementType,
    into numbers: UnsafeMutableBufferPointer<Self>)

  /// Sets the elements from `start` on to `numbers`, as `store` does.
  static func storeRow(
    _ numbers: UnsafeBufferPointer<Self>, _ bytes: UnsafeMutableRawBufferPointer, from start: Int, _ type: ElementType)
}

/// Which `Number` an element type computes in.
enum NumberKind {
  case real, signed, unsigned
}

extension ElementType {
  /// `nil` for what has no arithmetic here: complex numbers, strings, bare exponents.
  var numberKind: NumberKind? {
    switch self {
    case .float64, .float32, .float16, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
      .float6e2m3,
      .float6e3m2, .float4e2m1:
      .real
    case .int64, .int32, .int16, .int8, .int4, .int2: .signed
    case .uint64, .uint32, .uint16, .uint8, .uint4, .uint2, .bool: .unsigned
    case .float8e8m0, .complex64, .complex128, .string: nil
    }
  }
}

extension Double: Number {
  @inline(__always)
  static func load(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ type: ElementType) -> Double {
    if type == .float32 { return Double(bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self)) }
    if type == .float64 { return bytes.loadUnaligned(fromByteOffset: index * 8, as: Double.self) }
    return NarrowFloat.decode(UInt16(truncatingIfNeeded: Bits.load(bytes, index, width: type.bitWidth ?? 8)), type)
  }

  @inline(__always)
  static func store(_ value: Double, _ bytes: UnsafeMutableRawBufferPointer, _ index: Int, _ type: ElementType) {
    if type == .float32 { return bytes.storeBytes(of: Float(value), toByteOffset: index * 4, as: Float.self) }
    if type == .float64 { return bytes.storeBytes(of: value, toByteOffset: index * 8, as: Double.self) }
    Bits.store(UInt64(NarrowFloat.encode(value, type, saturates: false)), bytes, index, width: type.bitWidth ?? 8)
  }
}

/// Floating-point elements of at most 16 bits.
package enum NarrowFloat {
  package static func decode(_ bits: UInt16, _ type: ElementType) -> Double {
    if type == .float16 { return Double(Float16(bitPattern: bits)) }
    if type == .bfloat16 { return Double(Float(bitPattern: UInt32(bits) << 16)) }
    return FloatFormat(type)?.decode(bits) ?? 0
  }

  /// The bits of the nearest element, ties to even. What is too large becomes the largest number where it `saturates`;
  /// else infinity or NaN, whichever the type has.
  package static func encode(_ value: Double, _ type: ElementType, saturates: Bool) -> UInt16 {
    if type == .float16, !saturates { return Float16(value).bitPattern }
    guard let format = FloatFormat(type) else { return 0 }
    let sign = value.sign == .minus ? format.signBit : 0
    if saturates, value.magnitude > format.decode(format.largest) { return sign | format.largest }
    // Formats without NaN have -0 instead.
    return format.encode(value) ?? format.quietNaN ?? (value.isNaN ? format.signBit : sign | format.largest)
  }
}

extension Int64: Number {
  @inline(__always)
  static func load(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ type: ElementType) -> Int64 {
    guard let width = type.bitWidth, width <= 64 else { return 0 }
    let unused = UInt64(64 - width)
    return Int64(bitPattern: Bits.load(bytes, index, width: width) << unused) >> Int64(unused)
  }

  @inline(__always)
  static func store(_ value: Int64, _ bytes: UnsafeMutableRawBufferPointer, _ index: Int, _ type: ElementType) {
    guard let width = type.bitWidth, width <= 64 else { return }
    Bits.store(UInt64(bitPattern: value), bytes, index, width: width)
  }
}

extension UInt64: Number {
  @inline(__always)
  static func load(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ type: ElementType) -> UInt64 {
    guard let width = type.bitWidth, width <= 64 else { return 0 }
    let pattern = Bits.load(bytes, index, width: width)
    return type == .bool ? (pattern == 0 ? 0 : 1) : pattern
  }

  @inline(__always)
  static func store(_ value: UInt64, _ bytes: UnsafeMutableRawBufferPointer, _ index: Int, _ type: ElementType) {
    guard let width = type.bitWidth, width <= 64 else { return }
    Bits.store(value, bytes, index, width: width)
  }
}

/// Elements as bit patterns, whatever they mean; those under a byte lie packed, the first in the low bits.
enum Bits {
  @inline(__always)
  static func load(_ bytes: UnsafeRawBufferPointer, _ index: Int, width: Int) -> UInt64 {
    switch width {
    case 8: return UInt64(bytes[index])
    case 16: return UInt64(bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
    case 32: return UInt64(bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
    case 64: return bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
    default: return UInt64(PackedBits.load(bytes, index, width: width))
    }
  }

  @inline(__always)
  static func store(_ value: UInt64, _ bytes: UnsafeMutableRawBufferPointer, _ index: Int, width: Int) {
    switch width {
    case 8: bytes[index] = UInt8(truncatingIfNeeded: value)
    case 16: bytes.storeBytes(of: UInt16(truncatingIfNeeded: value), toByteOffset: index * 2, as: UInt16.self)
    case 32: bytes.storeBytes(of: UInt32(truncatingIfNeeded: value), toByteOffset: index * 4, as: UInt32.self)
    case 64: bytes.storeBytes(of: value, toByteOffset: index * 8, as: UInt64.self)
    default: PackedBits.store(UInt8(truncatingIfNeeded: value), bytes, index, width: width)
    }
  }
}
