import IR

/// Operators that implementations round differently.
enum Functions {
  static let kernels: [Kernel] = [
    function(.exp) { RealMath.exp($0) },
    function(.log) { RealMath.log($0) },
    function(.sin) { try RealMath.sin($0) },
    function(.cos) { try RealMath.cos($0) },
    function(.tan) { try RealMath.tan($0) },
    function(.asin) { RealMath.asin($0) },
    function(.acos) { RealMath.acos($0) },
    function(.atan) { RealMath.atan($0) },
    function(.sinh) { RealMath.sinh($0) },
    function(.cosh) { RealMath.cosh($0) },
    function(.tanh) { RealMath.tanh($0) },
    function(.asinh) { RealMath.asinh($0) },
    function(.acosh) { RealMath.acosh($0) },
    function(.atanh) { RealMath.atanh($0) },
    function(.erf) { RealMath.erf($0) },
    function(.sigmoid) { RealMath.sigmoid($0) },
    function(.softplus) { RealMath.softplus($0) },
    function(.softsign) { $0 / (1 + abs($0)) },
    function(.hardSwish) { $0 * clamp($0 / 6 + 0.5) },
    function(.mish) { $0 * RealMath.tanh(RealMath.softplus($0)) },
    function(.swish, "alpha") { alpha in { $0 * RealMath.sigmoid(alpha * $0) } },
    function(.leakyRelu, "alpha") { alpha in { $0 < 0 ? alpha * $0 : $0 } },
    function(.elu, "alpha") { alpha in { $0 > 0 ? $0 : alpha * RealMath.expMinusOne($0) } },
    function(.celu, "alpha") { alpha in { max($0, 0) + min(0, alpha * RealMath.expMinusOne($0 / alpha)) } },
    function(.thresholdedRelu, "alpha") { alpha in { $0 > alpha ? $0 : 0 } },
    function(.hardSigmoid, "alpha", "beta") { alpha, beta in { clamp(alpha * $0 + beta) } },
    function(.selu, "alpha", "gamma") { alpha, gamma in
      { $0 > 0 ? gamma * $0 : gamma * alpha * RealMath.expMinusOne($0) }
    },
    function(.shrink, "lambd", "bias") { lambd, bias in
      { $0 < -lambd ? $0 + bias : $0 > lambd ? $0 - bias : 0 }
    },
    Kernel(.gelu, .exactForIntegers) { invocation in
      let byTanh = invocation.operation.string("approximate") == "tanh"
      return [try UnaryRule(real: byTanh ? geluByTanh : gelu).apply(invocation, invocation.operand(0))]
    },
    Kernel(.prelu, .exactForIntegers) { invocation in
      let rule = ArithmeticRule(
        real: { $0 < 0 ? $0 * $1 : $0 }, signed: { $0 < 0 ? $0 &* $1 : $0 }, unsigned: { x, _ in x })
      return [try rule.apply(invocation, invocation.operand(0), invocation.operand(1))]
    },
    Kernel(.swiGLU, .exactForIntegers) { invocation in
      let alpha = try float("alpha", invocation)
      let rule = ArithmeticRule(real: { $0 * RealMath.sigmoid(alpha * $0) * $1 }, signed: nil, unsigned: nil)
      return [try rule.apply(invocation, invocation.operand(0), invocation.operand(1))]
    },
    Kernel(.pow, .exactForIntegers, power),
    Kernel(.mean, .exactForIntegers, mean),
  ]

  private static func function(_ definition: OpDefinition, _ real: @escaping @Sendable (Double) throws -> Double)
    -> Kernel
  {
    let rule = UnaryRule(real: real)
    return Kernel(definition, .exactForIntegers) { [try rule.apply($0, $0.operand(0))] }
  }

  private static func function(
    _ definition: OpDefinition, _ parameter: ByteString,
    _ real: @escaping @Sendable (Double) -> @Sendable (Double) throws -> Double
  ) -> Kernel {
    Kernel(definition, .exactForIntegers) { invocation in
      let rule = UnaryRule(real: real(try float(parameter, invocation)))
      return [try rule.apply(invocation, invocation.operand(0))]
    }
  }

  private static func function(
    _ definition: OpDefinition, _ first: ByteString, _ second: ByteString,
    _ real: @escaping @Sendable (Double, Double) -> @Sendable (Double) throws -> Double
  ) -> Kernel {
    Kernel(definition, .exactForIntegers) { invocation in
      let rule = UnaryRule(real: real(try float(first, invocation), try float(second, invocation)))
      return [try rule.apply(invocation, invocation.operand(0))]
    }
  }

  private static func float(_ name: ByteString, _ invocation: Invocation) throws -> Double {
    guard let value = invocation.operation.float(name) else { throw Refusal(.unsupported, "\(name) is not a number") }
    return Double(value)
  }

  private static func clamp(_ x: Double) -> Double { x < 0 ? 0 : x > 1 ? 1 : x }

  @Sendable private static func gelu(_ x: Double) -> Double { 0.5 * x * (1 + RealMath.erf(x / 2.0.squareRoot())) }

  @Sendable private static func geluByTanh(_ x: Double) -> Double {
    0.5 * x * (1 + RealMath.tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)))
  }

  private static func mean(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let count = Double(invocation.operands.count)
    let sum = try Arithmetic.fold(invocation, Arithmetic.addition)
    return [try UnaryRule(real: { $0 / count }).apply(invocation, sum)]
  }

  /// The exponent may be of another element type than the base, which is the result's.
  private static func power(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (base, exponent) = (try invocation.operand(0), try invocation.operand(1))
    let type = base.elementType
    switch (type.numberKind, exponent.elementType.numberKind) {
    case (.real, .real):
      return [try Elementwise.map(invocation, base, exponent, to: type) { RealMath.pow($0, $1) }]
    case (.real, .signed):
      return [
        try Elementwise.map(invocation, base, exponent, to: type) { (x: Double, y: Int64) in RealMath.pow(x, Double(y))
        }
      ]
    case (.real, .unsigned):
      return [
        try Elementwise.map(invocation, base, exponent, to: type) { (x: Double, y: UInt64) in RealMath.pow(x, Double(y))
        }
      ]
    case (.signed, .signed):
      return [try Elementwise.map(invocation, base, exponent, to: type, integerPower)]
    case (.signed, .unsigned):
      return [
        try Elementwise.map(invocation, base, exponent, to: type) { (x: Int64, y: UInt64) in
          try integerPower(x, Int64(clamping: y))
        }
      ]
    case (.signed, .real):
      return [
        try Elementwise.map(invocation, base, exponent, to: type) { (x: Int64, y: Double) in
          try Conversion.integer(RealMath.pow(Double(x), y), type, invocation)
        }
      ]
    case (.real, nil), (.signed, nil), (.unsigned, _), (nil, _):
      throw Refusal(.unsupported, "\(type.rawValue) to the power of \(exponent.elementType.rawValue)")
    }
  }

  private static func integerPower(_ base: Int64, _ exponent: Int64) throws -> Int64 {
    guard exponent >= 0 else { throw Refusal(.undefined, "\(base) to the power of \(exponent)") }
    var (result, square, left): (Int64, Int64, Int64) = (1, base, exponent)
    while left > 0 {
      if left & 1 == 1 { result = result &* square }
      square = square &* square
      left >>= 1
    }
    return result
  }
}
