import IR

/// A floating-point format of at most 16 bits, told by its parts: one decoding and one correctly rounding encoding
/// serve them all.
struct SmallFloat {
  /// What the highest exponents and the sign of zero stand for.
  enum Specials {
    /// As in IEEE 754: the highest exponent means infinity or NaN.
    case ieee
    /// No infinity; all ones is NaN.
    case allOnesIsNaN
    /// Neither infinity nor negative zero: the pattern of negative zero is NaN.
    case negativeZeroIsNaN
    /// Every pattern is a number.
    case none
  }

  let exponentBits: Int
  let fractionBits: Int
  let bias: Int
  let specials: Specials

  private var signShift: Int { exponentBits + fractionBits }
  private var magnitudeMask: UInt16 { UInt16(1 << signShift) - 1 }

  /// The pattern of positive infinity in a format that has one.
  private var infinity: UInt16 { UInt16(((1 << exponentBits) - 1) << fractionBits) }

  /// The pattern of the largest finite number.
  private var largest: UInt16 {
    switch specials {
    case .ieee: infinity - 1
    case .allOnesIsNaN: magnitudeMask - 1
    case .negativeZeroIsNaN, .none: magnitudeMask
    }
  }

  /// The exponent of the last place of a subnormal number.
  private var smallestExponent: Int { 1 - bias - fractionBits }

  /// The number that the pattern stands for. Every number of every format is a `Double`.
  func decode(_ pattern: UInt16) -> Double {
    let isNegative = pattern >> UInt16(signShift) & 1 == 1
    let magnitude = pattern & magnitudeMask
    switch specials {
    case .ieee where magnitude >= infinity:
      if magnitude > infinity { return .nan }
      return isNegative ? -.infinity : .infinity
    case .allOnesIsNaN where magnitude == magnitudeMask: return .nan
    case .negativeZeroIsNaN where isNegative && magnitude == 0: return .nan
    case .ieee, .allOnesIsNaN, .negativeZeroIsNaN, .none: break
    }
    let exponent = Int(magnitude >> UInt16(fractionBits))
    let fraction = Int(magnitude) & ((1 << fractionBits) - 1)
    let significand = exponent == 0 ? fraction : fraction + (1 << fractionBits)
    let value =
      Double(significand) * Double(sign: .plus, exponent: max(exponent, 1) - 1 + smallestExponent, significand: 1)
    return isNegative ? -value : value
  }

  /// The pattern of the number nearest to `value`, ties to even. What is too large becomes infinity where the format
  /// has one and `saturate` is not set, else the largest number with `saturate` and NaN without.
  func encode(_ value: Double, saturate: Bool) -> UInt16 {
    let sign: UInt16 = value.sign == .minus ? 1 << UInt16(signShift) : 0
    if value.isNaN { return sign & nanSign | nan }
    let magnitude = value.isInfinite ? .max : roundedMagnitude(abs(value))
    if magnitude > largest {
      if saturate || specials == .none { return sign | largest }
      return specials == .ieee ? sign | infinity : nan
    }
    if specials == .negativeZeroIsNaN, magnitude == 0 { return 0 }
    return sign | magnitude
  }

  private var nan: UInt16 {
    switch specials {
    case .ieee: infinity | 1 << UInt16(fractionBits - 1)
    case .allOnesIsNaN, .none: magnitudeMask
    case .negativeZeroIsNaN: 1 << UInt16(signShift)
    }
  }

  /// Set in formats whose NaN may have either sign.
  private var nanSign: UInt16 { specials == .ieee || specials == .allOnesIsNaN ? .max : 0 }

  /// The pattern without a sign; more than `largest` for what is too large. A significand that rounds up to the next
  /// power of two carries into the exponent by itself.
  private func roundedMagnitude(_ value: Double) -> UInt16 {
    guard value > 0 else { return 0 }
    let lastPlace = max(Int(value.exponent) - fractionBits, smallestExponent)
    guard lastPlace - smallestExponent < 1 << exponentBits else { return .max }
    let significand = (value / Double(sign: .plus, exponent: lastPlace, significand: 1)).rounded(.toNearestOrEven)
    let pattern = (lastPlace - smallestExponent) << fractionBits + Int(significand)
    return UInt16(clamping: pattern)
  }
}

extension ElementType {
  /// The format, where this is a floating-point type of at most 16 bits that has a sign and a fraction.
  var smallFloat: SmallFloat? {
    switch self {
    case .float16: SmallFloat(exponentBits: 5, fractionBits: 10, bias: 15, specials: .ieee)
    case .bfloat16: SmallFloat(exponentBits: 8, fractionBits: 7, bias: 127, specials: .ieee)
    case .float8e4m3fn: SmallFloat(exponentBits: 4, fractionBits: 3, bias: 7, specials: .allOnesIsNaN)
    case .float8e4m3fnuz: SmallFloat(exponentBits: 4, fractionBits: 3, bias: 8, specials: .negativeZeroIsNaN)
    case .float8e5m2: SmallFloat(exponentBits: 5, fractionBits: 2, bias: 15, specials: .ieee)
    case .float8e5m2fnuz: SmallFloat(exponentBits: 5, fractionBits: 2, bias: 16, specials: .negativeZeroIsNaN)
    case .float6e2m3: SmallFloat(exponentBits: 2, fractionBits: 3, bias: 1, specials: .none)
    case .float6e3m2: SmallFloat(exponentBits: 3, fractionBits: 2, bias: 3, specials: .none)
    case .float4e2m1: SmallFloat(exponentBits: 2, fractionBits: 1, bias: 1, specials: .none)
    case .float64, .float32, .float8e8m0, .int64, .int32, .int16, .int8, .int4, .int2, .uint64, .uint32, .uint16,
      .uint8,
      .uint4, .uint2, .bool, .complex64, .complex128, .string:
      nil
    }
  }
}
