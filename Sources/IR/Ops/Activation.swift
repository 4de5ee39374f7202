extension OpCatalog {
  static let activationFamily: [OpDefinition] = [
    .relu
  ]
}

extension OpDefinition {
  /// Sets negative elements to zero. ONNX Relu-14.
  package static let relu = OpDefinition(
    "Relu", versions: [1, 6, 13, 14], "Sets negative elements to zero.",
    operands: [.required("X", [.float, .signedInteger])], results: [.required("Y", sameElementTypeAs: "X")],
    traits: [.pure, .elementwise, .idempotent],
    infer: { $0.set(elementTypeOf: 0, $0.shape(0)) })
}
