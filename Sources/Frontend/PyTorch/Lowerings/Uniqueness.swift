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

  /// The first element of each run of equal ones, the run that each element is of, and how long runs are.
  fileprivate func runs() throws -> [Value?] {
    let input = try input()
    guard try argument("dim") == nil || rank(input) == 1 else { throw UnsupportedForm("compares slices") }
    let flat = try reshape(input, [-1])
    let isSame = try op(.equal, slice(flat, 0, from: 1), slice(flat, 0, from: 0, to: -1))
    let (first, count) = (try builder.constant(TensorLiteral.filled(1, .bool, [1])), try vector(extent(of: flat, 0)))
    let begins = try concat([first, op(.not, isSame)], 0)
    let runs = try op(.sub, op(.cumSum, cast(begins, to: .int64), builder.constant(0)), builder.constant(1))
    let starts = try reshape(op(.nonZero, begins), [-1])
    let ends = try concat([slice(starts, 0, from: 1), count], 0)
    return [
      try op(.compress, flat, begins, attributes: ["axis": .int(0)]),
      isUsed(1) ? try reshape(runs, extents(of: input)) : nil, isUsed(2) ? try op(.sub, ends, starts) : nil,
    ]
  }
}
