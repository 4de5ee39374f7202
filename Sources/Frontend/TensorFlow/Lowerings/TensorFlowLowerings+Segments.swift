import IR

extension TensorFlowLowerings {
  /// Sums and products of the rows that have the same number.
  static let segments: OperatorTable.Family = [
    "UnsortedSegmentSum": unsorted("add", 0), "UnsortedSegmentProd": unsorted("mul", 1),
    "SegmentSum": .value { node in
      let last = try node.build(.reduceMax, try node.int64(try node.operand(1)), attributes: ["keepdims": .int(1)])
      let count = try node.build(.add, last, try node.build.constant([1]))
      return try node.segments(count: count, "add", 0)
    },
  ]

  private static func unsorted(_ reduction: ByteString, _ neutral: Double) -> NodeLowering {
    .value { node in try node.segments(count: node.vector(node.operand(2)), reduction, neutral) }
  }
}

extension NodeContext {
  /// Rows of the first operand combined by the numbers that the second gives them; those below 0 are left out.
  ///
  /// - Parameter count: how many segments there are, a vector.
  fileprivate func segments(count: Value, _ reduction: ByteString, _ neutral: Double) throws -> Value {
    let (rows, numbers) = (try operand(0), try int64(try operand(1)))
    guard try rank(numbers) == 1 else { throw UnsupportedForm("numbers of rank \(try rank(numbers))") }
    let rest = try part(try build(.shape, rows), 1, Int.max, axis: 0)
    // What has no segment goes to one more, which is cut off.
    let all = try build(.add, count, try build.constant([1]))
    let target = try filled(try concat([all, rest], axis: 0), neutral, like: rows)
    let isOutside = try build(.less, numbers, try build.constant(0))
    let places = try unsqueeze(try build(.where, isOutside, count, numbers), [1])
    let combined = try scatter(into: target, places, rows, reduction)
    return try build(.slice, combined, try build.constant([0]), count, try build.constant([0]))
  }
}
