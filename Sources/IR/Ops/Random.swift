extension OpCatalog {
  static let randomFamily: [OpDefinition] = [
    .bernoulli, .dropout, .multinomial, .randomNormal, .randomNormalLike, .randomUniform, .randomUniformLike,
  ]
}

extension OpDefinition {
  /// 1 with the probability that the element is, else 0. ONNX Bernoulli-22.
  package static let bernoulli = OpDefinition(
    "Bernoulli", versions: [15, 22], "1 with the probability that the element is, else 0.",
    operands: [.required("input", .float)], results: [.required("output")],
    attributes: [.optional("dtype", .int), .optional("seed", .float)], traits: .random,
    infer: { inference in
      let written = try inference.elementType(attribute: "dtype", [.numeric, .bool])
      guard let type = written ?? inference.tensor(0)?.elementType else { return }
      inference.set(.tensor(type, inference.shape(0)))
    })

  /// Zeroes elements at random and scales the others up, in training; else the identity. ONNX Dropout-22.
  package static let dropout = OpDefinition(
    "Dropout", versions: [1, 6, 7, 10, 12, 13, 22],
    "Zeroes elements at random and scales the others up, in training; else the identity.",
    operands: [
      .required("data", [.float, .float8]), .optional("ratio", [.float, .float8]), .optional("training_mode", .bool),
    ],
    results: [.required("output", sameElementTypeAs: "data"), .optional("mask", .fixed(.bool))],
    attributes: [.optional("seed", .int)], traits: .random,
    infer: { inference in
      inference.set(elementTypeOf: 0, inference.shape(0))
      inference.set(1, .tensor(.bool, inference.shape(0)))
    })

  /// Draws classes by their unnormalized log-probabilities. ONNX Multinomial-22.
  package static let multinomial = OpDefinition(
    "Multinomial", versions: [7, 22], "Draws classes by their unnormalized log-probabilities.",
    operands: [.required("input", .float)], results: [.required("output")],
    attributes: [.int("dtype", default: 6), .int("sample_size", default: 1), .optional("seed", .float)],
    traits: .random,
    infer: { inference in
      if let x = inference.shape(0), x.count != 2 {
        throw ModelError(.invalidModel, "an input of shape \(x) is not of rank 2")
      }
      guard let count = try inference.operation.integer("sample_size", atLeast: 0),
        let type = try inference.elementType(attribute: "dtype", .indices)
      else { return }
      inference.set(.tensor(type, [inference.shape(0)?[0] ?? .unknown, .known(count)]))
    })

  /// Numbers drawn from a normal distribution. ONNX RandomNormal-22.
  package static let randomNormal = drawn("RandomNormal", "Numbers drawn from a normal distribution.", normal)

  /// Numbers drawn from a normal distribution, in the shape of a tensor. ONNX RandomNormalLike-22.
  package static let randomNormalLike = drawnLike(
    "RandomNormalLike", "Numbers drawn from a normal distribution, in the shape of a tensor.", normal)

  /// Numbers drawn from an interval. ONNX RandomUniform-22.
  package static let randomUniform = drawn("RandomUniform", "Numbers drawn from an interval.", uniform)

  /// Numbers drawn from an interval, in the shape of a tensor. ONNX RandomUniformLike-22.
  package static let randomUniformLike = drawnLike(
    "RandomUniformLike", "Numbers drawn from an interval, in the shape of a tensor.", uniform)

  private static let normal: [AttributeDefinition] = [.float("mean", default: 0), .float("scale", default: 1)]
  private static let uniform: [AttributeDefinition] = [.float("high", default: 1), .float("low", default: 0)]

  private static func drawn(_ name: ByteString, _ summary: String, _ attributes: [AttributeDefinition]) -> OpDefinition
  {
    OpDefinition(
      name, versions: [1, 22], summary, results: [.required("output")],
      attributes: [.int("dtype", default: 1)] + attributes + [.optional("seed", .float), .required("shape", .ints)],
      traits: .random,
      infer: { inference in
        guard let type = try inference.elementType(attribute: "dtype", .float) else { return }
        let extents = inference.operation.ints("shape")
        if let extents, extents.contains(where: { $0 < 0 }) {
          throw ModelError(.invalidModel, "shape \(extents) has a negative extent")
        }
        inference.set(.tensor(type, extents?.map { .known($0) }))
      })
  }

  private static func drawnLike(
    _ name: ByteString, _ summary: String, _ attributes: [AttributeDefinition]
  ) -> OpDefinition {
    OpDefinition(
      name, versions: [1, 22], summary, operands: [.required("input", .classic)], results: [.required("output")],
      attributes: [.optional("dtype", .int)] + attributes + [.optional("seed", .float)], traits: .random,
      infer: { inference in
        let written = try inference.elementType(attribute: "dtype", .float)
        guard let type = written ?? inference.tensor(0)?.elementType else { return }
        inference.set(.tensor(type, inference.shape(0)))
      })
  }
}
