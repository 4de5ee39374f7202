import IR

extension TensorFlowLowerings {
  /// Where numbers lie among others, and how often they are there.
  static let searches: OperatorTable.Family = [
    "LowerBound": .value { node in try node.bound(.less) },
    "UpperBound": .value { node in try node.bound(.lessOrEqual) },
    "Bucketize": .value { node in
      guard let boundaries = node.node.floats("boundaries") else {
        throw ModelError(.invalidModel, "has no boundaries")
      }
      let x = try node.operand(0)
      let rank = try node.rank(x)
      let limits = try node.build.constant(TensorLiteral(float32s: boundaries, [boundaries.count]))
      let isReached = try node.build(.greaterOrEqual, try node.unsqueeze(try node.cast(x, .float32), [rank]), limits)
      return try node.sum(try node.cast(isReached, .int32), axis: rank)
    },
    "HistogramFixedWidth": .value { node in
      let (x, range) = (try node.operand(0), try node.operand(1))
      let count = try node.integer(2, "the number of bins")
      guard (1...1 << 16).contains(count) else { throw ModelError(.invalidModel, "has \(count) bins") }
      let type = node.node.has("dtype") ? try node.node.type("dtype") : .int32
      let (low, high) = (try node.slice(range, 0, from: 0, to: 1), try node.slice(range, 0, from: 1, to: 2))
      let width = try node.op(.div, node.op(.sub, high, low), node.scalar(Double(count), like: range))
      let place = try node.op(.div, node.op(.sub, node.reshape(x, [-1, 1]), low), width)
      let bounded = try node.op(
        .clip, place, node.scalar(0, like: place), node.scalar(Double(count - 1), like: place))
      let bins = try node.build.constant(Array(0..<count))
      let isThere = try node.op(.equal, node.cast(bounded, .int64), bins)
      return try node.sum(try node.cast(isThere, type), axis: 0)
    },
    "DenseBincount": .value { node in
      let (numbers, weights) = (try node.int64(try node.operand(0)), try node.operand(2))
      let rank = try node.rank(numbers)
      guard rank >= 1 else { throw UnsupportedForm("a number alone") }
      let count = try node.reshape(try node.int64(try node.operand(1)), [])
      let classes = try node.build(.range, try node.build.constant(0), count, try node.build.constant(1))
      let isThere = try node.build(.equal, try node.unsqueeze(numbers, [rank]), classes)
      var amounts = try node.cast(isThere, try node.elementType(weights))
      if node.node.flag("binary_output") {
        return try node.build(
          .reduceMax, amounts, try node.build.constant([rank - 1]), attributes: ["keepdims": .int(0)])
      }
      let isUnweighted = try node.shape(weights).contains { $0.value == 0 }
      if !isUnweighted { amounts = try node.build(.mul, amounts, try node.unsqueeze(weights, [rank])) }
      return try node.sum(amounts, axis: rank - 1)
    },
  ]
}

extension NodeContext {
  fileprivate func sum(_ value: Value, axis: Int) throws -> Value {
    try build(.reduceSum, value, try build.constant([axis]), attributes: ["keepdims": .int(0)])
  }

  /// How many numbers of the sorted rows of the first operand compare so with each of the second.
  fileprivate func bound(_ comparison: OpDefinition) throws -> Value {
    let (sorted, values) = (try unsqueeze(try operand(0), [1]), try unsqueeze(try operand(1), [2]))
    let type = node.has("out_type") ? try node.type("out_type") : .int32
    let isBefore = try build(comparison, sorted, values)
    return try cast(try sum(try cast(isBefore, .int32), axis: 2), type)
  }
}
