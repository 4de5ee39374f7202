import IR

/// Operators that are correctly rounded, and so the same everywhere.
enum Arithmetic {
  static let kernels: [Kernel] = [
    binary(.add, addition),
    binary(.sub, ArithmeticRule(real: { $0 - $1 }, signed: { $0 &- $1 }, unsigned: { $0 &- $1 })),
    binary(.mul, multiplication),
    binary(.div, ArithmeticRule(real: { $0 / $1 }, signed: quotient, unsigned: quotient)),
    Kernel(.mod, modulo),
    variadic(.max, maximum),
    variadic(.min, minimum),
    Kernel(.sum, .exactForIntegers) { [try fold($0, addition)] },
    unary(.abs, UnaryRule(real: { abs($0) }, signed: { $0 < 0 ? 0 &- $0 : $0 }, unsigned: { $0 })),
    unary(.neg, UnaryRule(real: { -$0 }, signed: { 0 &- $0 })),
    unary(.sign, UnaryRule(real: sign, signed: { $0.signum() }, unsigned: { $0.signum() })),
    unary(.relu, UnaryRule(real: { $0 < 0 ? 0 : $0 }, signed: { max($0, 0) })),
    unary(.ceil, UnaryRule(real: { $0.rounded(.up) })),
    unary(.floor, UnaryRule(real: { $0.rounded(.down) })),
    unary(.round, UnaryRule(real: { $0.rounded(.toNearestOrEven) })),
    unary(.sqrt, UnaryRule(real: { $0.squareRoot() })),
    unary(.reciprocal, UnaryRule(real: { 1 / $0 })),
    unary(.bitwiseNot, UnaryRule(real: nil, signed: { ~$0 }, unsigned: { ~$0 })),
    unary(.not, UnaryRule(real: nil, unsigned: { 1 - $0 })),
    binary(.bitwiseAnd, ArithmeticRule(real: nil, signed: { $0 & $1 }, unsigned: { $0 & $1 })),
    binary(.bitwiseOr, ArithmeticRule(real: nil, signed: { $0 | $1 }, unsigned: { $0 | $1 })),
    binary(.bitwiseXor, ArithmeticRule(real: nil, signed: { $0 ^ $1 }, unsigned: { $0 ^ $1 })),
    Kernel(.bitShift, shift),
    Kernel(.clip, clip),
  ]

  private static func binary(_ definition: OpDefinition, _ rule: ArithmeticRule) -> Kernel {
    Kernel(definition) { [try rule.apply($0, $0.operand(0), $0.operand(1))] }
  }

  private static func unary(_ definition: OpDefinition, _ rule: UnaryRule) -> Kernel {
    Kernel(definition) { [try rule.apply($0, $0.operand(0))] }
  }

  private static func variadic(_ definition: OpDefinition, _ rule: ArithmeticRule) -> Kernel {
    Kernel(definition) { [try fold($0, rule)] }
  }

  /// The operands combined from first to last.
  static func fold(_ invocation: Invocation, _ rule: ArithmeticRule) throws -> TensorLiteral {
    var result = try invocation.operand(0)
    for index in invocation.operands.indices.dropFirst() {
      result = try rule.apply(invocation, result, invocation.operand(index))
    }
    return result
  }

  static let multiplication = ArithmeticRule(real: { $0 * $1 }, signed: { $0 &* $1 }, unsigned: { $0 &* $1 })
  static let maximum = ArithmeticRule(
    real: { larger($0, $1) }, signed: { max($0, $1) }, unsigned: { max($0, $1) })
  static let minimum = ArithmeticRule(
    real: { -larger(-$0, -$1) }, signed: { min($0, $1) }, unsigned: { min($0, $1) })
  static let addition = ArithmeticRule(real: { $0 + $1 }, signed: { $0 &+ $1 }, unsigned: { $0 &+ $1 })

  // MARK: Rules with more to say

  /// NaN where either is; positive zero before negative.
  static func larger(_ a: Double, _ b: Double) -> Double {
    if a.isNaN { return a }
    if b.isNaN { return b }
    if a == b { return a.sign == .minus ? b : a }
    return a > b ? a : b
  }

  private static func sign(_ x: Double) -> Double {
    if x.isNaN || x == 0 { return x }
    return x < 0 ? -1 : 1
  }

  private static func quotient<I: FixedWidthInteger>(_ a: I, _ b: I) throws -> I {
    let (quotient, overflow) = a.dividedReportingOverflow(by: b)
    guard !overflow else { throw Refusal(.undefined, "the division \(a) / \(b)") }
    return quotient
  }

  private static func remainder<I: FixedWidthInteger>(_ a: I, _ b: I) throws -> I {
    let (remainder, overflow) = a.remainderReportingOverflow(dividingBy: b)
    guard !overflow else { throw Refusal(.undefined, "the remainder \(a) mod \(b)") }
    return remainder
  }

  private static func modulo(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let signOfDividend = invocation.operation.flag("fmod")
    let rule = ArithmeticRule(
      real: { a, b in
        let rest = a.truncatingRemainder(dividingBy: b)
        if signOfDividend { return rest }
        if rest == 0 { return b.sign == .minus ? -0.0 : 0 }
        return (rest < 0) == (b < 0) ? rest : rest + b
      },
      signed: { a, b in
        let rest = try remainder(a, b)
        return signOfDividend || rest == 0 || (rest < 0) == (b < 0) ? rest : rest + b
      },
      unsigned: { try remainder($0, $1) })
    return [try rule.apply(invocation, invocation.operand(0), invocation.operand(1))]
  }

  private static func shift(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let a = try invocation.operand(0)
    guard let width = a.elementType.bitWidth, let direction = invocation.operation.string("direction") else {
      throw Refusal(.unsupported, "there is no direction")
    }
    let isLeft = direction == "LEFT"
    // Whoever shifts by less than nothing shifts everything out.
    let rule = ArithmeticRule(
      real: nil,
      signed: { a, b in
        let places = b < 0 || b > width ? Int64(width) : b
        return isLeft ? a << places : a >> places
      },
      unsigned: { a, b in
        let places = min(b, UInt64(width))
        return isLeft ? a << places : a >> places
      })
    return [try rule.apply(invocation, a, invocation.operand(1))]
  }

  private static func clip(_ invocation: Invocation) throws -> [TensorLiteral?] {
    var result = try invocation.operand(0)
    let bounds = [
      ArithmeticRule(real: { $0 < $1 ? $1 : $0 }, signed: { max($0, $1) }, unsigned: { max($0, $1) }),
      ArithmeticRule(real: { $0 > $1 ? $1 : $0 }, signed: { min($0, $1) }, unsigned: { min($0, $1) }),
    ]
    for (index, rule) in bounds.enumerated() {
      guard let bound = invocation[optional: index + 1] else { continue }
      guard bound.elementCount == 1 else { throw Refusal(.undefined, "a bound has \(bound.elementCount) elements") }
      result = try rule.apply(invocation, result, invocation.reshape(bound, []))
    }
    return [result]
  }
}
