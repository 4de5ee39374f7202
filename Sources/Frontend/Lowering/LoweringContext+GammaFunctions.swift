import IR

/// The gamma function's logarithm and its slope, computed in double precision, and the inverse of the error function.
extension LoweringContext {
  /// The sum of `coefficients[i] * value^i`.
  func polynomial(_ coefficients: [Double], _ value: Value) throws -> Value {
    let type = try elementType(value)
    return try coefficients.dropLast().reversed().reduce(scalar(coefficients.last ?? 0, type)) { sum, coefficient in
      try op(.add, op(.mul, sum, value), scalar(coefficient, type))
    }
  }

  /// The number `value` as the reflection formulas take it: where it is below `limit` as its distance from 1.
  private func reflected(
    _ value: Value, below limit: Double
  ) throws -> (number: Value, isReflected: Value, fraction: Value) {
    let isReflected = try op(.less, value, scalar(limit, .float64))
    let number = try op(.where, isReflected, op(.sub, scalar(1, .float64), value), value)
    return (number, isReflected, try op(.sub, value, op(.floor, value)))
  }

  /// log |gamma(value)|: Lanczos's approximation of nine terms, to 1e-14.
  func logarithmOfGamma(_ value: Value) throws -> Value {
    let wide = try cast(value, to: .float64)
    let (number, isReflected, fraction) = try reflected(wide, below: 0.5)
    func constant(_ value: Double) throws -> Value { try scalar(value, .float64) }
    let terms: [Double] = [
      676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
      -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
    ]
    let sum = try terms.enumerated().reduce(constant(0.99999999999980993)) { sum, term in
      let divisor = term.offset == 0 ? number : try op(.add, number, constant(Double(term.offset)))
      return try op(.add, sum, op(.div, constant(term.element), divisor))
    }
    let shifted = try op(.add, number, constant(6.5))
    let power = try op(.mul, op(.sub, number, constant(0.5)), op(.log, shifted))
    let series = try op(.add, op(.log, sum), constant(0.9189385332046727))
    let direct = try op(.add, op(.sub, power, shifted), series)
    let sine = try op(.abs, op(.sin, op(.mul, fraction, constant(Double.pi))))
    let mirrored = try op(.sub, op(.sub, constant(1.1447298858494002), op(.log, sine)), direct)
    let result = try op(.where, isReflected, mirrored, direct)
    let (isInfinite, infinity) = (try op(.isInf, wide), try constant(.infinity))
    return try cast(op(.where, isInfinite, infinity, result), to: elementType(value))
  }

  /// The slope of log gamma: the asymptotic series beyond 10, reached step by step, to 1e-12.
  func slopeOfGamma(_ value: Value) throws -> Value {
    let wide = try cast(value, to: .float64)
    let (number, isReflected, fraction) = try reflected(wide, below: 0)
    func constant(_ value: Double) throws -> Value { try scalar(value, .float64) }
    let steps = try (0..<10).map { try $0 == 0 ? number : op(.add, number, constant(Double($0))) }
    let large = try op(.add, number, constant(10))
    let inverse = try op(.reciprocal, large)
    let square = try op(.mul, inverse, inverse)
    let series = try polynomial([0, 1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760], square)
    let start = try op(.sub, op(.sub, op(.log, large), op(.mul, inverse, constant(0.5))), series)
    let direct = try steps.reduce(start) { try op(.sub, $0, op(.reciprocal, $1)) }
    let angle = try op(.mul, fraction, constant(Double.pi))
    let cotangent = try op(.div, op(.cos, angle), op(.sin, angle))
    let mirrored = try op(.sub, direct, op(.mul, cotangent, constant(Double.pi)))
    // Below 0 the integers are poles.
    let isPole = try op(.equal, fraction, constant(0))
    let below = try op(.where, isPole, constant(.nan), mirrored)
    return try cast(op(.where, isReflected, below, direct), to: elementType(value))
  }

  /// The number whose error function is `value`: Giles's approximation in single precision, to 1e-6 of it.
  func inverseError(_ value: Value) throws -> Value {
    let type = try elementType(value)
    let one = try scalar(1, type)
    let depth = try op(.neg, op(.log, op(.mul, op(.sub, one, value), op(.add, one, value))))
    let central = try polynomial(
      [
        1.50140941, 0.246640727, -0.00417768164, -0.00125372503, 0.00021858087, -4.39150654e-06, -3.5233877e-06,
        3.43273939e-07, 2.81022636e-08,
      ], op(.sub, depth, scalar(2.5, type)))
    let tail = try polynomial(
      [
        2.83297682, 1.00167406, 0.00943887047, -0.0076224613, 0.00573950773, -0.00367342844, 0.00134934322,
        0.000100950558, -0.000200214257,
      ], op(.sub, op(.sqrt, depth), scalar(3, type)))
    let factor = try op(.where, op(.less, depth, scalar(5, type)), central, tail)
    let isEnd = try op(.equal, op(.abs, value), one)
    return try op(.mul, value, op(.where, isEnd, scalar(Double.infinity, type), factor))
  }
}
