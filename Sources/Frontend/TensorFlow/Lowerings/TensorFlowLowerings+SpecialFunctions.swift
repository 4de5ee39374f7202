import IR

extension TensorFlowLowerings {
  /// Functions that ONNX has no operators for.
  static let specialFunctions: OperatorTable.Family = [
    "Lgamma": .value { try $0.logarithmOfGamma($0.operand(0)) },
    "Digamma": .value { try $0.slopeOfGamma($0.operand(0)) },
    "Erfinv": .value { try $0.inverseError($0.operand(0)) },
    "Ndtri": .value { node in
      let x = try node.operand(0)
      let centered = try node.op(.sub, node.op(.mul, x, node.scalar(2, like: x)), node.scalar(1, like: x))
      return try node.op(.mul, node.inverseError(centered), node.scalar(1.4142135623730951, like: x))
    },
    "BesselI0": .value { node in
      let x = try node.operand(0)
      return try node.op(.mul, node.scaledBessel(x), node.op(.exp, node.op(.abs, x)))
    },
    "BesselI0e": .value { try $0.scaledBessel($0.operand(0)) },
    "CumulativeLogsumexp": .value { node in
      guard !node.node.flag("exclusive") else { throw UnsupportedForm("sums without their own element") }
      let x = try node.operand(0)
      let axis = try node.axis(try node.integer(1, "the axis"), rank: try node.rank(x))
      return try node.runningLogarithm(x, axis, isReversed: node.node.flag("reverse"))
    },
    "Cross": .value { node in
      func turned(_ index: Int, by places: [Int]) throws -> Value {
        try node.op(.gather, node.operand(index), node.constant(places), attributes: ["axis": .int(-1)])
      }
      let (first, second) = ([1, 2, 0], [2, 0, 1])
      return try node.op(
        .sub, node.op(.mul, turned(0, by: first), turned(1, by: second)),
        node.op(.mul, turned(0, by: second), turned(1, by: first)))
    },
  ]
}

extension NodeContext {
  /// The modified Bessel function of order 0, divided by e^|x|: two polynomials to 2e-7 (Abramowitz and Stegun, 9.8).
  fileprivate func scaledBessel(_ value: Value) throws -> Value {
    let type = try elementType(value)
    guard type == .float32 else { throw UnsupportedForm("numbers of \(type.rawValue)") }
    let (limit, length) = (try scalar(3.75, type), try op(.abs, value))
    let part = try op(.div, length, limit)
    let central = try polynomial(
      [1, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.0360768, 0.0045813], op(.mul, part, part))
    let tail = try polynomial(
      [
        0.39894228, 0.01328592, 0.00225319, -0.00157565, 0.00916281, -0.02057706, 0.02635537, -0.01647633, 0.00392377,
      ], op(.reciprocal, part))
    return try op(
      .where, op(.less, length, limit), op(.mul, central, op(.exp, op(.neg, length))),
      op(.div, tail, op(.sqrt, length)))
  }
}
