import Glibc

/// A floating-point format of at most 16 bits: which number its bits tell.
package struct FloatFormat: Hashable, Sendable {
  /// What a format has beside finite numbers.
  package enum Specials: Hashable, Sendable {
    /// Infinities and NaNs in the highest exponent.
    case ieee
    /// No infinities; NaN is all ones.
    case allOnes
    /// Neither infinities nor -0, whose bits are NaN.
    case negativeZero
    /// Finite numbers only.
    case none
  }

  package let isSigned: Bool
  package let exponentBits: Int
  package let mantissaBits: Int
  package let bias: Int
  package let specials: Specials

  /// The format of `type`; `nil` where it is no floating-point type of at most 16 bits.
  package init?(_ type: ElementType) {
    switch type {
    case .float16: self.init(exponent: 5, mantissa: 10, bias: 15, .ieee)
    case .bfloat16: self.init(exponent: 8, mantissa: 7, bias: 127, .ieee)
    case .float8e4m3fn: self.init(exponent: 4, mantissa: 3, bias: 7, .allOnes)
    case .float8e4m3fnuz: self.init(exponent: 4, mantissa: 3, bias: 8, .negativeZero)
    case .float8e5m2: self.init(exponent: 5, mantissa: 2, bias: 15, .ieee)
    case .float8e5m2fnuz: self.init(exponent: 5, mantissa: 2, bias: 16, .negativeZero)
    case .float8e8m0: self.init(isSigned: false, exponent: 8, mantissa: 0, bias: 127, .allOnes)
    case .float6e2m3: self.init(exponent: 2, mantissa: 3, bias: 1, .none)
    case .float6e3m2: self.init(exponent: 3, mantissa: 2, bias: 3, .none)
    case .float4e2m1: self.init(exponent: 2, mantissa: 1, bias: 1, .none)
    case .float64, .float32, .int64, .int32, .int16, .int8, .int4, .int2, .uint64, .uint32, .uint16, .uint8, .uint4,
      .uint2, .bool,
      .complex64, .complex128, .string:
      return nil
    }
  }

  private init(isSigned: Bool = true, exponent: Int, mantissa: Int, bias: Int, _ specials: Specials) {
    self.isSigned = isSigned
    exponentBits = exponent
    mantissaBits = mantissa
    self.bias = bias
    self.specials = specials
  }

  package var bitWidth: Int { (isSigned ? 1 : 0) + exponentBits + mantissaBits }

  /// The bit that tells the sign; 0 where there is none.
  package var signBit: UInt16 { isSigned ? 1 << UInt16(bitWidth - 1) : 0 }

  /// The bits of the NaN that arithmetic makes; `nil` where the format has none.
  package var quietNaN: UInt16? {
    switch specials {
    case .ieee: maximumExponent << UInt16(mantissaBits) | 1 << UInt16(mantissaBits - 1)
    case .allOnes: magnitudeMask
    case .negativeZero: signBit
    case .none: nil
    }
  }

  /// The bits of the largest finite number.
  package var largest: UInt16 {
    switch specials {
    case .ieee: maximumExponent << UInt16(mantissaBits) - 1
    case .allOnes: magnitudeMask - 1
    case .negativeZero, .none: magnitudeMask
    }
  }

  /// Without a mantissa no exponent is left over for zero and subnormal numbers.
  private var hasZero: Bool { mantissaBits > 0 }
  private var maximumExponent: UInt16 { (1 << UInt16(exponentBits)) - 1 }
  private var magnitudeMask: UInt16 { (1 << UInt16(exponentBits + mantissaBits)) - 1 }

  /// The number that the lowest `bitWidth` bits tell: exactly, since every such number is a `Double`.
  package func decode(_ bits: UInt16) -> Double {
    let isNegative = bits & signBit != 0
    let magnitude = bits & magnitudeMask
    let exponent = magnitude >> UInt16(mantissaBits)
    let mantissa = Double(magnitude & ((1 << UInt16(mantissaBits)) - 1))
    switch specials {
    case .ieee where exponent == maximumExponent:
      if mantissa != 0 { return .nan }
      return isNegative ? -.infinity : .infinity
    case .allOnes where magnitude == magnitudeMask: return .nan
    case .negativeZero where isNegative && magnitude == 0: return .nan
    case .ieee, .allOnes, .negativeZero, .none: break
    }
    let isSubnormal = exponent == 0 && hasZero
    let significand = isSubnormal ? mantissa : mantissa + scalbn(1, Int32(mantissaBits))
    let value = scalbn(significand, Int32((isSubnormal ? 1 : Int(exponent)) - bias - mantissaBits))
    return isNegative ? -value : value
  }

  /// The bits of the number nearest to `value`, ties to the even mantissa; `nil` where the format has nothing near: an
  /// overflow without infinities, a NaN or a sign that it cannot tell.
  package func encode(_ value: Double) -> UInt16? {
    if value.isNaN { return quietNaN }
    let isNegative = value.sign == .minus
    guard isSigned || !isNegative else { return nil }
    let sign = isNegative ? signBit : 0
    let infinity = specials == .ieee ? sign | maximumExponent << UInt16(mantissaBits) : nil
    guard value.isFinite else { return infinity }
    if value == 0 {
      guard hasZero else { return nil }
      return specials == .negativeZero ? 0 : sign
    }
    guard let magnitude = roundedMagnitude(value.magnitude) else { return infinity }
    return specials == .negativeZero && magnitude == 0 ? 0 : sign | magnitude
  }

  /// Exponent and mantissa of a positive finite number; `nil` where it rounds to above the largest.
  private func roundedMagnitude(_ value: Double) -> UInt16? {
    let lowest = hasZero ? 1 - bias : -bias
    let exponent = max(Int(value.exponent), lowest)
    let significand = scalbn(value, Int32(mantissaBits - exponent)).rounded(.toNearestOrEven)
    // The hidden bit carries into the exponent: a significand that was rounded up to a power of two needs no case of
    // its own.
    let bits = Double((exponent - lowest) << mantissaBits) + significand - (hasZero ? 0 : 1)
    guard bits >= 0, bits <= Double(largest) else { return nil }
    return UInt16(bits)
  }
}
