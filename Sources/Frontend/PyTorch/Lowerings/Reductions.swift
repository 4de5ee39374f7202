import IR

extension Lowering {
  /// Sums and extremes along axes.
  static let reductions: [String: Lowering] = [
    "aten.sum": .one { try $0.reduction(.reduceSum, summing: true) },
    "aten.nansum": .one { call in
      let input = try call.input()
      let number = try call.op(.where, call.op(.isNaN, input), call.scalar(0, call.elementType(input)), input)
      return try call.reduction(.reduceSum, summing: true, of: number)
    },
    "aten.sum_to_size": .one { call in
      let given = try call.input()
      let input = try call.elementType(given).isIntegral ? call.cast(given, to: .int64) : given
      let (shape, sizes) = (try call.shape(input), try call.extents("size"))
      let added = shape.count - sizes.count
      guard added >= 0 else { throw ModelError(.invalidModel, "sums \(shape) to more axes") }
      let axes = shape.indices.filter { $0 < added || (sizes[$0 - added].known == 1 && shape[$0] != .known(1)) }
      let sum = try axes.isEmpty ? input : call.reduce(.reduceSum, input, axes, keepsAxes: true)
      return try call.squeeze(sum, Array(0..<added))
    },
    "aten.mean": .one { try $0.reduction(.reduceMean, summing: false) },
    "aten.prod": .one { try $0.reduction(.reduceProd, summing: true) },
    "aten.amax": .one { try $0.extreme(.reduceMax) }, "aten.amin": .one { try $0.extreme(.reduceMin) },
    "aten.max": .one { try $0.extreme(.reduceMax) }, "aten.min": .one { try $0.extreme(.reduceMin) },
    "aten.max.dim": .values { try $0.extremes(.reduceMax, .argMax) },
    "aten.min.dim": .values { try $0.extremes(.reduceMin, .argMin) },
    "aten.aminmax": .values { [try $0.extreme(.reduceMin), try $0.extreme(.reduceMax)] },
    "aten.argmax": .one { try $0.position(.argMax) }, "aten.argmin": .one { try $0.position(.argMin) },
    "aten.any": .one { try $0.quantified(.reduceMax) }, "aten.all": .one { try $0.quantified(.reduceMin) },
    "aten.nanmean": .one { call in
      let input = try call.input()
      let type = try call.elementType(input)
      let isNumber = try call.op(.not, call.op(.isNaN, input))
      let numbers = try call.op(.where, isNumber, input, call.scalar(0, type))
      let counts = try call.cast(isNumber, to: type)
      return try call.op(
        .div, call.reduction(.reduceSum, summing: true, of: numbers),
        call.reduction(.reduceSum, summing: true, of: counts))
    },
    "aten.logsumexp": logarithmOfSum, "aten.special_logsumexp": logarithmOfSum,
    "aten.count_nonzero": .one { call in
      let input = try call.input()
      let isSet = try call.cast(call.cast(input, to: .bool), to: .int64)
      return try call.reduce(.reduceSum, isSet, call.reducedAxes(), keepsAxes: false)
    },
  ]

  private static let logarithmOfSum = Lowering.one {
    try $0.reduce(.reduceLogSumExp, $0.floating($0.input()), $0.reducedAxes(), keepsAxes: $0.keepsAxes())
  }
}

extension Call {
  /// The axes that a reduction goes along: those named, or all.
  func reducedAxes() throws -> [Int] {
    let rank = try rank(input())
    guard let axes = try axes("dim", rank: rank), !axes.isEmpty else { return Array(0..<rank) }
    return rank == 0 ? [] : axes
  }

  func keepsAxes() throws -> Bool { try bool("keepdim", default: false) }

  /// A reduction that does nothing to a tensor without axes.
  func reduceAll(_ definition: OpDefinition, _ value: Value, _ axes: [Int], keepsAxes: Bool) throws -> Value {
    try rank(value) == 0 ? value : reduce(definition, value, axes, keepsAxes: keepsAxes)
  }

  fileprivate func reduction(
    _ definition: OpDefinition, summing: Bool, of given: Value? = nil
  ) throws -> Value {
    var input = try given ?? input()
    if let type = try optionalElementType("dtype") {
      input = try cast(input, to: type)
    } else if summing, try elementType(input).isIntegral {
      input = try cast(input, to: .int64)
    }
    return try reduceAll(definition, input, reducedAxes(), keepsAxes: keepsAxes())
  }

  fileprivate func extreme(_ definition: OpDefinition) throws -> Value {
    try reduceAll(definition, input(), reducedAxes(), keepsAxes: keepsAxes())
  }

  fileprivate func extremes(_ definition: OpDefinition, _ position: OpDefinition) throws -> [Value?] {
    let input = try input()
    let rank = try rank(input)
    if rank == 0 { return [input, try builder.constant(0)] }
    let (axis, keepsAxis) = (try axis("dim", rank: rank), try keepsAxes())
    let value = try reduce(definition, input, [axis], keepsAxes: keepsAxis)
    return [value, isUsed(1) ? try place(position, input, axis, keepsAxis) : nil]
  }

  private func place(_ definition: OpDefinition, _ value: Value, _ axis: Int, _ keepsAxis: Bool) throws -> Value {
    let number = try elementType(value) == .bool ? cast(value, to: .int32) : value
    return try op(definition, number, attributes: ["axis": .int(Int64(axis)), "keepdims": .int(keepsAxis ? 1 : 0)])
  }

  fileprivate func position(_ definition: OpDefinition) throws -> Value {
    let input = try input()
    let rank = try rank(input)
    if rank == 0 { return try builder.constant(0) }
    guard argument("dim") != nil else {
      let result = try place(definition, reshape(input, [-1]), 0, false)
      return try keepsAxes() ? reshape(result, Array(repeating: 1, count: rank)) : result
    }
    return try place(definition, input, axis("dim", rank: rank), keepsAxes())
  }

  /// Whether any element holds, or all do.
  fileprivate func quantified(_ definition: OpDefinition) throws -> Value {
    let input = try input()
    let type = try elementType(input)
    let truth = try cast(input, to: .bool)
    let result = try reduceAll(definition, truth, reducedAxes(), keepsAxes: keepsAxes())
    return try cast(result, to: type == .uint8 ? .uint8 : .bool)
  }
}
