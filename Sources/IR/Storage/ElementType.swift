/// What one element of a tensor is.
///
/// The raw value is the name that types print with, as in XLA and JAX: `f32`, `bf16`, `f8e4m3fn`.
package enum ElementType: String, Hashable, Sendable, CaseIterable {
  case float64 = "f64"
  case float32 = "f32"
  case float16 = "f16"
  case bfloat16 = "bf16"
  case float8e4m3fn = "f8e4m3fn"
  case float8e4m3fnuz = "f8e4m3fnuz"
  case float8e5m2 = "f8e5m2"
  case float8e5m2fnuz = "f8e5m2fnuz"
  case float8e8m0 = "f8e8m0fnu"
  case float6e2m3 = "f6e2m3fn"
  case float6e3m2 = "f6e3m2fn"
  case float4e2m1 = "f4e2m1fn"
  case int64 = "i64"
  case int32 = "i32"
  case int16 = "i16"
  case int8 = "i8"
  case int4 = "i4"
  case int2 = "i2"
  case uint64 = "u64"
  case uint32 = "u32"
  case uint16 = "u16"
  case uint8 = "u8"
  case uint4 = "u4"
  case uint2 = "u2"
  case bool = "bool"
  case complex64 = "c64"
  case complex128 = "c128"
  case string = "string"

  /// The bits that one element takes in a packed literal; `nil` for strings, which have no fixed size.
  package var bitWidth: Int? {
    switch self {
    case .complex128: 128
    case .float64, .int64, .uint64, .complex64: 64
    case .float32, .int32, .uint32: 32
    case .float16, .bfloat16, .int16, .uint16: 16
    case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .int8, .uint8, .bool: 8
    case .float6e2m3, .float6e3m2: 6
    case .float4e2m1, .int4, .uint4: 4
    case .int2, .uint2: 2
    case .string: nil
    }
  }

  /// The bytes that `count` elements take, sub-byte elements packed; `nil` where it does not fit an `Int`, and for
  /// strings.
  package func byteCount(elements count: Int) -> Int? {
    guard let bitWidth, count >= 0 else { return nil }
    if bitWidth >= 8 {
      let (bytes, overflow) = count.multipliedReportingOverflow(by: bitWidth / 8)
      return overflow ? nil : bytes
    }
    // Eight elements are whole bytes; the last one of fewer may not be full.
    return count / 8 * bitWidth + (count % 8 * bitWidth + 7) / 8
  }
}

/// A set of element types, as operators' constraints are made of.
package struct ElementTypes: OptionSet, Hashable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  package init(_ types: ElementType...) {
    rawValue = types.reduce(0) { $0 | Self.bit($1) }
  }

  package func contains(_ type: ElementType) -> Bool { rawValue & Self.bit(type) != 0 }

  /// A bit of its own for each type, at the place of ONNX's number.
  private static func bit(_ type: ElementType) -> UInt64 { 1 << UInt64(type.dataType) }

  /// The members in declaration order.
  package var members: [ElementType] { ElementType.allCases.filter { contains($0) } }

  package static let float8: ElementTypes = ElementTypes(
    .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz)
  package static let float: ElementTypes = ElementTypes(.float64, .float32, .float16, .bfloat16)
  package static let signedInteger: ElementTypes = ElementTypes(.int64, .int32, .int16, .int8)
  package static let unsignedInteger: ElementTypes = ElementTypes(.uint64, .uint32, .uint16, .uint8)
  package static let integer: ElementTypes = [.signedInteger, .unsignedInteger]
  package static let subByte: ElementTypes = ElementTypes(
    .int4, .uint4, .int2, .uint2, .float4e2m1, .float6e2m3, .float6e3m2)
  package static let complex: ElementTypes = ElementTypes(.complex64, .complex128)
  package static let numeric: ElementTypes = [.float, .integer]
  package static let bool: ElementTypes = ElementTypes(.bool)
  package static let string: ElementTypes = ElementTypes(.string)
  package static let int64: ElementTypes = ElementTypes(.int64)
  package static let indices: ElementTypes = ElementTypes(.int64, .int32)
  package static let any = ElementTypes(rawValue: ElementType.allCases.reduce(0) { $0 | bit($1) })
}
