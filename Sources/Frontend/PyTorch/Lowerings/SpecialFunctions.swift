import IR

extension Lowering {
  /// Functions that keep their digits where the formula would lose them, of errors, likelihoods and factorials.
  static let special: [String: Lowering] = [
    "aten.special_exp2": .one { try $0.powerOfTwo() }, "aten.exp2": .one { try $0.powerOfTwo() },
    "aten.special_expm1": .one { try $0.exponentialLessOne() }, "aten.expm1": .one { try $0.exponentialLessOne() },
    "aten.special_erfc": .one { try $0.complementaryError() }, "aten.erfc": .one { try $0.complementaryError() },
    "aten.special_logit": .one { try $0.logit() }, "aten.logit": .one { try $0.logit() },
    "aten.special_xlogy": .one { try $0.product(withLogarithmPlus: 0) },
    "aten.xlogy": .one { try $0.product(withLogarithmPlus: 0) },
    "aten.special_xlog1py": .one { try $0.product(withLogarithmPlus: 1) },
    "aten.special_entr": .one { call in
      let input = try call.floating(call.input())
      let type = try call.elementType(input)
      let zero = try call.scalar(0, type)
      let entropy = try call.op(.neg, call.op(.mul, input, call.op(.log, input)))
      let number = try call.op(.where, call.op(.equal, input, zero), zero, entropy)
      return try call.op(.where, call.op(.less, input, zero), call.scalar(-Double.infinity, type), number)
    },
    "aten.special_ndtr": .one { call in
      let input = try call.floating(call.input())
      let type = try call.elementType(input)
      let error = try call.op(.erf, call.op(.mul, input, call.scalar(0.7071067811865476, type)))
      return try call.op(.mul, call.op(.add, error, call.scalar(1, type)), call.scalar(0.5, type))
    },
    "aten.logaddexp": .one { call in
      let type = try call.promotedToFloat([call.operand("self"), call.operand("other")])
      return try call.logarithmOfSum(call.cast(call.input(), to: type), call.cast(call.value("other"), to: type))
    },
    "aten.logaddexp2": .one { call in
      let type = try call.promotedToFloat([call.operand("self"), call.operand("other")])
      let base = try call.scalar(0.6931471805599453, type)
      let powers = try ["self", "other"].map { try call.op(.mul, call.cast(call.value($0), to: type), base) }
      return try call.op(.div, call.logarithmOfSum(powers[0], powers[1]), base)
    },
    "aten.sinc": .one { try $0.sinc() }, "aten.special_sinc": .one { try $0.sinc() },
    "aten.lgamma": .one { try $0.logarithmOfGamma($0.floating($0.input())) },
    "aten.special_gammaln": .one { try $0.logarithmOfGamma($0.floating($0.input())) },
    "aten.digamma": .one { try $0.slopeOfGamma($0.floating($0.input())) },
    "aten.special_digamma": .one { try $0.slopeOfGamma($0.floating($0.input())) },
    "aten.special_psi": .one { try $0.slopeOfGamma($0.floating($0.input())) },
    "aten.mvlgamma": .one { try $0.multivariateGamma() },
    "aten.special_multigammaln": .one { try $0.multivariateGamma() },
    "aten.erfinv": .one { try $0.inverseError($0.floating($0.input())) },
    "aten.special_erfinv": .one { try $0.inverseError($0.floating($0.input())) },
    "aten.special_ndtri": .one { call in
      let input = try call.floating(call.input())
      let type = try call.elementType(input)
      let centered = try call.op(.sub, call.op(.mul, input, call.scalar(2, type)), call.scalar(1, type))
      return try call.op(.mul, call.inverseError(centered), call.scalar(1.4142135623730951, type))
    },
  ]
}

extension Call {
  /// The sum of `p` of the gamma function's logarithms, half apart.
  fileprivate func multivariateGamma() throws -> Value {
    let (input, count) = (try floating(input()), try int("p"))
    guard (1...64).contains(count) else { throw UnsupportedForm("has \(count) variates") }
    let type = try elementType(input)
    let start = try scalar(Double(count * (count - 1)) / 4 * 1.1447298858494002, type)
    return try (0..<count).reduce(start) { sum, index in
      let shifted = index == 0 ? input : try op(.sub, input, scalar(Double(index) / 2, type))
      return try op(.add, sum, logarithmOfGamma(shifted))
    }
  }

  fileprivate func powerOfTwo() throws -> Value {
    let input = try floating(input())
    return try op(.pow, scalar(2, elementType(input)), input)
  }

  fileprivate func exponentialLessOne() throws -> Value {
    // e^x - 1 loses every digit near 0; 2 sinh(x / 2) e^(x / 2) does not.
    let input = try floating(input())
    let type = try elementType(input)
    let half = try op(.mul, input, scalar(0.5, type))
    return try op(.mul, op(.mul, op(.sinh, half), op(.exp, half)), scalar(2, type))
  }

  fileprivate func complementaryError() throws -> Value {
    let input = try floating(input())
    return try op(.sub, scalar(1, elementType(input)), op(.erf, input))
  }

  fileprivate func logit() throws -> Value {
    var input = try floating(input())
    let type = try elementType(input)
    if let epsilon = try optionalFloat("eps") {
      input = try op(.clip, input, scalar(epsilon, type), scalar(1 - epsilon, type))
    }
    return try op(.log, op(.div, input, op(.sub, scalar(1, type), input)))
  }

  /// `self * log(other + offset)`, which is 0 where `self` is.
  fileprivate func product(withLogarithmPlus offset: Double) throws -> Value {
    let (a, b) = (try operand("self"), try operand("other"))
    let type = try promotedToFloat([a, b])
    let (x, y) = (try materialize(a, type), try materialize(b, type))
    let zero = try scalar(0, type)
    let isZero = try op(.and, op(.equal, x, zero), op(.not, op(.isNaN, y)))
    return try op(.where, isZero, zero, op(.mul, x, logarithm(of: y, plus: offset, by: 1)))
  }

  fileprivate func sinc() throws -> Value {
    let input = try floating(input())
    let type = try elementType(input)
    let angle = try op(.mul, input, scalar(Double.pi, type))
    return try op(.where, op(.equal, input, scalar(0, type)), scalar(1, type), op(.div, op(.sin, angle), angle))
  }
}
