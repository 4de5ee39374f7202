import IR

extension Lowering {
  static let activations: [String: Lowering] = [
    "aten.relu": .one { try $0.op(.relu, $0.input()) },
    "aten.relu6": .one { try $0.clipped(0, 6) },
    "aten.hardtanh": .one { try $0.clipped($0.float("min_val", default: -1), $0.float("max_val", default: 1)) },
    "aten.hardswish": .one { try $0.op(.hardSwish, $0.input()) },
    "aten.hardsigmoid": .one {
      try $0.op(.hardSigmoid, $0.input(), attributes: ["alpha": .float(1 / 6), "beta": .float(0.5)])
    },
    "aten.gelu": .one { call in
      let kind = try call.optionalString("approximate") ?? "none"
      return try call.op(
        .gelu, call.input(), attributes: kind == "none" ? [:] : ["approximate": .string(ByteString(kind))])
    },
    "aten.silu": .one { try $0.op(.mul, $0.input(), $0.op(.sigmoid, $0.input())) },
    "aten.mish": .one { try $0.op(.mish, $0.input()) },
    "aten.elu": .one { try $0.elu() },
    "aten.celu": .one { try $0.op(.celu, $0.input(), attributes: ["alpha": .float($0.single("alpha", 1))]) },
    "aten.selu": .one {
      try $0.op(
        .selu, $0.input(), attributes: ["alpha": .float(1.6732632423543772), "gamma": .float(1.0507009873554805)])
    },
    "aten.leaky_relu": .one {
      try $0.op(.leakyRelu, $0.input(), attributes: ["alpha": .float($0.single("negative_slope", 0.01))])
    },
    "aten.rrelu": .one { call in
      guard try !call.bool("training", default: false) else { throw UnsupportedForm("is random in training") }
      let (low, high) = (try call.float("lower", default: 0.125), try call.float("upper", default: 1.0 / 3))
      return try call.op(.leakyRelu, call.input(), attributes: ["alpha": .float(Float((low + high) / 2))])
    },
    "aten.prelu": .one { try $0.op(.prelu, $0.input(), $0.perChannel($0.value("weight"))) },
    "aten._prelu_kernel": .one { try $0.op(.prelu, $0.input(), $0.value("weight")) },
    "aten.softplus": .one { try $0.softplus() },
    "aten.softsign": .one { try $0.op(.softsign, $0.input()) },
    "aten.log_sigmoid": .one { try $0.op(.neg, $0.op(.softplus, $0.op(.neg, $0.input()))) },
    "aten.log_sigmoid_forward": .values { [try $0.op(.neg, $0.op(.softplus, $0.op(.neg, $0.input()))), nil] },
    "aten.hardshrink": .one { try $0.shrink(bias: 0) },
    "aten.softshrink": .one { try $0.shrink(bias: $0.float("lambd", default: 0.5)) },
    "aten.threshold": .one { call in
      let input = try call.input()
      let type = try call.elementType(input)
      let isAbove = try call.op(.greater, input, call.materialize(call.operand("threshold"), type))
      return try call.op(.where, isAbove, input, call.materialize(call.operand("value"), type))
    },
    "aten.glu": .one { call in
      let input = try call.input()
      let axis = try call.axis("dim", default: -1, rank: call.rank(input))
      let parts = try call.halves(input, axis)
      return try call.op(.mul, parts[0], call.op(.sigmoid, parts[1]))
    },
    "aten.softmax": .one { try $0.softmax(.softmax) },
    "aten._softmax": .one { try $0.softmax(.softmax) },
    "aten._safe_softmax": .one { try $0.safeSoftmax() },
    "aten.special_softmax": .one { try $0.softmax(.softmax) },
    "aten.log_softmax": .one { try $0.softmax(.logSoftmax) },
    "aten._log_softmax": .one { try $0.softmax(.logSoftmax) },
    "aten.special_log_softmax": .one { try $0.softmax(.logSoftmax) },
    "aten.dropout": inference("train"), "aten.feature_dropout": inference("train"),
    "aten.alpha_dropout": inference("train"), "aten.feature_alpha_dropout": inference("train"),
    "aten.native_dropout": .values { call in
      guard try !call.bool("train", default: true) else { throw UnsupportedForm("is random in training") }
      return [try call.input(), nil]
    },
  ]

  /// What is the identity but in training.
  private static func inference(_ flag: String) -> Lowering {
    .one { call in
      guard try !call.bool(flag) || call.float("p", default: 0.5) == 0 else {
        throw UnsupportedForm("is random in training", advice: "call model.eval() before exporting")
      }
      return try call.input()
    }
  }
}

extension Call {
  func single(_ name: String, _ value: Double) throws -> Float { Float(try float(name, default: value)) }

  fileprivate func clipped(_ low: Double, _ high: Double) throws -> Value {
    let input = try input()
    let type = try elementType(input)
    return try op(.clip, input, scalar(low, type), scalar(high, type))
  }

  fileprivate func elu() throws -> Value {
    let (alpha, scale) = (try float("alpha", default: 1), try float("scale", default: 1))
    let inputScale = try float("input_scale", default: 1)
    let input = try input()
    if inputScale == 1 {
      let result = try op(.elu, input, attributes: ["alpha": .float(Float(alpha))])
      return scale == 1 ? result : try op(.mul, result, scalar(scale, elementType(input)))
    }
    let type = try elementType(input)
    let power = try op(.exp, op(.mul, input, scalar(inputScale, type)))
    let negative = try op(.mul, op(.sub, power, scalar(1, type)), scalar(alpha * scale, type))
    let positive = scale == 1 ? input : try op(.mul, input, scalar(scale, type))
    return try op(.where, op(.greater, input, scalar(0, type)), positive, negative)
  }

  /// A vector with an element a channel, as it broadcasts to the input.
  fileprivate func perChannel(_ weight: Value) throws -> Value {
    let rank = try rank(input())
    guard rank > 2, try self.rank(weight) == 1 else { return weight }
    return try unsqueeze(weight, Array(1..<rank - 1))
  }

  fileprivate func softplus() throws -> Value {
    let input = try input()
    let type = try elementType(input)
    let beta = try float("beta", default: 1)
    let threshold = try float("threshold", default: 20)
    let scaled = beta == 1 ? input : try op(.mul, input, scalar(beta, type))
    let soft = try op(.softplus, scaled)
    let result = beta == 1 ? soft : try op(.div, soft, scalar(beta, type))
    // Above it single precision shows no difference; below it one would be seen.
    if threshold >= 15 { return result }
    return try op(.where, op(.greater, scaled, scalar(threshold, type)), input, result)
  }

  fileprivate func shrink(bias: Double) throws -> Value {
    let limit = try single("lambd", 0.5)
    return try op(.shrink, input(), attributes: ["lambd": .float(limit), "bias": .float(Float(bias))])
  }

  fileprivate func softmax(_ definition: OpDefinition) throws -> Value {
    var input = try input()
    if let type = try optionalElementType("dtype") { input = try cast(input, to: type) }
    if try bool("half_to_float", default: false) { input = try cast(input, to: .float32) }
    input = try floating(input)
    let rank = try rank(input)
    let axis = try axis("dim", rank: rank)
    if rank == 0 { return try squeeze(op(definition, unsqueeze(input, [0]), attributes: ["axis": .int(0)]), [0]) }
    return try op(definition, input, attributes: ["axis": .int(Int64(axis))])
  }

  /// The softmax that is 0 where all is masked.
  fileprivate func safeSoftmax() throws -> Value {
    let result = try softmax(.softmax)
    let input = try input()
    let type = try elementType(result)
    let axis = try axis("dim", rank: rank(input))
    let highest = try reduce(.reduceMax, input, [axis], keepsAxes: true)
    let isMasked = try op(.equal, highest, scalar(-Double.infinity, elementType(input)))
    return try op(.where, isMasked, scalar(0, type), result)
  }
}
