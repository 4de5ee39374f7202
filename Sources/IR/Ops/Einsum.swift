extension OpCatalog {
  static let einsumFamily: [OpDefinition] = [
    .einsum
  ]
}

extension OpDefinition {
  /// Products of the operands' elements, summed over the letters that the result has not. ONNX Einsum-28.
  package static let einsum = OpDefinition(
    "Einsum", versions: [12, 28], "Products of elements, summed as an equation of letters for axes says.",
    operands: [.variadic("Inputs", .numeric)], results: [.required("Output", sameElementTypeAs: "Inputs")],
    attributes: [.required("equation", .string)],
    infer: { try $0.inferEinsum() })
}

extension TypeInference {
  fileprivate mutating func inferEinsum() throws {
    guard let equation = operation.string("equation") else { return }
    let parsed = try EinsumEquation(equation)
    let shapes = operation.operands.compactMap { $0?.tensorType?.shape }
    set(elementTypeOf: 0, shapes.count == operation.operandCount ? try parsed.resultShape(of: shapes) : nil)
  }
}
