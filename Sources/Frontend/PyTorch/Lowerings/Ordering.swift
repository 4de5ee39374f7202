import IR

extension Lowering {
  static let ordering: [String: Lowering] = [
    "aten.topk": .values { call in
      let input = try call.input()
      let axis = try call.axis("dim", default: -1, rank: call.rank(input))
      return try call.largest(input, axis, call.vector(call.extent("k")), call.bool("largest", default: true))
    },
    "aten.sort": .values { try $0.sorted() },
    "aten.argsort": .values { [try $0.sorted()[1]] },
    "aten.msort": .values { [try $0.sorted(axis: 0)[0]] },
  ]
}

extension Call {
  /// The largest or smallest elements along an axis, in order, and where they were.
  fileprivate func largest(_ value: Value, _ axis: Int, _ count: Value, _ isLargest: Bool) throws -> [Value] {
    if try rank(value) == 0 { return [value, try builder.constant(0)] }
    return try ops(
      .topK, [value, count], ["axis": .int(Int64(axis)), "largest": .int(isLargest ? 1 : 0), "sorted": .int(1)],
      results: 2)
  }

  fileprivate func sorted(axis given: Int? = nil) throws -> [Value] {
    let input = try input()
    let rank = try rank(input)
    if rank == 0 { return [input, try builder.constant(0)] }
    let axis = try given ?? axis("dim", default: -1, rank: rank)
    return try largest(input, axis, vector(extent(of: input, axis)), bool("descending", default: false))
  }
}
