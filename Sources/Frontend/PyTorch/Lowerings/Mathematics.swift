import IR

extension Lowering {
  /// Functions of one number, and a few of two.
  static let mathematics: [String: Lowering] = [
    "aten.exp": floating(.exp), "aten.log": floating(.log), "aten.sqrt": floating(.sqrt), "aten.erf": floating(.erf),
    "aten.special_erf": floating(.erf), "aten.sin": floating(.sin), "aten.cos": floating(.cos),
    "aten.tan": floating(.tan), "aten.asin": floating(.asin), "aten.acos": floating(.acos),
    "aten.atan": floating(.atan), "aten.sinh": floating(.sinh), "aten.cosh": floating(.cosh),
    "aten.asinh": floating(.asinh), "aten.acosh": floating(.acosh), "aten.atanh": floating(.atanh),
    "aten.tanh": floating(.tanh), "aten.sigmoid": floating(.sigmoid), "aten.special_expit": floating(.sigmoid),
    "aten.arctan": floating(.atan), "aten.arcsin": floating(.asin), "aten.arccos": floating(.acos),
    "aten.ceil": rounding(.ceil), "aten.floor": rounding(.floor),
    "aten.trunc": .one { try $0.elementType($0.input()).isFloat ? $0.truncated($0.input()) : $0.input() },
    "aten.fix": .one { try $0.elementType($0.input()).isFloat ? $0.truncated($0.input()) : $0.input() },
    "aten.frac": .one { try $0.op(.sub, $0.input(), $0.truncated($0.input())) },
    "aten.round": .one { try $0.rounded() },
    "aten.sign": .one { try $0.op(.sign, $0.input()) },
    "aten.sgn": .one { try $0.op(.sign, $0.input()) },
    "aten.positive": .one { try $0.input() },
    "aten.rsqrt": .one { try $0.op(.reciprocal, $0.op(.sqrt, $0.floating($0.input()))) },
    "aten.exp2": .one { call in
      let input = try call.floating(call.input())
      return try call.op(.pow, call.scalar(2, call.elementType(input)), input)
    },
    "aten.expm1": .one { call in
      // e^x - 1 loses every digit near 0; 2 sinh(x / 2) e^(x / 2) does not.
      let input = try call.floating(call.input())
      let type = try call.elementType(input)
      let half = try call.op(.mul, input, call.scalar(0.5, type))
      let product = try call.op(.mul, call.op(.sinh, half), call.op(.exp, half))
      return try call.op(.mul, product, call.scalar(2, type))
    },
    "aten.log1p": .one { try $0.logarithm(of: $0.floating($0.input()), plus: 1, by: 1) },
    "aten.log2": .one { try $0.logarithm(of: $0.floating($0.input()), plus: 0, by: 1.4426950408889634) },
    "aten.log10": .one { try $0.logarithm(of: $0.floating($0.input()), plus: 0, by: 0.4342944819032518) },
    "aten.erfc": .one { call in
      let input = try call.floating(call.input())
      return try call.op(.sub, call.scalar(1, call.elementType(input)), call.op(.erf, input))
    },
    "aten.deg2rad": .one { try $0.scaled(by: 0.017453292519943295) },
    "aten.rad2deg": .one { try $0.scaled(by: 57.29577951308232) },
    "aten.logit": .one { call in
      var input = try call.floating(call.input())
      let type = try call.elementType(input)
      if let epsilon = try call.optionalFloat("eps") {
        input = try call.op(.clip, input, call.scalar(epsilon, type), call.scalar(1 - epsilon, type))
      }
      return try call.op(.log, call.op(.div, input, call.op(.sub, call.scalar(1, type), input)))
    },
    "aten.isnan": .one { try $0.test(.isNaN) },
    "aten.isinf": .one { try $0.test(.isInf) },
    "aten.isfinite": .one { call in
      try call.op(.not, call.op(.or, call.test(.isNaN), call.test(.isInf)))
    },
    "aten.nan_to_num": .one { try $0.withoutSpecials() },
    "aten.atan2": .one { try $0.angle() },
    "aten.arctan2": .one { try $0.angle() },
    "aten.hypot": .one { call in
      let (a, b) = (try call.input(), try call.value("other"))
      return try call.op(.sqrt, call.op(.add, call.op(.mul, a, a), call.op(.mul, b, b)))
    },
    "aten.logaddexp": .one { call in
      let (a, b) = (try call.input(), try call.value("other"))
      let distance = try call.op(.abs, call.op(.sub, a, b))
      let rest = try call.op(.softplus, call.op(.neg, distance))
      return try call.op(.add, call.op(.max, a, b), rest)
    },
    "aten.xlogy": .one { call in
      let (a, b) = (try call.operand("self"), try call.operand("other"))
      let type = try call.promotedToFloat([a, b])
      let (x, y) = (try call.materialize(a, type), try call.materialize(b, type))
      let zero = try call.scalar(0, type)
      let isZero = try call.op(.and, call.op(.equal, x, zero), call.op(.not, call.op(.isNaN, y)))
      return try call.op(.where, isZero, zero, call.op(.mul, x, call.op(.log, y)))
    },
  ]

  private static func floating(_ definition: OpDefinition) -> Lowering {
    .one { try $0.op(definition, $0.floating($0.input())) }
  }

  /// Integers are round already.
  private static func rounding(_ definition: OpDefinition) -> Lowering {
    .one { call in
      let input = try call.input()
      return try call.elementType(input).isFloat ? call.op(definition, input) : input
    }
  }
}

extension Call {
  func scaled(by factor: Double) throws -> Value {
    let input = try floating(input())
    return try op(.mul, input, scalar(factor, elementType(input)))
  }

  fileprivate func rounded() throws -> Value {
    let input = try input()
    guard try elementType(input).isFloat else { return input }
    let decimals = try int("decimals", default: 0)
    guard decimals != 0 else { return try op(.round, input) }
    guard abs(decimals) <= 15 else { throw UnsupportedForm("rounds to \(decimals) decimals") }
    let factor = try scalar((0..<abs(decimals)).reduce(1.0) { result, _ in result * 10 }, elementType(input))
    let (to, back): (OpDefinition, OpDefinition) = decimals > 0 ? (.mul, .div) : (.div, .mul)
    return try op(back, op(.round, op(to, input, factor)), factor)
  }

  fileprivate func logarithm(of value: Value, plus offset: Double, by factor: Double) throws -> Value {
    let type = try elementType(value)
    let sum = offset == 0 ? value : try op(.add, value, scalar(offset, type))
    let logarithm = try op(.log, sum)
    return factor == 1 ? logarithm : try op(.mul, logarithm, scalar(factor, type))
  }

  fileprivate func test(_ definition: OpDefinition) throws -> Value {
    let input = try input()
    return try op(definition, cast(input, to: promotedToFloat([.tensor(input)])))
  }

  fileprivate func withoutSpecials() throws -> Value {
    let input = try input()
    let type = try elementType(input)
    let limits: [ElementType: Double] = [
      .float16: 65504, .bfloat16: 3.3895313892515355e38, .float32: Double(Float.greatestFiniteMagnitude),
      .float64: .greatestFiniteMagnitude,
    ]
    guard let limit = limits[type] else { return input }
    let high = try optionalFloat("posinf") ?? limit
    let low = try optionalFloat("neginf") ?? -limit
    let number = try op(.where, op(.isNaN, input), scalar(try float("nan", default: 0), type), input)
    let infinity = try op(.equal, number, scalar(Double.infinity, type))
    let negative = try op(.equal, number, scalar(-Double.infinity, type))
    return try op(.where, infinity, scalar(high, type), op(.where, negative, scalar(low, type), number))
  }

  /// The angle of the point (other, self), in all quadrants.
  fileprivate func angle() throws -> Value {
    let (a, b) = (try operand("self"), try operand("other"))
    let type = try promotedToFloat([a, b])
    let (y, x) = (try materialize(a, type), try materialize(b, type))
    let (zero, pi) = (try scalar(0, type), try scalar(Double.pi, type))
    let atan = try op(.atan, op(.div, y, x))
    let turn = try op(.where, op(.less, y, zero), op(.neg, pi), pi)
    let left = try op(.where, op(.less, x, zero), op(.add, atan, turn), atan)
    // 0 / 0 is at no angle, but the origin is at 0.
    let isOrigin = try op(.and, op(.equal, y, zero), op(.equal, x, zero))
    return try op(.where, isOrigin, zero, left)
  }
}
