/// Elementary functions out of +, -, *, / and square root alone: the C library's differ by version and by processor,
/// these give the same bits everywhere. Errors stay within a few units of the last place of a `Double`, far below the
/// rounding of narrower elements.
enum RealMath {
  private static let ln2High = 6.93147180369123816490e-01
  private static let ln2Low = 1.90821492927058770002e-10
  private static let ln2 = 6.93147180559945309417e-01
  private static let halfPi = 1.57079632679489661923

  // MARK: Exponentials and logarithms

  static func exp(_ x: Double) -> Double {
    if x.isNaN { return x }
    if x > 710 { return .infinity }
    if x < -746 { return 0 }
    let power = (x / ln2).rounded()
    let rest = (x - power * ln2High) - power * ln2Low
    return Double(sign: .plus, exponent: Int(power), significand: 1 + smallExpMinusOne(rest))
  }

  /// `exp(x) - 1`, precise near 0.
  static func expMinusOne(_ x: Double) -> Double {
    abs(x) < 0.35 ? smallExpMinusOne(x) : exp(x) - 1
  }

  /// The Taylor series of `exp(x) - 1` for |x| < 0.36.
  private static func smallExpMinusOne(_ x: Double) -> Double {
    var sum = 0.0
    for n in stride(from: 14.0, to: 0, by: -1) { sum = (1 + sum) * x / n }
    return sum
  }

  static func log(_ x: Double) -> Double {
    if x.isNaN || x < 0 { return .nan }
    if x == 0 { return -.infinity }
    if x.isInfinite { return x }
    var (significand, exponent) = (x.significand, Double(x.exponent))
    if significand > 1.4142135623730951 {
      significand /= 2
      exponent += 1
    }
    return exponent * ln2High + (exponent * ln2Low + smallLogPlusOne(significand - 1))
  }

  /// `log(1 + x)`, precise near 0.
  static func logPlusOne(_ x: Double) -> Double {
    x > -0.29 && x < 0.42 ? smallLogPlusOne(x) : log(1 + x)
  }

  /// `log((1 + s) / (1 - s)) = 2 (s + s^3 / 3 + s^5 / 5 ...)` with `s = x / (2 + x)`, for x between sqrt(1/2) - 1 and
  /// sqrt(2) - 1.
  private static func smallLogPlusOne(_ x: Double) -> Double {
    let s = x / (2 + x)
    var sum = 0.0
    for n in stride(from: 27.0, to: 0, by: -2) { sum = sum * s * s + 1 / n }
    return 2 * s * sum
  }

  static func pow(_ x: Double, _ y: Double) -> Double {
    if y == 0 || x == 1 { return 1 }
    if x.isNaN || y.isNaN { return .nan }
    if y == 0.5, x > 0 { return x.squareRoot() }
    let isInteger = y.rounded(.towardZero) == y
    if isInteger, abs(y) <= 1024 { return y < 0 ? 1 / integerPower(x, Int(-y)) : integerPower(x, Int(y)) }
    if x == -1, y.isInfinite { return 1 }
    if x < 0, !isInteger, x.isFinite { return .nan }
    let magnitude = exp(y * log(abs(x)))
    let isOdd = isInteger && y.isFinite && y.truncatingRemainder(dividingBy: 2) != 0
    return x.sign == .minus && isOdd ? -magnitude : magnitude
  }

  private static func integerPower(_ x: Double, _ n: Int) -> Double {
    var (result, square, left) = (1.0, x, n)
    while left > 0 {
      if left & 1 == 1 { result *= square }
      square *= square
      left >>= 1
    }
    return result
  }

  // MARK: Hyperbolic functions

  static func sinh(_ x: Double) -> Double {
    guard abs(x) < 1 else { return (exp(x) - exp(-x)) / 2 }
    let e = expMinusOne(x)
    return (e + e / (e + 1)) / 2
  }

  static func cosh(_ x: Double) -> Double { (exp(x) + exp(-x)) / 2 }

  static func tanh(_ x: Double) -> Double {
    if x.isNaN || x == 0 { return x }
    if abs(x) > 22 { return x < 0 ? -1 : 1 }
    let e = expMinusOne(2 * abs(x))
    return x < 0 ? -e / (e + 2) : e / (e + 2)
  }

  static func asinh(_ x: Double) -> Double {
    let a = abs(x)
    if x == 0 || !x.isFinite { return x }
    let value = a > 1e8 ? log(a) + ln2 : logPlusOne(a + a * a / (1 + (a * a + 1).squareRoot()))
    return x < 0 ? -value : value
  }

  static func acosh(_ x: Double) -> Double {
    guard x >= 1 else { return .nan }
    let t = x - 1
    return x > 1e8 ? log(x) + ln2 : logPlusOne(t + (2 * t + t * t).squareRoot())
  }

  static func atanh(_ x: Double) -> Double {
    if x == 0 { return x }
    return x < 0 ? -logPlusOne(2 * -x / (1 + x)) / 2 : logPlusOne(2 * x / (1 - x)) / 2
  }

  // MARK: Trigonometric functions

  /// Beyond this the reduction by parts of pi loses digits.
  private static let largestAngle = 1e6

  static func sin(_ x: Double) throws -> Double {
    if x == 0 { return x }
    let (rest, quadrant) = try reduced(x)
    return [smallSin(rest), smallCos(rest), -smallSin(rest), -smallCos(rest)][quadrant]
  }

  static func cos(_ x: Double) throws -> Double {
    let (rest, quadrant) = try reduced(x)
    return [smallCos(rest), -smallSin(rest), -smallCos(rest), smallSin(rest)][quadrant]
  }

  static func tan(_ x: Double) throws -> Double { x == 0 ? x : try sin(x) / cos(x) }

  /// `x` less the nearest multiple of pi / 2, and that multiple modulo 4. pi / 2 is subtracted in parts of 33 bits,
  /// whose products are exact.
  private static func reduced(_ x: Double) throws -> (rest: Double, quadrant: Int) {
    guard x.isFinite else { return (.nan, 0) }
    guard abs(x) <= largestAngle else { throw Refusal(.unsupported, "the angle \(x) is too large") }
    let n = (x / halfPi).rounded()
    let rest =
      ((x - n * 1.57079632673412561417) - n * 6.07710050630396597660e-11) - n * 2.02226624871116645580e-21
      - n * 8.47842766036889956997e-32
    return (rest, Int(n) & 3)
  }

  private static func smallSin(_ x: Double) -> Double {
    var sum = 0.0
    for n in stride(from: 18.0, to: 0, by: -2) { sum = (sum + 1) * -x * x / (n * (n + 1)) }
    return x + x * sum
  }

  private static func smallCos(_ x: Double) -> Double {
    var sum = 0.0
    for n in stride(from: 19.0, to: 0, by: -2) { sum = (sum + 1) * -x * x / (n * (n + 1)) }
    return 1 + sum
  }

  static func atan(_ x: Double) -> Double {
    if x.isNaN || x == 0 { return x }
    let a = abs(x)
    let inverted = a > 1
    let t = inverted ? 1 / a : a
    let value = t > 0.41421356 ? halfPi / 2 + smallAtan((t - 1) / (t + 1)) : smallAtan(t)
    let unsigned = inverted ? halfPi - value : value
    return x < 0 ? -unsigned : unsigned
  }

  private static func smallAtan(_ t: Double) -> Double {
    var sum = 0.0
    for n in stride(from: 45.0, to: 0, by: -2) { sum = 1 / n - sum * t * t }
    return t * sum
  }

  static func asin(_ x: Double) -> Double { atan(x / ((1 - x) * (1 + x)).squareRoot()) }

  static func acos(_ x: Double) -> Double { 2 * atan(((1 - x) / (1 + x)).squareRoot()) }

  // MARK: Of activations

  /// The error function, by a series whose terms are all positive: nothing cancels.
  static func erf(_ x: Double) -> Double {
    if x.isNaN || x == 0 { return x }
    if abs(x) > 6 { return x < 0 ? -1 : 1 }
    var term = 2 * x * exp(-x * x) / 1.77245385090551602730
    var sum = 0.0
    for n in stride(from: 3.0, to: 400, by: 2) {
      sum += term
      term *= 2 * x * x / n
    }
    return sum
  }

  static func sigmoid(_ x: Double) -> Double {
    x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x))
  }

  static func softplus(_ x: Double) -> Double { max(x, 0) + logPlusOne(exp(-abs(x))) }
}
