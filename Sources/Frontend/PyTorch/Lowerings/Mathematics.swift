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
    "aten.arcsinh": floating(.asinh), "aten.arccosh": floating(.acosh), "aten.arctanh": floating(.atanh),
    "aten.arctan": floating(.atan), "aten.arcsin": floating(.asin), "aten.arccos": floating(.acos),
    "aten.ceil": rounding(.ceil), "aten.floor": rounding(.floor),
    "aten.trunc": .one { try $0.elementType($0.input()).isFloat ? $0.truncated($0.input()) : $0.input() },
    "aten.fix": .one { try $0.elementType($0.input()).isFloat ? $0.truncated($0.input()) : $0.input() },
    "aten.frac": .one { try $0.op(.sub, $0.input(), $0.truncated($0.input())) },
    "aten.round": .one { try $0.rounded() },
    "aten.sign": .one { try $0.op(.sign, $0.input()) },
    "aten.sgn": .one { try $0.op(.sign, $0.input()) },
    "aten.positive": .one { try $0.input() },
    "aten.special_log1p": .one { try $0.logarithm(of: $0.floating($0.input()), plus: 1, by: 1) },
    "aten.special_round": .one { try $0.rounded() },
    "aten.rsqrt": .one { try $0.op(.reciprocal, $0.op(.sqrt, $0.floating($0.input()))) },
    "aten.log1p": .one { try $0.logarithm(of: $0.floating($0.input()), plus: 1, by: 1) },
    "aten.log2": .one { try $0.logarithm(of: $0.floating($0.input()), plus: 0, by: 1.4426950408889634) },
    "aten.log10": .one { try $0.logarithm(of: $0.floating($0.input()), plus: 0, by: 0.4342944819032518) },
    "aten.deg2rad": .one { try $0.scaled(by: 0.017453292519943295) },
    "aten.rad2deg": .one { try $0.scaled(by: 57.29577951308232) },
    "aten.isnan": .one { try $0.test(.isNaN) },
    "aten.isinf": .one { try $0.test(.isInf) },
    "aten.isfinite": .one { call in
      try call.op(.not, call.op(.or, call.test(.isNaN), call.test(.isInf)))
    },
    "aten.nan_to_num": .one { try $0.withoutSpecials() },
    "aten.isposinf": .one { try $0.test(.isInf, ["detect_negative": .int(0)]) },
    "aten.isneginf": .one { try $0.test(.isInf, ["detect_positive": .int(0)]) },
    "aten.atan2": .one { try $0.angle("other") }, "aten.arctan2": .one { try $0.angle("other") },
    "aten.angle": .one { call in
      let input = try call.floating(call.input())
      let type = try call.elementType(input)
      let (zero, pi) = (try call.scalar(0, type), try call.scalar(Double.pi, type))
      let angle = try call.op(.where, call.op(.less, input, zero), pi, zero)
      return try call.op(.where, call.op(.isNaN, input), input, angle)
    },
    "aten.hypot": .one { call in
      let operands = [try call.operand("self"), try call.operand("other")]
      let type = try call.promotedToFloat(operands)
      let squares = try operands.map { operand in
        let value = try call.materialize(operand, type)
        return try call.op(.mul, value, value)
      }
      return try call.op(.sqrt, call.op(.add, squares[0], squares[1]))
    },
    "aten.copysign": .one { try $0.withSign() },
    "aten.ldexp": .one { call in
      let (a, b) = (try call.operand("self"), try call.operand("other"))
      let type = try call.promotedToFloat([a, b])
      return try call.op(
        .mul, call.materialize(a, type), call.op(.pow, call.scalar(2, type), call.materialize(b, type)))
    },
    "aten.heaviside": .one { call in
      let (input, values) = (try call.input(), try call.value("values"))
      let zero = try call.scalar(0, call.elementType(input))
      let step = try call.cast(call.op(.greater, input, zero), to: call.elementType(input))
      let number = try call.op(.where, call.op(.equal, input, zero), values, step)
      guard try call.elementType(input).isFloat else { return number }
      return try call.op(.where, call.op(.isNaN, input), input, number)
    },
    "aten.conj_physical": .one { call in
      guard try !call.elementType(call.input()).isComplex else { throw UnsupportedForm("is of complex numbers") }
      return try call.input()
    },
    "aten.signbit": .one { call in
      let input = try call.input()
      let type = try call.elementType(input)
      if type == .bool || ElementTypes.unsignedInteger.contains(type) {
        return try call.op(.less, call.cast(input, to: .int32), call.scalar(0, .int32))
      }
      return try call.isNegative(input)
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
  /// Whether the sign is set, of zeros too: a reciprocal tells those apart.
  fileprivate func isNegative(_ value: Value) throws -> Value {
    let type = try elementType(value)
    let zero = try scalar(0, type)
    let isBelow = try op(.less, value, zero)
    guard type.isFloat else { return isBelow }
    let isZero = try op(.equal, value, zero)
    return try op(.or, isBelow, op(.and, isZero, op(.less, op(.reciprocal, value), zero)))
  }

  fileprivate func withSign() throws -> Value {
    let (a, b) = (try operand("self"), try operand("other"))
    let type = try promotedToFloat([a, b])
    let magnitude = try op(.abs, materialize(a, type))
    return try op(.where, isNegative(materialize(b, type)), op(.neg, magnitude), magnitude)
  }

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

  func logarithm(of value: Value, plus offset: Double, by factor: Double) throws -> Value {
    let type = try elementType(value)
    let sum = offset == 0 ? value : try op(.add, value, scalar(offset, type))
    let logarithm = try op(.log, sum)
    return factor == 1 ? logarithm : try op(.mul, logarithm, scalar(factor, type))
  }

  fileprivate func test(_ definition: OpDefinition, _ attributes: Attributes = [:]) throws -> Value {
    let input = try input()
    return try op(definition, cast(input, to: promotedToFloat([.tensor(input)])), attributes: attributes)
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

  fileprivate func angle(_ other: String) throws -> Value {
    let (a, b) = (try operand(firstName), try operand(other))
    let type = try promotedToFloat([a, b])
    return try angle(materialize(a, type), materialize(b, type))
  }

  /// The angle of the point (x, y), in all quadrants.
  func angle(_ y: Value, _ x: Value) throws -> Value {
    let type = try elementType(y)
    let (zero, pi) = (try scalar(0, type), try scalar(Double.pi, type))
    let atan = try op(.atan, op(.div, y, x))
    let turn = try op(.where, op(.less, y, zero), op(.neg, pi), pi)
    let left = try op(.where, op(.less, x, zero), op(.add, atan, turn), atan)
    // 0 / 0 is at no angle, but the origin is at 0.
    let isOrigin = try op(.and, op(.equal, y, zero), op(.equal, x, zero))
    return try op(.where, isOrigin, zero, left)
  }
}
