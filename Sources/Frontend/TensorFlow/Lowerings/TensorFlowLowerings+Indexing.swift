import IR

extension TensorFlowLowerings {
  static let indexing: OperatorTable.Family = [
    "Gather": .value { try $0.build(.gather, try $0.operand(0), try $0.operand(1)) },
    "GatherV2": .value { node in
      try node.gather(axis: try node.integer(2, "the axis"), batchAxes: node.node.integer("batch_dims") ?? 0)
    },
    "GatherNd": .value { try $0.build(.gatherND, try $0.operand(0), try $0.int64(try $0.operand(1))) },
    "OneHot": .value { try $0.oneHot() },
    "InvertPermutation": .value { node in
      let order = try node.operand(0)
      let count = try node.shapeValue(order)
      let sorted = try node.build.insert(
        .topK, [order, count], ["axis": .int(0), "largest": .int(0)], resultCount: 2)
      return try node.cast(sorted[1], try node.elementType(order))
    },
    "Unique": .values(["y", "idx"]) { Array(try $0.unique().prefix(2)) },
    "UniqueWithCounts": .values(["y", "idx", "count"]) { try $0.unique() },
    "UniqueV2": .values(["y", "idx"]) { Array(try $0.unique(along: $0.integers(1, "the axis").first).prefix(2)) },
    "UniqueWithCountsV2": .values(["y", "idx", "count"]) { try $0.unique(along: $0.integers(1, "the axis").first) },
    "ListDiff": .values(["out", "idx"]) { node in
      let (x, others) = (try node.operand(0), try node.operand(1))
      let isEqual = try node.op(.equal, node.unsqueeze(x, [1]), others)
      let count = try node.reduce(.reduceSum, node.cast(isEqual, .int32), [1], keepsAxes: false)
      let isKept = try node.op(.equal, count, node.scalar(0, .int32))
      let places = try node.squeeze(node.op(.nonZero, isKept), [0])
      let type = node.node.has("out_idx") ? try node.node.type("out_idx") : .int32
      return [try node.op(.gather, x, places), try node.cast(places, type)]
    },
  ]
}

extension NodeContext {
  /// The elements in the order in which they first come, the place of each element among them, and how often each is there.
  fileprivate func unique(along axis: Int? = nil) throws -> [Value] {
    var attributes: Attributes = ["sorted": .int(0)]
    if let axis { attributes["axis"] = .int(Int64(axis)) }
    // Runtimes know unique elements of few types of integers.
    let x = try operand(0)
    let type = try elementType(x)
    let elements = ElementTypes.integer.contains(type) ? try int64(x) : x
    let results = try build.insert(.unique, [elements], attributes, resultCount: 4)
    let indexType = node.has("out_idx") ? try node.type("out_idx") : .int32
    return [try cast(results[0], type), try cast(results[2], indexType), try cast(results[3], indexType)]
  }

  fileprivate func gather(axis: Int, batchAxes: Int) throws -> Value {
    let (x, indices) = (try operand(0), try operand(1))
    guard batchAxes != 0 else { return try build(.gather, x, indices, attributes: ["axis": .int(Int64(axis))]) }
    let (rank, indexRank) = (try rank(x), try rank(indices))
    let batchAxes = batchAxes < 0 ? batchAxes + indexRank : batchAxes
    let axis = try self.axis(axis, rank: rank)
    guard batchAxes >= 0, batchAxes <= axis, batchAxes <= indexRank else {
      throw ModelError(.invalidModel, "has \(batchAxes) batch axes")
    }
    // The axis goes behind those of the batch, and what was between them behind the indices' own.
    let between = Array(batchAxes..<axis)
    let moved = try transpose(x, Array(0..<batchAxes) + [axis] + between + Array(axis + 1..<rank))
    let taken = try build(
      .gatherND, moved, try unsqueeze(try int64(indices), [indexRank]),
      attributes: ["batch_dims": .int(Int64(batchAxes))])
    let own = indexRank - batchAxes
    let first = batchAxes + own
    let order =
      Array(0..<batchAxes) + Array(first..<first + between.count) + Array(batchAxes..<first)
      + Array(first + between.count..<own + rank - 1)
    return try transpose(taken, order)
  }

  /// ONNX's OneHot counts negative indices from behind; TensorFlow's has nothing for them.
  fileprivate func oneHot() throws -> Value {
    let indices = try int64(try operand(0))
    let rank = try rank(try operand(0))
    let given = node.integer("axis") ?? -1
    let axis = given == -1 ? rank : given
    guard axis >= 0, axis <= rank else { throw ModelError(.invalidModel, "axis \(given) is outside its rank") }
    let depth = try int64(try operand(1))
    let classes = try build(.range, try build.constant(0), depth, try build.constant(1))
    var shape = Array(repeating: 1, count: rank + 1)
    shape[axis] = -1
    let isHot = try build(.equal, try unsqueeze(indices, [axis]), try reshape(classes, shape))
    return try chosen(isHot, try operand(2), try operand(3))
  }
}
