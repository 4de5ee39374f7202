extension OpCatalog {
  static let featureScalingFamily: [OpDefinition] = [.binarizer, .imputer, .normalizer, .scaler]
}

extension OpDefinition {
  /// 1 where an element is above a threshold, else 0. ONNX Binarizer-1.
  package static let binarizer = OpDefinition(
    "Binarizer", domain: classicalDomain, versions: [1], "1 where an element is above a threshold, else 0.",
    operands: [.required("X", .features)], results: [.required("Y", sameElementTypeAs: "X")],
    attributes: [.float("threshold", default: 0)], traits: [.pure, .elementwise, .idempotent],
    infer: { $0.set($0.type(0)) })

  /// Replaces one value (a NaN, perhaps) by another, which may differ by feature. ONNX Imputer-1.
  package static let imputer = OpDefinition(
    "Imputer", domain: classicalDomain, versions: [1],
    "Replaces one value (a NaN, perhaps) by another, which may differ by feature.",
    operands: [.required("X", .features)], results: [.required("Y", sameElementTypeAs: "X")],
    attributes: [
      .floats("imputed_value_floats"), .ints("imputed_value_int64s"), .float("replaced_value_float", default: 0),
      .int("replaced_value_int64", default: 0),
    ],
    infer: { $0.set($0.type(0)) })

  /// Divides each row by its norm. ONNX Normalizer-1.
  package static let normalizer = OpDefinition(
    "Normalizer", domain: classicalDomain, versions: [1], "Divides each row by its norm.",
    operands: [.required("X", .features)], results: [.required("Y", .float32)],
    attributes: [.string("norm", default: "MAX")], infer: { $0.set(.tensor(.float32, $0.shape(0))) },
    verify: oneOf("norm", ["MAX", "L1", "L2"]))

  /// Subtracts an offset from each feature, and multiplies it by a factor. ONNX Scaler-1.
  package static let scaler = OpDefinition(
    "Scaler", domain: classicalDomain, versions: [1],
    "Subtracts an offset from each feature, and multiplies it by a factor.", operands: [.required("X", .features)],
    results: [.required("Y", .float32)], attributes: [.floats("offset"), .floats("scale")],
    infer: { $0.set(.tensor(.float32, $0.shape(0))) })
}
