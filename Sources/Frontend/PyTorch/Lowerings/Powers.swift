import IR

extension Lowering {
  static let powers: [String: Lowering] = [
    "aten.pow": .one { try $0.power($0.operand($0.firstName), $0.operand("exponent")) },
    "aten.float_power": .one { call in
      try call.op(
        .pow, call.materialize(call.operand(call.firstName), .float64),
        call.materialize(call.operand("exponent"), .float64))
    },
    "aten.square": .one { call in
      let input = try call.input()
      let number = try call.elementType(input) == .bool ? call.cast(input, to: .int64) : input
      return try call.op(.mul, number, number)
    },
  ]
}

extension Call {
  fileprivate func power(_ a: Operand, _ b: Operand) throws -> Value {
    let type = try promoted([a, b])
    let base = try materialize(a, type)
    guard type.isFloat else {
      if case .integer(let exponent) = b, (0...64).contains(exponent) { return try wholePower(base, exponent) }
      return try wholePower(base, materialize(b, type))
    }
    switch b {
    case .integer(2): return try op(.mul, base, base)
    case .float(2): return try op(.mul, base, base)
    case .float(0.5): return try op(.sqrt, base)
    case .float(-0.5): return try op(.reciprocal, op(.sqrt, base))
    case .integer(1), .float(1): return base
    case .float(-1), .integer(-1): return try op(.reciprocal, base)
    default: return try op(.pow, base, materialize(b, type))
    }
  }

  /// A power of integers, of which the digits that do not fit are cut off.
  private func wholePower(_ base: Value, _ exponent: Int) throws -> Value {
    if exponent == 0 { return try like(base, scalar(1, elementType(base))) }
    var (square, rest) = (base, exponent)
    var result: Value?
    while true {
      if rest % 2 == 1 { result = try result.map { try op(.mul, $0, square) } ?? square }
      rest /= 2
      guard rest > 0 else { return result ?? square }
      square = try op(.mul, square, square)
    }
  }

  /// A power of integers by integers: products of squares, as runtimes compute powers in fractions and lose digits.
  private func wholePower(_ base: Value, _ exponent: Value) throws -> Value {
    let type = try elementType(base)
    let (x, n) = (try cast(base, to: .int64), try cast(exponent, to: .int64))
    let (zero, one, two) = (try scalar(0, .int64), try scalar(1, .int64), try scalar(2, .int64))
    let isOdd = try op(.equal, op(.mod, n, two), one)
    // Beyond 64 there is a power other than 0 of 1 and -1 only, and of odd numbers, whose digits nobody wants.
    let limit = try op(.where, isOdd, scalar(65, .int64), scalar(64, .int64))
    var rest = try op(.max, op(.min, n, limit), zero)
    var square = x
    var result = try op(.where, isOdd, x, one)
    for _ in 0..<6 {
      rest = try op(.div, rest, two)
      square = try op(.mul, square, square)
      result = try op(.where, op(.equal, op(.mod, rest, two), one), op(.mul, result, square), result)
    }
    // A reciprocal is whole of 1 and -1 only.
    let sign = try op(.where, isOdd, x, one)
    let reciprocal = try op(.where, op(.equal, op(.abs, x), one), sign, zero)
    return try cast(op(.where, op(.less, n, zero), reciprocal, result), to: type)
  }
}
