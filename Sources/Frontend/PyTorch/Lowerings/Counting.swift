import IR

extension Lowering {
  /// How often elements occur, and elements as often as counts say.
  static let counting: [String: Lowering] = [
    "aten.histc": .one { try $0.histogram() },
    "aten.mode": .values { try $0.mostFrequent() },
    "aten.bincount": .one { try $0.occurrences() },
    "aten.repeat_interleave.Tensor": .one { try $0.repeatedPositions($0.value("repeats")) },
    "aten.repeat_interleave.self_Tensor": .one { call in
      var input = try call.input()
      if call.argument("dim") == nil { input = try call.reshape(input, [-1]) }
      let axis = try call.axis("dim", default: 0, rank: call.rank(input))
      let extent = try call.shapeOperand([call.extent(of: input, axis)])
      let repeats = try call.op(.expand, call.vector(call.value("repeats")), extent)
      return try call.op(
        .gather, input, call.repeatedPositions(repeats), attributes: ["axis": .int(Int64(axis))])
    },
  ]
}

extension Call {
  /// How many elements lie in each of equal intervals.
  fileprivate func histogram() throws -> Value {
    let input = try input()
    let type = try elementType(input)
    let wide: ElementType = type == .float64 ? .float64 : .float32
    let elements = try reshape(cast(input, to: wide), [-1])
    let bins = try int("bins", default: 100)
    guard (1...Self.maximumExtent).contains(bins) else { throw ModelError(.invalidModel, "has \(bins) bins") }
    let (least, most) = (try float("min", default: 0), try float("max", default: 0))
    var (low, high) = (try scalar(least, wide), try scalar(most, wide))
    if least == most {
      (low, high) = (
        try reduce(.reduceMin, elements, [0], keepsAxes: false), try reduce(.reduceMax, elements, [0], keepsAxes: false)
      )
      // Elements that are all the same lie in the middle.
      let margin = try cast(op(.equal, low, high), to: wide)
      (low, high) = (try op(.sub, low, margin), try op(.add, high, margin))
    }
    let scaled = try op(.mul, op(.sub, elements, low), scalar(bins, wide))
    let place = try cast(op(.div, scaled, op(.sub, high, low)), to: .int64)
    let index = try op(.clip, place, scalar(0, .int64), scalar(bins - 1, .int64))
    let isInside = try op(.and, op(.greaterOrEqual, elements, low), op(.lessOrEqual, elements, high))
    let zeros = try vector(filled: 0, bins, wide)
    return try cast(added(cast(isInside, to: wide), at: index, to: zeros), to: type)
  }

  /// How often each number occurs, or the sum of the weights that it has.
  fileprivate func occurrences() throws -> Value {
    let numbers = try cast(input(), to: .int64)
    let least = try int("minlength", default: 0)
    let most = try op(
      .add, reduce(.reduceMax, numbers, [0], keepsAxes: true), constant([1]))
    let count = try op(.max, most, constant([least]))
    var weights = try optionalValue("weights")
    if let given = weights, try elementType(given).isIntegral { weights = try cast(given, to: .float64) }
    let type = try weights.map { try elementType($0) } ?? .int64
    let zeros = try op(
      .constantOfShape, count, attributes: ["value": .tensor(TensorLiteral.filled(0, type, [1]))])
    return try added(weights ?? op(.expand, scalar(1, .int64), shapeOperand(of: numbers)), at: numbers, to: zeros)
  }

  /// The smallest of the elements that occur most often along an axis. Which of the equal ones PyTorch says to be at
  /// follows from the order in which it sorts, which is not told.
  fileprivate func mostFrequent() throws -> [Value?] {
    let input = try input()
    let rank = try rank(input)
    if rank == 0 { return [input, try builder.constant(0)] }
    let (axis, type) = (try axis("dim", default: -1, rank: rank), try elementType(input))
    let values = try type == .bool ? cast(input, to: .int32) : input
    if let extent = try extent(of: values, axis).known, extent > 1 << 11 {
      throw UnsupportedForm("compares each of \(extent) elements with each")
    }
    let isSame = try cast(op(.equal, unsqueeze(values, [axis]), unsqueeze(values, [axis + 1])), to: .int32)
    let counts = try reduce(.reduceSum, isSame, [axis + 1], keepsAxes: false)
    let isMost = try op(.equal, counts, reduce(.reduceMax, counts, [axis], keepsAxes: true))
    let rest = try op(.where, isMost, values, reduce(.reduceMax, values, [axis], keepsAxes: true))
    return [try cast(reduce(.reduceMin, rest, [axis], keepsAxes: bool("keepdim", default: false)), to: type), nil]
  }

  /// Numbers of a vector added to those of another at indices.
  private func added(_ numbers: Value, at indices: Value, to sums: Value) throws -> Value {
    try op(.scatterElements, sums, indices, numbers, attributes: ["axis": .int(0), "reduction": .string("add")])
  }

  /// The position of each element of a vector of counts, as often as it says.
  fileprivate func repeatedPositions(_ counts: Value) throws -> Value {
    let ends = try op(.cumSum, cast(counts, to: .int64), builder.constant(0))
    let total = try reduce(.reduceSum, cast(counts, to: .int64), [0], keepsAxes: true)
    let positions = try intervals(upTo: ends, total)
    guard let size = try optionalExtent("output_size") else { return positions }
    return try reshape(positions, [size])
  }

  /// In which interval each number from 0 to `total` lies: how many of the ends are not above it.
  func intervals(upTo ends: Value, _ total: Value) throws -> Value {
    let zeros = try op(
      .constantOfShape, op(.add, total, constant([1])),
      attributes: ["value": .tensor(TensorLiteral.filled(0, .int64, [1]))])
    let ones = try op(.expand, scalar(1, .int64), shapeOperand(of: ends))
    let counts = try op(.cumSum, added(ones, at: ends, to: zeros), builder.constant(0))
    return try slice(counts, 0, from: 0, to: -1)
  }
}
