import IR

extension Lowering {
  /// Sums, products and extremes that run along an axis.
  static let accumulations: [String: Lowering] = [
    "aten.cumsum": .one { call in
      let input = try call.accumulated()
      let rank = try call.rank(input)
      if rank == 0 { return input }
      return try call.op(.cumSum, input, call.builder.constant(call.axis("dim", rank: rank)))
    },
    "aten.cumprod": .one { call in
      let input = try call.accumulated()
      let rank = try call.rank(input)
      if rank == 0 { return input }
      let axis = try call.axis("dim", rank: rank)
      let one = try call.slice(filled: call.scalar(1, call.elementType(input)), of: input, axis)
      let result = try call.scan([one], over: [(input, axis)], outputs: (1, axis)) { call, states, slices in
        let product = try call.op(.mul, states[0], slices[0])
        return ([product], [try call.op(.identity, product)])
      }
      return result.sequences[0]
    },
    "aten.cummax": .values { try $0.running(.greaterOrEqual, isLargest: true) },
    "aten.cummin": .values { try $0.running(.lessOrEqual, isLargest: false) },
    "aten.logcumsumexp": .one { call in
      let input = try call.input()
      let rank = try call.rank(input)
      if rank == 0 { return input }
      let axis = try call.axis("dim", rank: rank)
      return try call.runningLogarithm(input, axis)
    },
  ]
}

extension Call {
  /// The operand in the type that sums of it have.
  fileprivate func accumulated() throws -> Value {
    let input = try input()
    if let type = try optionalElementType("dtype") { return try cast(input, to: type) }
    return try elementType(input).isIntegral ? cast(input, to: .int64) : input
  }

  /// The largest or smallest elements so far, and where they are: the last of those that are equal.
  fileprivate func running(_ comparison: OpDefinition, isLargest: Bool) throws -> [Value?] {
    let input = try input()
    let (rank, type) = (try rank(input), try elementType(input))
    if rank == 0 { return [input, try builder.constant(0)] }
    let axis = try axis("dim", rank: rank)
    // Truth values and narrow integers are compared as wider ones.
    let wide = type.isFloat ? type : type == .int64 ? type : .int32
    let values = try cast(input, to: wide)
    let bound: Value
    if wide.isFloat {
      bound = try scalar(isLargest ? -Double.infinity : Double.infinity, wide)
    } else {
      let limit = wide == .int64 ? Int.max : Int(Int32.max)
      bound = try scalar(isLargest ? -limit - 1 : limit, wide)
    }
    let states = try [bound, builder.constant(0)].map { try slice(filled: $0, of: values, axis) }
    let result = try scan(
      states, over: [(values, axis), (positions(values, axis), 0)], outputs: (2, axis)
    ) { call, states, slices in
      var isNew = try call.op(comparison, slices[0], states[0])
      if wide.isFloat { isNew = try call.op(.or, isNew, call.op(.isNaN, slices[0])) }
      let kept = try [
        call.op(.where, isNew, slices[0], states[0]), call.op(.where, isNew, slices[1], states[1]),
      ]
      return (kept, try kept.map { try call.op(.identity, $0) })
    }
    return [try cast(result.sequences[0], to: type), result.sequences[1]]
  }
}
