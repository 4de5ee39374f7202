import IR

extension Lowering {
  /// Norms of vectors and matrices.
  static let norms: [String: Lowering] = [
    "aten.linalg_vector_norm": .one { try $0.norm("ord") },
    "aten.norm": .one { try $0.norm("p") },
    "aten.frobenius_norm": .one { try $0.norm("p") },
    "aten.linalg_norm": .one { call in
      // Without an order all elements are one vector; with one, two axes are matrices.
      guard call.argument("ord") != nil else { return try call.norm("ord") }
      let rank = try call.rank(call.input())
      let count = try call.axes("dim", rank: rank)?.count ?? rank
      return count == 1 ? try call.norm("ord") : try call.matrixNorm()
    },
    "aten.linalg_matrix_norm": .one { try $0.matrixNorm() },
  ]
}

extension Call {
  /// The operand with the element type in which it is summed.
  private func summand() throws -> Value {
    let input = try floating(input())
    return try optionalElementType("dtype").map { try cast(input, to: $0) } ?? input
  }

  fileprivate func norm(_ name: String) throws -> Value {
    try norm(summand(), optionalFloat(name) ?? 2, reducedAxes(), keepsAxes: keepsAxes())
  }

  /// The norm of the order `order` along axes.
  func norm(_ value: Value, _ order: Double, _ axes: [Int], keepsAxes: Bool) throws -> Value {
    let type = try elementType(value)
    switch order {
    case 2: return try reduce(.reduceL2, value, axes, keepsAxes: keepsAxes)
    case 1: return try reduce(.reduceL1, value, axes, keepsAxes: keepsAxes)
    case .infinity: return try reduce(.reduceMax, op(.abs, value), axes, keepsAxes: keepsAxes)
    case -.infinity: return try reduce(.reduceMin, op(.abs, value), axes, keepsAxes: keepsAxes)
    case 0:
      let isSet = try op(.not, op(.equal, value, scalar(0, type)))
      return try reduce(.reduceSum, cast(isSet, to: type), axes, keepsAxes: keepsAxes)
    case let order:
      let powers = try op(.pow, op(.abs, value), scalar(order, type))
      return try op(.pow, reduce(.reduceSum, powers, axes, keepsAxes: keepsAxes), scalar(1 / order, type))
    }
  }

  /// The norm of the matrices that two axes hold: of all elements, or the largest or smallest sum of a row or column.
  fileprivate func matrixNorm() throws -> Value {
    let value = try summand()
    let (rank, keepsAxes) = (try rank(value), try keepsAxes())
    let axes = try axes("dim", rank: rank) ?? [rank - 2, rank - 1]
    guard axes.count == 2, rank >= 2 else { throw ModelError(.invalidModel, "takes axes \(axes) for a matrix") }
    func extreme(_ definition: OpDefinition, ofSumsAlong axis: Int) throws -> Value {
      let sums = try reduce(.reduceL1, value, [axis], keepsAxes: true)
      let result = try reduce(definition, sums, [axis == axes[0] ? axes[1] : axes[0]], keepsAxes: true)
      return keepsAxes ? result : try squeeze(result, axes)
    }
    switch argument("ord") {
    case nil, .string("fro")?: return try reduce(.reduceL2, value, axes, keepsAxes: keepsAxes)
    case .string(let name)?: throw UnsupportedForm("is the norm '\(name)'")
    default: break
    }
    switch try float("ord") {
    case 1: return try extreme(.reduceMax, ofSumsAlong: axes[0])
    case -1: return try extreme(.reduceMin, ofSumsAlong: axes[0])
    case .infinity: return try extreme(.reduceMax, ofSumsAlong: axes[1])
    case -.infinity: return try extreme(.reduceMin, ofSumsAlong: axes[1])
    case let order: throw UnsupportedForm("is the norm of the order \(order), of singular values")
    }
  }
}
