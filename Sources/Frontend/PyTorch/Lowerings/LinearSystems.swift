import IR

extension Lowering {
  /// Determinants, inverses and triangular factors of matrices, and the equations that those solve.
  static let linearSystems: [String: Lowering] = [
    "aten.linalg_det": .one { try $0.op(.det, $0.input()) }, "aten.det": .one { try $0.op(.det, $0.input()) },
    "aten._linalg_det": .values { [try $0.op(.det, $0.input()), nil, nil] },
    "aten.linalg_slogdet": .values { try $0.signAndLogarithm($0.input()) },
    "aten.slogdet": .values { try $0.signAndLogarithm($0.input()) },
    "aten._linalg_slogdet": .values { try $0.signAndLogarithm($0.input()) + [nil, nil] },
    "aten.logdet": .one { call in
      let parts = try call.signAndLogarithm(call.input())
      let type = try call.elementType(parts[1])
      let isNegative = try call.op(.less, parts[0], call.scalar(0, type))
      return try call.op(.where, isNegative, call.scalar(Double.nan, type), parts[1])
    },
    "aten.linalg_inv": .one { try $0.inverse($0.input()) }, "aten.inverse": .one { try $0.inverse($0.input()) },
    "aten.linalg_inv_ex": .values { [try $0.inverse($0.input()), nil] },
    "aten.linalg_solve": .one { try $0.solution() },
    "aten.linalg_solve_ex": .values { [try $0.solution(), nil] },
    "aten._linalg_solve_ex": .values { [try $0.solution(), nil, nil, nil] },
    "aten.linalg_solve_triangular": .one { call in
      let triangle = try call.triangle(call.input(), isUpper: call.bool("upper"))
      return try call.solution(triangle, call.value("B"), isLeft: call.bool("left", default: true))
    },
    "aten.triangular_solve": .values { call in
      let coefficients = try call.value("A")
      var triangle = try call.triangle(coefficients, isUpper: call.bool("upper", default: true))
      if try call.bool("transpose", default: false) { triangle = try call.turned(triangle) }
      return [try call.solution(triangle, call.input()), coefficients]
    },
    "aten.linalg_cholesky": .one { try $0.root($0.input(), isUpper: $0.bool("upper", default: false)) },
    "aten.cholesky": .one { try $0.root($0.input(), isUpper: $0.bool("upper", default: false)) },
    "aten.linalg_cholesky_ex": .values { [try $0.root($0.input(), isUpper: $0.bool("upper", default: false)), nil] },
    "aten.cholesky_solve": .one { try $0.solution(root: $0.value("input2"), $0.input()) },
    "aten.cholesky_inverse": .one { call in
      let root = try call.input()
      return try call.solution(root: root, call.identity(like: root))
    },
    "aten._linalg_check_errors": .assertion,
  ]
}

extension Call {
  /// The part of a matrix above the diagonal or below, whose diagonal is taken for ones where the operation says so.
  fileprivate func triangle(_ matrix: Value, isUpper: Bool) throws -> Value {
    let triangle = try op(.trilu, matrix, attributes: ["upper": .int(isUpper ? 1 : 0)])
    guard try bool("unitriangular", default: false) else { return triangle }
    return try op(.where, isDiagonal(of: matrix), scalar(1, elementType(matrix)), triangle)
  }

  /// The solution of the operands `A` and `B`.
  fileprivate func solution() throws -> Value {
    let (matrix, right) = (try input(), try value("B"))
    let isLeft = try bool("left", default: true)
    let (shape, given) = (try shape(matrix), try shape(right))
    guard given.count == 1 || given.count + 1 == shape.count else {
      return try solution(matrix, right, isLeft: isLeft)
    }
    let isVector = given.count == 1 || zip(given, shape).allSatisfy { $0.isEqual(to: $1) == true }
    guard isVector || zip(given, shape).contains(where: { $0.isEqual(to: $1) == false }) else {
      throw UnsupportedForm("may take a vector or a matrix")
    }
    guard isVector else { return try solution(matrix, right, isLeft: isLeft) }
    return try squeeze(solution(matrix, unsqueeze(right, [given.count])), [shape.count - 1])
  }

  /// The solution for the matrix whose triangular root is given.
  fileprivate func solution(root given: Value, _ right: Value) throws -> Value {
    let isUpper = try bool("upper", default: false)
    let root = try triangle(given, isUpper: isUpper)
    let lower = isUpper ? try turned(root) : root
    return try solution(turned(lower), solution(lower, right))
  }
}
