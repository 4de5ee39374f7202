import IR

extension Lowering {
  static let normalizations: [String: Lowering] = [
    "aten.batch_norm": .one { try $0.batchNormalization($0.bool("training")) },
    "aten.cudnn_batch_norm": .values { [try $0.batchNormalization($0.bool("training")), nil, nil, nil] },
    "aten.native_batch_norm": .values { [try $0.batchNormalization($0.bool("training")), nil, nil] },
    "aten._native_batch_norm_legit": .values { [try $0.batchNormalization($0.bool("training")), nil, nil] },
    "aten._native_batch_norm_legit_no_training": .values { [try $0.batchNormalization(false), nil, nil] },
    "aten._batch_norm_no_update": .values { [try $0.batchNormalization(false), nil, nil, nil] },
    "aten.instance_norm": .one { call in
      guard try call.bool("use_input_stats") else { return try call.batchNormalization(false) }
      try call.checkStatisticsStay()
      let input = try call.input()
      let (scale, bias) = try call.perChannel(input)
      return try call.op(
        .instanceNormalization, input, scale, bias, attributes: ["epsilon": .float(call.single("eps", 1e-5))])
    },
    "aten.layer_norm": .one { try $0.layerNormalization(results: 1)[0] },
    "aten.native_layer_norm": .values { call in
      let results = try call.layerNormalization(results: call.isUsed(1) || call.isUsed(2) ? 3 : 1)
      return results.count == 3 ? results : [results[0], nil, nil]
    },
    "aten.group_norm": .one { try $0.groupNormalization("num_groups") },
    "aten.native_group_norm": .values { [try $0.groupNormalization("group"), nil, nil] },
    "aten.rms_norm": .one { try $0.rootMeanSquare() },
    "aten._fused_rms_norm": .values { [try $0.rootMeanSquare(), nil] },
    "aten._weight_norm": .one { try $0.weightNormalization()[0] },
    "aten._weight_norm_interface": .values { try $0.weightNormalization() },
    "aten.norm_except_dim": .one { try $0.normAcross(of: $0.value("v"), "pow") },
    "aten.local_response_norm": .one { call in
      try call.op(
        .lrn, call.input(),
        attributes: [
          "size": .int(Int64(call.int("size"))), "alpha": .float(call.single("alpha", 1e-4)),
          "beta": .float(call.single("beta", 0.75)), "bias": .float(call.single("k", 1)),
        ])
    },
  ]
}

extension Call {
  /// Scale and bias of each channel, ones and zeros where there are none.
  fileprivate func perChannel(_ input: Value) throws -> (Value, Value) {
    let type = try elementType(input)
    let scale = try optionalValue("weight")
    let bias = try optionalValue("bias")
    if let scale, let bias { return (scale, bias) }
    let channels = try extent(of: input, 1)
    func filled(_ number: Double) throws -> Value {
      if let known = channels.known { return try vector(filled: number, known, type) }
      return try op(.expand, scalar(number, type), vector(channels))
    }
    return (try scale ?? filled(1), try bias ?? filled(0))
  }

  /// What is normalized by its own statistics updates those that were given.
  fileprivate func checkStatisticsStay() throws {
    guard argument("running_mean") == nil, argument("running_var") == nil else {
      throw UnsupportedForm("updates its running statistics", advice: "call model.eval() before exporting")
    }
  }

  fileprivate func batchNormalization(_ isTraining: Bool) throws -> Value {
    let input = try value("input")
    let (scale, bias) = try perChannel(input)
    let epsilon = try single("eps", 1e-5)
    guard isTraining else {
      return try op(
        .batchNormalization, input, scale, bias, value("running_mean"), value("running_var"),
        attributes: ["epsilon": .float(epsilon)])
    }
    try checkStatisticsStay()
    // Normalized over the batch, too: as one sample whose spatial axis holds all.
    let rank = try rank(input)
    guard rank >= 2 else { throw ModelError(.invalidModel, "normalizes a tensor without channels") }
    let order = [1, 0] + Array(2..<rank)
    let moved = try transpose(input, order)
    let flat = try reshape(moved, [.known(1), extent(of: input, 1), .known(-1)])
    let normal = try op(.instanceNormalization, flat, scale, bias, attributes: ["epsilon": .float(epsilon)])
    let extents = try order.map { try extent(of: input, $0) }
    return try transpose(reshape(normal, extents), order)
  }

  /// The extents of the last axes, over which elements are normalized together.
  private func normalizedShape(of input: Value) throws -> [Int] {
    let shape = try ints("normalized_shape")
    let extents = try self.shape(input)
    guard !shape.isEmpty, shape.count <= extents.count,
      zip(shape, extents.suffix(shape.count)).allSatisfy({ Dimension.known($0) == $1 })
    else { throw ModelError(.invalidModel, "normalizes \(shape) of \(extents)") }
    return shape
  }

  fileprivate func layerNormalization(results: Int) throws -> [Value] {
    let input = try value("input")
    let shape = try normalizedShape(of: input)
    let given = try elementType(input)
    // Weights in single precision may go with elements in half.
    let weight = try optionalValue("weight")
    let type = try weight.map { try elementType($0) } ?? given
    let scale = try weight ?? builder.constant(TensorLiteral.filled(1.0, type, shape))
    let values = try ops(
      .layerNormalization, [cast(input, to: type), scale, optionalValue("bias")],
      ["axis": .int(Int64(-shape.count)), "epsilon": .float(single("eps", 1e-5))], results: results)
    return [try cast(values[0], to: given)] + values.dropFirst()
  }

  /// Each group normalized as a channel, then each channel scaled and shifted.
  fileprivate func groupNormalization(_ name: String) throws -> Value {
    let given = try value("input")
    // Half precision is normalized in single, whose weights may be in either.
    let type: ElementType = try elementType(given) == .float64 ? .float64 : .float32
    let input = try cast(given, to: type)
    let (rank, groups) = (try rank(input), try int(name))
    let grouped = try reshape(input, [extent(of: input, 0), .known(groups), .known(-1)])
    let normal = try op(
      .instanceNormalization, grouped, vector(filled: 1, groups, type), vector(filled: 0, groups, type),
      attributes: ["epsilon": .float(single("eps", 1e-5))])
    var result = try reshape(normal, extents(of: input))
    let axes = Array(1..<max(rank - 1, 1))
    if let scale = try optionalValue("weight") {
      result = try op(.mul, result, cast(unsqueeze(scale, axes), to: type))
    }
    if let bias = try optionalValue("bias") { result = try op(.add, result, cast(unsqueeze(bias, axes), to: type)) }
    return try cast(result, to: elementType(given))
  }

  fileprivate func rootMeanSquare() throws -> Value {
    let input = try value("input")
    let shape = try normalizedShape(of: input)
    let type = try elementType(input)
    // Half precision is normalized in single.
    let wide = type == .float64 ? type : .float32
    let number = try cast(input, to: wide)
    let epsilons: [ElementType: Double] = [
      .float16: 0.0009765625, .bfloat16: 0.0078125, .float32: Double(Float.ulpOfOne), .float64: .ulpOfOne,
    ]
    let epsilon = try optionalFloat("eps") ?? epsilons[type] ?? 0
    let rank = try rank(input)
    let axes = Array(rank - shape.count..<rank)
    let mean = try reduce(.reduceMean, op(.mul, number, number), axes, keepsAxes: true)
    let root = try op(.sqrt, op(.add, mean, scalar(epsilon, wide)))
    let normal = try cast(op(.div, number, root), to: type)
    guard let weight = try optionalValue("weight") else { return normal }
    return try op(.mul, normal, weight)
  }

  /// The norm of each slice along an axis, or of all elements where the axis is -1.
  fileprivate func normAcross(of value: Value, _ order: String? = nil) throws -> Value {
    let rank = try rank(value)
    let order = try order.map { try float($0, default: 2) } ?? 2
    let axis = try int("dim", default: 0)
    if axis == -1 { return try norm(value, order, Array(0..<rank), keepsAxes: false) }
    let kept = try self.axis(axis, rank: rank)
    return try norm(value, order, (0..<rank).filter { $0 != kept }, keepsAxes: true)
  }

  /// The direction of a weight with a length of its own, and the length that it had.
  fileprivate func weightNormalization() throws -> [Value] {
    let (direction, length) = (try value("v"), try value("g"))
    let norm = try normAcross(of: direction)
    return [try op(.mul, direction, op(.div, length, norm)), norm]
  }
}
