import IR

extension Lowering {
  /// Products of the rows of a matrix, group by group, each with a matrix of its own: mixtures of experts.
  static let groupedProducts: [String: Lowering] = [
    "transformers.grouped_mm_fallback.default": .one { call in
      try call.groupedProduct(call.value("input"), call.value("weight"), call.value("offs"))
    },
    "aten._grouped_mm": .one { call in
      guard call.argument("bias") == nil else { throw UnsupportedForm("adds a bias") }
      let (a, b) = (try call.input(), try call.value("mat2"))
      let type = try call.optionalElementType("out_dtype") ?? call.elementType(a)
      guard let ends = try call.optionalValue("offs") else { return try call.cast(call.matrixProduct(a, b), to: type) }
      guard try call.rank(a) == 2, try call.rank(b) == 3 else {
        throw UnsupportedForm("groups other than the rows of a matrix")
      }
      return try call.cast(call.groupedProduct(a, b, ends), to: type)
    },
  ]
}

extension Call {
  /// The rows before each of `ends`, and after the one before it, times the matrix at its place.
  fileprivate func groupedProduct(_ rows: Value, _ matrices: Value, _ ends: Value) throws -> Value {
    let ends = try cast(ends, to: .int64)
    let starts = try concat([constant([0]), slice(ends, 0, from: 0, to: -1)], 0)
    let type = try elementType(rows)
    let zeros = try op(
      .constantOfShape, shapeOperand([extent(of: rows, 0), extent(of: matrices, 2)]),
      attributes: ["value": .tensor(TensorLiteral.filled(0, type, [1]))])
    // A step for each group: its rows alone are multiplied.
    let result = try scan(
      [zeros], over: [(matrices, 0), (starts, 0), (ends, 0)], outputs: (0, 0)
    ) { call, states, slices in
      let positions = try call.op(.range, slices[1], slices[2], call.scalar(1, .int64))
      let product = try call.op(.matMul, call.op(.gather, rows, positions), slices[0])
      return ([try call.op(.scatterND, states[0], call.unsqueeze(positions, [1]), product)], [])
    }
    return result.states[0]
  }
}
