import IR

extension TensorFlowLowerings {
  /// Diagonals of matrices, which are the last two axes.
  static let diagonals: OperatorTable.Family = [
    "MatrixDiagPart": .value { try $0.diagonal(0) },
    "DiagPart": .value { node in
      guard try node.rank(try node.operand(0)) == 2 else { throw UnsupportedForm("diagonals of more than matrices") }
      return try node.diagonal(0)
    },
    "MatrixDiagPartV2": part, "MatrixDiagPartV3": part,
    "MatrixDiag": .value { try $0.matrix(diagonal: 0) }, "MatrixDiagV2": matrix, "MatrixDiagV3": matrix,
    "Diag": .value { node in
      guard try node.rank(try node.operand(0)) == 1 else { throw UnsupportedForm("diagonals of more than matrices") }
      return try node.matrix(diagonal: 0)
    },
    "MatrixSetDiag": .value { try $0.settingDiagonal(0) },
    "MatrixSetDiagV2": set, "MatrixSetDiagV3": set,
  ]

  private static let part = NodeLowering.value { node in try node.diagonal(try node.diagonalNumber(1)) }
  private static let matrix = NodeLowering.value { node in try node.matrix(diagonal: try node.diagonalNumber(1)) }
  private static let set = NodeLowering.value { node in try node.settingDiagonal(try node.diagonalNumber(2)) }
}

extension NodeContext {
  /// The one diagonal that an operand says: the main one is 0, those above it are positive.
  fileprivate func diagonalNumber(_ index: Int) throws -> Int {
    let numbers = try integers(index, "the diagonal")
    guard let first = numbers.first, numbers.allSatisfy({ $0 == first }) else {
      throw UnsupportedForm("several diagonals at once")
    }
    guard abs(first) < 1 << 24 else { throw ModelError(.invalidModel, "has no diagonal \(first)") }
    return first
  }

  /// The diagonal of each matrix, along the last axis.
  fileprivate func diagonal(_ number: Int) throws -> Value {
    var x = try operand(0)
    let shape = try shape(x)
    if number == 0, shape.count >= 2, shape.suffix(2).contains(where: { $0.value == nil }) {
      return try mainDiagonal(ofOpen: x)
    }
    guard shape.count >= 2, var rows = shape[shape.count - 2].value, var columns = shape[shape.count - 1].value,
      rows < 1 << 16, columns < 1 << 16
    else { throw UnsupportedForm("matrices whose size varies") }
    guard number > -rows, number < columns else { throw ModelError(.invalidModel, "has no diagonal \(number)") }
    if number > 0 {
      x = try part(x, number, Int.max, axis: shape.count - 1)
      columns -= number
    } else if number < 0 {
      x = try part(x, -number, Int.max, axis: shape.count - 2)
      rows += number
    }
    // Laid out row by row, it is each element that is a row and a column further.
    let flat = try build(
      .reshape, x, try concat([try part(try shapeValue(x), 0, -2, axis: 0), try build.constant([-1])], axis: 0))
    let count = min(rows, columns)
    return try build(
      .slice, flat, try build.constant([0]), try build.constant([count * (columns + 1)]), try build.constant([-1]),
      try build.constant([columns + 1]))
  }

  /// The diagonal of matrices of any size.
  private func mainDiagonal(ofOpen matrix: Value) throws -> Value {
    let rank = try rank(matrix)
    let type = try elementType(matrix)
    guard [.float32, .float64, .int32, .int64].contains(type) else {
      throw UnsupportedForm("matrices of \(type.rawValue) whose size varies")
    }
    let isDiagonal = try op(
      .equal, unsqueeze(positions(matrix, rank - 2), [1]), positions(matrix, rank - 1))
    let alone = try op(.where, isDiagonal, matrix, scalar(0, type))
    let rows = try reduce(.reduceSum, alone, [rank - 1], keepsAxes: false)
    let count = try op(.min, vector(extent(of: matrix, rank - 2)), vector(extent(of: matrix, rank - 1)))
    return try op(.slice, rows, constant([0]), count, constant([-1]))
  }

  /// Matrices that have the vectors along the last axis as a diagonal.
  fileprivate func matrix(diagonal number: Int) throws -> Value {
    let x = try operand(0)
    let rank = try rank(x)
    guard rank >= 1 else { throw ModelError(.invalidModel, "makes a matrix of a number") }
    let type = try elementType(x)
    let filler = count > 4 ? try operand(4) : try build.constant(try TensorLiteral.scalar(0, type))
    let places = try build(
      .range, try build.constant(0), try build(.gather, try shapeValue(x), try build.constant(rank - 1)),
      try build.constant(1))
    let isDiagonal = try build(.equal, try unsqueeze(places, [1]), places)
    let square = try chosen(isDiagonal, try unsqueeze(x, [rank - 1]), filler)
    let before = [max(-number, 0), max(number, 0)]
    var after = [max(number, 0), max(-number, 0)]
    for (axis, operand) in [2, 3].enumerated() where count > operand {
      guard let extent = try knownIntegers(operand)?.first else { throw UnsupportedForm("matrices whose size varies") }
      guard extent != -1 else { continue }
      guard let own = try shape(x)[rank - 1].value else { throw UnsupportedForm("matrices whose size varies") }
      after[axis] = extent - own - before[axis]
      guard after[axis] >= 0 else { throw ModelError(.invalidModel, "its diagonal does not fit") }
    }
    guard (before + after).contains(where: { $0 != 0 }) else { return square }
    let outer = Array(repeating: 0, count: rank - 1)
    return try build(
      .pad, square, try build.constant(outer + before + outer + after), filler,
      attributes: ["mode": .string("constant")])
  }

  /// Matrices with another diagonal.
  fileprivate func settingDiagonal(_ number: Int) throws -> Value {
    let (x, vectors) = (try operand(0), try operand(1))
    let shape = try shape(x)
    guard shape.count >= 2, let rows = shape[shape.count - 2].value, let columns = shape[shape.count - 1].value,
      rows < 1 << 12, columns < 1 << 12
    else { throw UnsupportedForm("matrices whose size varies") }
    guard number > -max(rows, 1), number < max(columns, 1) else {
      throw ModelError(.invalidModel, "has no diagonal \(number)")
    }
    let length = min(rows + min(number, 0), columns - max(number, 0))
    let before = max(number, 0)
    let outer = Array(repeating: 0, count: shape.count - 2)
    let spread = try build(
      .pad, vectors, try build.constant(outer + [before] + outer + [columns - length - before]),
      attributes: ["mode": .string("constant")])
    let mask = (0..<rows).flatMap { row in (0..<columns).map { $0 - row == number ? UInt8(1) : 0 } }
    let isDiagonal = try build.constant(try TensorLiteral(.bool, [rows, columns], bytes: mask))
    return try chosen(isDiagonal, try unsqueeze(spread, [shape.count - 2]), x)
  }
}
