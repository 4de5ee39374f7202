import IR

extension Lowering {
  /// Elements and slices once each.
  static let uniqueness: [String: Lowering] = [
    "aten._unique2": .values { try $0.unique(inverse: 1, counts: 2) },
    "aten._unique": .values { try $0.unique(inverse: 1, counts: nil) },
    "aten.unique_dim": .values { call in
      let input = try call.input()
      let axis = try call.axis("dim", rank: call.rank(input))
      let results = try call.ops(
        .unique, [input], ["axis": .int(Int64(axis)), "sorted": .int(1)], results: 4)
      return [results[0], results[2], results[3]]
    },
    "aten.unique_consecutive": .values { try $0.runs() },
    "aten.unique_dim_consecutive": .values { try $0.runs() },
  ]
}

extension Call {
  fileprivate func unique(inverse: Int, counts: Int?) throws -> [Value?] {
    let input = try input()
    let type = try elementType(input)
    // Runtimes tell apart fractions and wide integers.
    let flat = try reshape(type.isIntegral ? cast(input, to: .int64) : input, [-1])
    let results = try ops(.unique, [flat], ["sorted": .int(1)], results: 4)
    var list: [Value?] = [try cast(results[0], to: type)]
    list.append(isUsed(inverse) ? try reshape(results[2], extents(of: input)) : nil)
    if let counts { list.append(isUsed(counts) ? results[3] : nil) }
    return list
  }

  /// The first element or slice of each run of equal ones, the run that each is of, and how long runs are.
  fileprivate func runs() throws -> [Value?] {
    let input = try input()
    let rank = try rank(input)
    let axis = try argument("dim").map { _ in try self.axis("dim", rank: rank) }
    let items = try axis == nil || rank <= 1 ? reshape(input, [-1]) : input
    let along = rank <= 1 ? 0 : axis ?? 0
    var isSame = try op(.equal, slice(items, along, from: 1), slice(items, along, from: 0, to: -1))
    let others = try (0..<self.rank(items)).filter { $0 != along }
    if !others.isEmpty { isSame = try reduce(.reduceMin, isSame, others, keepsAxes: false) }
    let (first, count) = (
      try builder.constant(TensorLiteral.filled(1, .bool, [1])), try vector(extent(of: items, along))
    )
    let begins = try concat([first, op(.not, isSame)], 0)
    let runs = try op(.sub, op(.cumSum, cast(begins, to: .int64), builder.constant(0)), builder.constant(1))
    let starts = try reshape(op(.nonZero, begins), [-1])
    let ends = try concat([slice(starts, 0, from: 1), count], 0)
    var inverse = isUsed(1) ? runs : nil
    if axis == nil || rank == 0 { inverse = try inverse.map { try reshape($0, extents(of: input)) } }
    return [
      try op(.compress, items, begins, attributes: ["axis": .int(Int64(along))]), inverse,
      isUsed(2) ? try op(.sub, ends, starts) : nil,
    ]
  }
}
