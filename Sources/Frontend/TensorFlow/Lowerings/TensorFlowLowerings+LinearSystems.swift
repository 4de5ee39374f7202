import IR

extension TensorFlowLowerings {
  /// Determinants, inverses and triangular factors of matrices, and the equations that those solve.
  static let linearSystems: OperatorTable.Family = [
    "Cholesky": .value { try $0.root($0.operand(0), isUpper: false) },
    "LogMatrixDeterminant": .values(["sign", "log_abs_determinant"]) { try $0.signAndLogarithm($0.operand(0)) },
    "MatrixDeterminant": .value { try $0.op(.det, $0.operand(0)) },
    "MatrixInverse": .value { try $0.inverse($0.coefficients(0)) },
    "MatrixSolve": .value { try $0.solution($0.coefficients(0), $0.operand(1)) },
    "MatrixTriangularSolve": .value { node in
      let isLower = !node.node.has("lower") || node.node.flag("lower")
      let triangle = try node.op(.trilu, node.operand(0), attributes: ["upper": .int(isLower ? 0 : 1)])
      return try node.solution(node.adjoint(triangle), node.operand(1))
    },
  ]
}

extension NodeContext {
  /// The matrix of an equation.
  fileprivate func coefficients(_ index: Int) throws -> Value { try adjoint(operand(index)) }

  /// A matrix of real numbers as the node takes it.
  fileprivate func adjoint(_ matrix: Value) throws -> Value {
    node.flag("adjoint") ? try turned(matrix) : matrix
  }
}
