import IR

extension Lowering {
  /// The elements at places of the sorted order.
  static let quantiles: [String: Lowering] = [
    "aten.kthvalue": .values { call in
      let k = try call.int("k")
      guard k > 0 else { throw ModelError(.invalidModel, "asks for the element \(k)") }
      return try call.element(at: .known(k - 1))
    },
    "aten.median.dim": .values { call in
      let input = try call.input()
      let rank = try call.rank(input)
      if rank == 0 { return try call.element(at: .known(0)) }
      let extent = try call.extent(of: input, call.axis("dim", rank: rank))
      if let known = extent.known { return try call.element(at: .known(max(known - 1, 0) / 2)) }
      let last = try call.op(.sub, call.vector(extent), call.constant([1]))
      return try call.element(at: .symbolic(call.op(.div, last, call.constant([2]))))
    },
    "aten.median": .one { call in
      let input = try call.input()
      if try call.rank(input) == 0 { return input }
      let flat = try call.reshape(input, [-1])
      let count = try call.vector(call.extent(of: flat, 0))
      let half = try call.op(
        .div, call.op(.add, count, call.constant([1])), call.constant([2]))
      let largest = try call.ops(
        .topK, [flat, half], ["axis": .int(0), "largest": .int(0), "sorted": .int(1)], results: 2)[0]
      // The half that is not larger ends with it.
      return try call.squeeze(call.slice(largest, 0, from: -1), [0])
    },
    "aten.nanmedian": .values { [try $0.medianOfNumbers()[0]] },
    "aten.nanmedian.dim": .values { try $0.medianOfNumbers() },
    "aten.quantile": .one { try $0.quantile(ignoresNaN: false) },
    "aten.nanquantile": .one { try $0.quantile(ignoresNaN: true) },
  ]
}

extension Call {
  /// The element at a place of the order along the axis `dim`, and where it was.
  fileprivate func element(at place: Extent) throws -> [Value?] {
    let input = try input()
    let rank = try rank(input)
    if rank == 0 { return [input, try builder.constant(0)] }
    let axis = try axis("dim", default: -1, rank: rank)
    let count = try place.known.map { try constant([$0 + 1]) } ?? op(.add, vector(place), constant([1]))
    let sorted = try ops(
      .topK, [input, count], ["axis": .int(Int64(axis)), "largest": .int(0), "sorted": .int(1)], results: 2)
    let keepsAxis = try keepsAxes()
    return try sorted.map {
      let last = try slice($0, axis, from: -1)
      return keepsAxis ? last : try squeeze(last, [axis])
    }
  }

  /// The operand with the axis along which it is sorted last; all its elements in a row where none is named.
  private func rows() throws -> Value {
    let input = try input()
    let rank = try rank(input)
    guard argument("dim") != nil, rank > 0 else { return try reshape(input, [-1]) }
    let axis = try axis("dim", rank: rank)
    return try transpose(input, (0..<rank).filter { $0 != axis } + [axis])
  }

  /// What stands for each row, without the axis of rows or with an extent of 1 in its place.
  private func restored(_ value: Value) throws -> Value {
    guard try keepsAxes() else { return value }
    let rank = try rank(input())
    guard argument("dim") != nil else { return try reshape(value, Array(repeating: 1, count: rank)) }
    return rank == 0 ? value : try unsqueeze(value, [axis("dim", rank: rank)])
  }

  /// Rows in order, what is no number last, where each element was, and the last place of a number in each row.
  private func sortedNumbers(_ rows: Value) throws -> (sorted: [Value], last: Value) {
    let (axis, type) = (try rank(rows) - 1, try elementType(rows))
    let isNaN = try type.isFloat ? op(.isNaN, rows) : op(.less, rows, rows)
    let numbers = type.isFloat ? try op(.where, isNaN, scalar(Double.infinity, type), rows) : rows
    let sorted = try ops(
      .topK, [numbers, vector(extent(of: rows, axis))],
      ["axis": .int(Int64(axis)), "largest": .int(0), "sorted": .int(1)], results: 2)
    let count = try reduce(.reduceSum, cast(op(.not, isNaN), to: .int64), [axis], keepsAxes: true)
    return (sorted, try op(.sub, count, builder.constant(1)))
  }

  fileprivate func medianOfNumbers() throws -> [Value?] {
    let rows = try rows()
    let (axis, type) = (try rank(rows) - 1, try elementType(rows))
    let (sorted, last) = try sortedNumbers(rows)
    let place = try op(.div, op(.max, last, builder.constant(0)), builder.constant(2))
    var results = try sorted.map {
      try op(.gatherElements, $0, place, attributes: ["axis": .int(Int64(axis))])
    }
    if type.isFloat {
      let isEmpty = try op(.less, last, builder.constant(0))
      results[0] = try op(.where, isEmpty, scalar(Double.nan, type), results[0])
    }
    return try results.map { try restored(squeeze($0, [axis])) }
  }

  /// The elements between which the wanted parts of each row lie, and what lies between them.
  fileprivate func quantile(ignoresNaN: Bool) throws -> Value {
    let rows = try rows()
    let (rank, type) = (try rank(rows), try elementType(rows))
    let (sorted, lastNumber) = try sortedNumbers(rows)
    let part = try materialize(operand("q"), type)
    let isSingle = try self.rank(part) == 0
    let parts = try vector(part)
    let last =
      try ignoresNaN
      ? op(.max, lastNumber, builder.constant(0)) : op(.sub, vector(extent(of: rows, rank - 1)), constant([1]))
    let places = try op(.mul, cast(last, to: type), parts)
    let target = try shapeOperand(extents(of: rows).dropLast() + [extent(of: parts, 0)])
    func elements(_ rounding: OpDefinition) throws -> Value {
      let place = try op(.expand, cast(op(rounding, places), to: .int64), target)
      return try op(.gatherElements, sorted[0], place, attributes: ["axis": .int(Int64(rank - 1))])
    }
    var result: Value
    switch try optionalString("interpolation") ?? "linear" {
    case "lower": result = try elements(.floor)
    case "higher": result = try elements(.ceil)
    case "nearest": result = try elements(.round)
    case "midpoint":
      let (low, high) = (try elements(.floor), try elements(.ceil))
      result = try op(.mul, op(.add, low, high), scalar(0.5, type))
    default:
      let (low, high) = (try elements(.floor), try elements(.ceil))
      let weight = try op(.sub, places, op(.floor, places))
      result = try op(.add, low, op(.mul, op(.sub, high, low), weight))
    }
    let noNumber = try ignoresNaN ? op(.less, lastNumber, builder.constant(0)) : op(.less, lastNumber, last)
    result = try op(.where, noNumber, scalar(Double.nan, type), result)
    if isSingle { return try restored(squeeze(result, [rank - 1])) }
    let results = try transpose(result, [rank - 1] + Array(0..<rank - 1))
    guard try keepsAxes() else { return results }
    let inputRank = try self.rank(input())
    if argument("dim") == nil { return try reshape(results, [-1] + Array(repeating: 1, count: inputRank)) }
    return inputRank == 0 ? results : try unsqueeze(results, [axis("dim", rank: inputRank) + 1])
  }
}
