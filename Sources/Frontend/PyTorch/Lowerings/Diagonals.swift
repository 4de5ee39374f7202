import IR

extension Lowering {
  /// Diagonals of matrices, and matrices with a given diagonal.
  static let diagonals: [String: Lowering] = [
    "aten.diagonal": .view(
      View(
        read: { [try $0.diagonal($0.input())] },
        write: { try $0.replacingDiagonal($1, by: $2) })),
    "aten.linalg_diagonal": .one { try $0.diagonal($0.input(), -2, -1) },
    "aten.diagonal_scatter": .one { try $0.replacingDiagonal($0.input(), by: $0.value("src")) },
    "aten.diag": .one { call in
      let input = try call.input()
      return try call.rank(input) == 1 ? call.embeddedDiagonal(0, 1) : call.diagonal(input)
    },
    "aten.diagflat": .one { call in
      let flat = try call.reshape(call.input(), [-1])
      return try call.with(base: flat).embeddedDiagonal(0, 1)
    },
    "aten.diag_embed": .one { try $0.embeddedDiagonal(-2, -1) },
    "aten.trace": .one { call in
      let diagonal = try call.diagonal(call.input())
      let type = try call.elementType(diagonal)
      return try call.reduce(
        .reduceSum, call.cast(diagonal, to: type.isIntegral ? .int64 : type), [0], keepsAxes: false)
    },
    "aten.fill_diagonal": .one { call in
      let input = try call.input()
      guard try call.rank(input) == 2, try !call.bool("wrap", default: false) else {
        throw UnsupportedForm("fills a diagonal of other than two axes, or goes on below")
      }
      let fill = try call.materialize(call.operand("fill_value"), call.elementType(input))
      return try call.replacingDiagonal(input, by: fill)
    },
  ]
}

/// Where a diagonal lies.
private struct Diagonal {
  let axes: (Int, Int)
  /// The pairs of a row and a column, as a matrix of two columns.
  let positions: Value
  let count: Extent
  /// The axes of the tensor, those of the matrices first.
  let order: [Int]
}

extension Call {
  private func diagonalOffset(_ name: String = "offset") throws -> Int {
    let offset = try int(argument("diagonal") == nil ? name : "diagonal", default: 0)
    guard (-Self.maximumExtent...Self.maximumExtent).contains(offset) else {
      throw ModelError(.invalidModel, "has the offset \(offset)")
    }
    return offset
  }

  private func diagonalPositions(_ value: Value, _ first: Int, _ second: Int) throws -> Diagonal {
    let rank = try rank(value)
    let (a, b) = (try axis("dim1", default: first, rank: rank), try axis("dim2", default: second, rank: rank))
    guard a != b, rank >= 2 else { throw ModelError(.invalidModel, "takes the diagonal of one axis") }
    let offset = try diagonalOffset()
    let start = (row: max(-offset, 0), column: max(offset, 0))
    let (rows, columns) = (try extent(of: value, a), try extent(of: value, b))
    let count: Extent
    if let rows = rows.known, let columns = columns.known {
      count = .known(max(min(rows - start.row, columns - start.column), 0))
    } else {
      let lengths = try [(rows, start.row), (columns, start.column)].map { extent, start in
        try start == 0 ? vector(extent) : op(.sub, vector(extent), constant([start]))
      }
      count = .symbolic(try op(.max, op(.min, lengths[0], lengths[1]), constant([0])))
    }
    let steps = try unsqueeze(range(to: count), [1])
    let positions = try op(
      .add, op(.expand, steps, shapeOperand([count, .known(2)])), constant([start.row, start.column]))
    let order = [a, b] + (0..<rank).filter { $0 != a && $0 != b }
    return Diagonal(axes: (a, b), positions: positions, count: count, order: order)
  }

  /// The diagonal of the matrices of two axes, as a last axis.
  fileprivate func diagonal(_ value: Value, _ first: Int = 0, _ second: Int = 1) throws -> Value {
    let rank = try rank(value)
    let place = try diagonalPositions(value, first, second)
    let result = try op(.gatherND, transpose(value, place.order), place.positions)
    return try transpose(result, Array(1..<rank - 1) + [0])
  }

  /// `value` with its diagonal replaced.
  fileprivate func replacingDiagonal(_ value: Value, by elements: Value) throws -> Value {
    let rank = try rank(value)
    let place = try diagonalPositions(value, 0, 1)
    let moved = try transpose(value, place.order)
    var elements = try cast(elements, to: elementType(value))
    let target = try place.order.dropFirst(2).map { try extent(of: value, $0) } + [place.count]
    elements = try op(.expand, elements, shapeOperand(target))
    let first = try transpose(elements, [rank - 2] + Array(0..<rank - 2))
    let written = try op(.scatterND, moved, place.positions, first)
    return try transpose(written, (0..<rank).map { axis in place.order.firstIndex(of: axis) ?? axis })
  }

  /// Matrices whose diagonals are the last axis, on the axes `first` and `second`, and zero beside.
  fileprivate func embeddedDiagonal(_ first: Int, _ second: Int) throws -> Value {
    let input = try input()
    let rank = try rank(input)
    guard rank >= 1 else { throw ModelError(.invalidModel, "has an operand without axes") }
    let offset = try diagonalOffset()
    let (a, b) = (
      try axis("dim1", default: first, rank: rank + 1), try axis("dim2", default: second, rank: rank + 1)
    )
    guard a != b else { throw ModelError(.invalidModel, "takes the diagonal of one axis") }
    let length = try extent(of: input, rank - 1)
    // Each element in a row of its own, set where the column is its own.
    let columns = try op(.add, vector(length), constant([abs(offset)]))
    let steps = try range(to: .symbolic(columns))
    let rows = try unsqueeze(offset < 0 ? op(.add, steps, builder.constant(offset)) : steps, [1])
    let places = try offset > 0 ? op(.sub, steps, builder.constant(offset)) : steps
    let isOnDiagonal = try op(
      .equal, rows, unsqueeze(places, [0]))
    let padded = try op(
      .pad, input,
      constant(
        Array(repeating: 0, count: rank - 1) + [max(-offset, 0)] + Array(repeating: 0, count: rank - 1)
          + [max(offset, 0)]))
    let zero = try scalar(0, elementType(input))
    let result = try op(.where, isOnDiagonal, unsqueeze(padded, [rank]), zero)
    var order = Array(0..<rank - 1)
    for (axis, place) in [(a, rank - 1), (b, rank)].sorted(by: { $0.0 < $1.0 }) { order.insert(place, at: axis) }
    return try transpose(result, order)
  }
}
