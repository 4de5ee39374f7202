import IR

/// Determinants, inverses and triangular factors of matrices, and the equations that those solve.
///
/// ONNX has no operator for these besides Det: they are loops over the columns, which work on matrices of any size.
extension LoweringContext {
  func turned(_ matrix: Value) throws -> Value {
    let rank = try matrixRank(matrix)
    return try transpose(matrix, rank - 2, rank - 1)
  }

  private func matrixRank(_ matrix: Value) throws -> Int {
    let rank = try rank(matrix)
    guard rank >= 2 else { throw ModelError(.invalidModel, "has an operand that is no matrix") }
    return rank
  }

  /// The numbers of rows as a column.
  private func rows(of matrix: Value) throws -> Value {
    try unsqueeze(positions(matrix, matrixRank(matrix) - 1), [1])
  }

  /// Ones on the diagonal, in the shape of `matrix`.
  func identity(like matrix: Value) throws -> Value { try like(matrix, isDiagonal(of: matrix)) }

  /// Whether elements of a matrix lie on its diagonal.
  func isDiagonal(of matrix: Value) throws -> Value {
    let rows = try rows(of: matrix)
    return try op(.equal, rows, transpose(rows, 0, 1))
  }

  /// Gauss and Jordan's elimination: in the column of each step the largest element that is left becomes 1, and the
  /// others 0.
  ///
  /// - Parameter right: columns that are carried along.
  /// - Returns: those columns, which then are the solutions, and what was divided by in each step, whose sign counts
  ///   exchanges of rows.
  private func eliminated(_ matrix: Value, _ right: Value?, divides: Bool) throws -> (Value, pivots: Value) {
    let rank = try matrixRank(matrix)
    let (row, column) = (rank - 2, rank - 1)
    let start = try right.map { try concat([matrix, $0], column) } ?? matrix
    let order = try positions(matrix, column)
    let rows = try unsqueeze(order, [1])
    let type = try elementType(matrix)
    let result = try scan([start], over: [(order, 0)], outputs: (1, 0)) { call, states, slices in
      let (matrix, step) = (states[0], slices[0])
      let number = try call.unsqueeze(step, [0])
      func taken(_ value: Value, _ axis: Int) throws -> Value {
        try call.op(.gather, value, number, attributes: ["axis": .int(Int64(axis))])
      }
      let lengths = try call.op(.abs, call.squeeze(taken(matrix, column), [column]))
      let isLeft = try call.op(.greaterOrEqual, order, step)
      let candidates = try call.op(.where, isLeft, lengths, call.scalar(-1, type))
      let place = try call.unsqueeze(
        call.op(.argMax, candidates, attributes: ["axis": .int(Int64(row)), "keepdims": .int(1)]), [column])
      let current = try taken(matrix, row)
      let chosen = try call.op(
        .gatherElements, matrix, call.op(.expand, place, call.shapeOperand(of: current)),
        attributes: ["axis": .int(Int64(row))])
      let isCurrent = try call.op(.equal, rows, step)
      let exchanged = try call.op(
        .where, isCurrent, chosen, call.op(.where, call.op(.equal, rows, place), current, matrix))
      let pivot = try taken(chosen, column)
      var divisor = pivot
      if !divides {
        // A matrix that has no inverse still has a determinant.
        let (zero, one) = (try call.scalar(0, type), try call.scalar(1, type))
        divisor = try call.op(.where, call.op(.equal, pivot, zero), one, pivot)
      }
      let unit = try call.op(.div, chosen, divisor)
      let rest = try call.op(.sub, exchanged, call.op(.mul, taken(exchanged, column), unit))
      let signed = try call.op(.where, call.op(.equal, place, step), pivot, call.op(.neg, pivot))
      return ([try call.op(.where, isCurrent, unit, rest)], [signed])
    }
    return (result.states[0], try squeeze(result.sequences[0], [rank - 1, rank]))
  }

  /// The sign of a determinant, and the logarithm of its magnitude.
  func signAndLogarithm(_ matrix: Value) throws -> [Value] {
    let pivots = try eliminated(matrix, nil, divides: false).pivots
    return [
      try reduce(.reduceProd, op(.sign, pivots), [0], keepsAxes: false),
      try reduce(.reduceSum, op(.log, op(.abs, pivots)), [0], keepsAxes: false),
    ]
  }

  func inverse(_ matrix: Value) throws -> Value { try solved(matrix, identity(like: matrix)) }

  /// What times `matrix` gives `right`.
  private func solved(_ matrix: Value, _ right: Value) throws -> Value {
    let column = try matrixRank(matrix) - 1
    let whole = try eliminated(matrix, right, divides: true).0
    return try op(.slice, whole, vector(extent(of: matrix, column)), constant([.max]), constant([column]))
  }

  func solution(_ matrix: Value, _ right: Value, isLeft: Bool = true) throws -> Value {
    guard isLeft else { return try turned(solution(turned(matrix), turned(right))) }
    let (shape, given) = (try shape(matrix), try shape(right))
    guard shape.count >= 2, given.count >= 2 else { throw ModelError(.invalidModel, "solves no matrices") }
    let (a, b) = (shape.dropLast(2), given.dropLast(2))
    if a.isCertainly(b) { return try solved(matrix, right) }
    let targets = try [right, matrix].map {
      try shapeOperand(extents(of: $0).dropLast(2) + [.known(1), .known(1)])
    }
    return try solved(op(.expand, matrix, targets[0]), op(.expand, right, targets[1]))
  }

  /// The triangular matrix whose product with its transpose is `matrix`: Cholesky's.
  func root(_ matrix: Value, isUpper: Bool) throws -> Value {
    if isUpper { return try turned(root(turned(matrix), isUpper: false)) }
    let rank = try matrixRank(matrix)
    let (row, column) = (rank - 2, rank - 1)
    let (order, type) = (try positions(matrix, column), try elementType(matrix))
    let rows = try unsqueeze(order, [1])
    let zeros = try like(matrix, scalar(0, type))
    return try scan([zeros], over: [(order, 0)], outputs: (0, 0)) { call, states, slices in
      let (root, step) = (states[0], slices[0])
      let number = try call.unsqueeze(step, [0])
      func taken(_ value: Value, _ axis: Int) throws -> Value {
        try call.op(.gather, value, number, attributes: ["axis": .int(Int64(axis))])
      }
      let known = try call.op(.matMul, root, call.transpose(taken(root, row), row, column))
      let rest = try call.op(.sub, taken(matrix, column), known)
      let next = try call.op(.div, rest, call.op(.sqrt, taken(rest, row)))
      let isBelow = try call.op(.greaterOrEqual, rows, step)
      let lower = try call.op(.where, isBelow, next, call.scalar(0, type))
      return ([try call.op(.where, call.op(.equal, order, step), lower, root)], [])
    }.states[0]
  }
}
