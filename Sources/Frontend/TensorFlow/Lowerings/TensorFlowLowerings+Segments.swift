import IR

extension TensorFlowLowerings {
  /// The rows that have the same number, combined.
  static let segments: OperatorTable.Family = [
    "UnsortedSegmentSum": unsorted("add") { _ in 0 }, "UnsortedSegmentProd": unsorted("mul") { _ in 1 },
    "UnsortedSegmentMax": unsorted("max") { try $0.extreme(-1) },
    "UnsortedSegmentMin": unsorted("min") { try $0.extreme(1) },
    "SegmentSum": .value { try $0.sorted("add", 0) }, "SegmentProd": .value { try $0.sorted("mul", 1) },
    "SegmentMax": .value { node in try node.emptied(node.sorted("max", node.extreme(-1))) },
    "SegmentMin": .value { node in try node.emptied(node.sorted("min", node.extreme(1))) },
    "SegmentMean": .value { node in try node.build(.div, try node.sorted("add", 0), try node.rowCounts(root: false)) },
    "SparseSegmentSum": .value { node in try node.chosenRows().sorted("add", 0) },
    "SparseSegmentMean": .value { node in
      let rows = try node.chosenRows()
      return try node.build(.div, try rows.sorted("add", 0), try rows.rowCounts(root: false))
    },
    "SparseSegmentSqrtN": .value { node in
      let rows = try node.chosenRows()
      return try node.build(.div, try rows.sorted("add", 0), try rows.rowCounts(root: true))
    },
    "DynamicPartition": .values { node in
      guard let count = node.node.integer("num_partitions"), count >= 1, count <= 1 << 12 else {
        throw ModelError(.invalidModel, "has no usable num_partitions")
      }
      let (rows, numbers) = try node.rows(node.operand(0), numberedBy: node.operand(1))
      return try (0..<count).map { index in
        let isIn = try node.build(.equal, numbers, try node.build.constant(index))
        return try node.build(.compress, rows, isIn, attributes: ["axis": .int(0)])
      }
    },
    "DynamicStitch": stitch, "ParallelDynamicStitch": stitch,
  ]

  private static func unsorted(
    _ reduction: ByteString, _ neutral: @escaping @Sendable (NodeContext) throws -> Double
  ) -> NodeLowering {
    .value { node in
      try node.segments(node.operand(0), node.operand(1), count: node.vector(node.operand(2)), reduction, neutral(node))
    }
  }

  private static let stitch = NodeLowering.value { node in
    guard node.count >= 2, node.count.isMultiple(of: 2) else {
      throw ModelError(.invalidModel, "has \(node.count) inputs")
    }
    let pairs = try (0..<node.count / 2).map { index in
      try node.rows(node.operand(node.count / 2 + index), numberedBy: node.operand(index))
    }
    let places = try node.concat(pairs.map(\.numbers), axis: 0)
    let rows = try node.concat(pairs.map(\.rows), axis: 0)
    let last = try node.build(.reduceMax, places, attributes: ["keepdims": .int(1)])
    let count = try node.build(.add, last, try node.build.constant([1]))
    let rest = try node.part(try node.build(.shape, rows), 1, Int.max, axis: 0)
    let target = try node.filled(try node.concat([count, rest], axis: 0), 0, like: rows)
    return try node.scatter(into: target, try node.unsqueeze(places, [1]), rows, nil)
  }
}

extension NodeContext {
  /// The rows that `numbers` number, along one axis, and those numbers.
  fileprivate func rows(_ value: Value, numberedBy numbers: Value) throws -> (rows: Value, numbers: Value) {
    let (rank, numbers) = (try rank(numbers), try int64(numbers))
    guard try self.rank(value) >= rank else { throw ModelError(.invalidModel, "numbers more axes than there are") }
    if rank == 1 { return (value, numbers) }
    let rest = try part(try shapeValue(value), rank, Int.max, axis: 0)
    let rows = try build(.reshape, value, try concat([try build.constant([-1]), rest], axis: 0))
    return (rows, try reshape(numbers, [-1]))
  }

  /// What nothing is above (1) or below (-1) of the first operand's type.
  fileprivate func extreme(_ sign: Double) throws -> Double {
    switch try elementType(try operand(0)) {
    case .float32: return sign * Double(Float.greatestFiniteMagnitude)
    case .float64: return sign * Double.greatestFiniteMagnitude
    case .float16: return sign * Double(Float16.greatestFiniteMagnitude)
    case .int32: return sign > 0 ? Double(Int32.max) : Double(Int32.min)
    case let type: throw UnsupportedForm("extremes of \(type.rawValue)")
    }
  }

  /// Rows combined by their numbers; those below 0 are left out.
  ///
  /// - Parameter count: how many segments there are, a vector.
  fileprivate func segments(
    _ values: Value, _ numbers: Value, count: Value, _ reduction: ByteString, _ neutral: Double
  ) throws -> Value {
    let (rows, numbers) = try rows(values, numberedBy: numbers)
    let rest = try part(try build(.shape, rows), 1, Int.max, axis: 0)
    // What has no segment goes to one more, which is cut off.
    let all = try build(.add, count, try build.constant([1]))
    let target = try filled(try concat([all, rest], axis: 0), neutral, like: rows)
    let isOutside = try build(.less, numbers, try build.constant(0))
    let places = try unsqueeze(try build(.where, isOutside, count, numbers), [1])
    let combined = try scatter(into: target, places, rows, reduction)
    return try build(.slice, combined, try build.constant([0]), count, try build.constant([0]))
  }

  /// As many segments as the largest number says.
  fileprivate func sorted(_ reduction: ByteString, _ neutral: Double) throws -> Value {
    try segments(try operand(0), try operand(1), count: try sortedCount(), reduction, neutral)
  }

  private func sortedCount() throws -> Value {
    let last = try build(.reduceMax, try int64(try operand(1)), attributes: ["keepdims": .int(1)])
    return try build(.add, last, try build.constant([1]))
  }

  /// How many rows each segment has, at least 1, or the root of that: in the shape that divides the segments.
  fileprivate func rowCounts(root: Bool) throws -> Value {
    let (values, numbers) = (try operand(0), try operand(1))
    let ones = try filled(try shapeValue(try int64(numbers)), 1, like: values)
    let counts = try segments(ones, numbers, count: try sortedCount(), "add", 0)
    let present = try build(.max, counts, try scalar(1, like: values))
    let flat = try unsqueeze(present, Array(1..<max(try rank(values), 1)))
    return root ? try build(.sqrt, flat) : flat
  }

  /// Zeros where a segment has no rows.
  fileprivate func emptied(_ segments: Value) throws -> Value {
    let values = try operand(0)
    let ones = try filled(try shapeValue(try int64(try operand(1))), 1, like: values)
    let counts = try self.segments(ones, try operand(1), count: try sortedCount(), "add", 0)
    let zero = try scalar(0, like: values)
    let isEmpty = try unsqueeze(try build(.equal, counts, zero), Array(1..<max(try rank(values), 1)))
    return try build(.where, isEmpty, zero, segments)
  }

  /// The node with the rows that its second operand chooses, numbered by the third.
  fileprivate func chosenRows() throws -> NodeContext {
    let rows = try build(.gather, try operand(0), try operand(1))
    return NodeContext(
      node: node, operands: [.tensor(rows), .tensor(try operand(2))], build: build, lowering: lowering, scope: scope,
      depth: depth)
  }
}
