extension OpCatalog {
  static let lossFamily: [OpDefinition] = [.negativeLogLikelihoodLoss, .softmaxCrossEntropyLoss]
}

extension OpDefinition {
  /// The negative log-probability of the target class. ONNX NegativeLogLikelihoodLoss-22.
  package static let negativeLogLikelihoodLoss = OpDefinition(
    "NegativeLogLikelihoodLoss", versions: [12, 13, 22], "The negative log-probability of the target class.",
    operands: [
      .required("input", .float), .required("target", .indices), .optional("weight", sameElementTypeAs: "input"),
    ],
    results: [.required("loss", sameElementTypeAs: "input")], attributes: reduction,
    infer: { $0.set(elementTypeOf: 0, try $0.lossShape()) }, verify: oneOf("reduction", ["none", "sum", "mean"]))

  /// The cross entropy between the softmax of scores and the target class. ONNX SoftmaxCrossEntropyLoss-13.
  package static let softmaxCrossEntropyLoss = OpDefinition(
    "SoftmaxCrossEntropyLoss", versions: [12, 13],
    "The cross entropy between the softmax of scores and the target class.",
    operands: [
      .required("scores", .float), .required("labels", .indices), .optional("weights", sameElementTypeAs: "scores"),
    ],
    results: [.required("output", sameElementTypeAs: "scores"), .optional("log_prob", .same(asOperand: "scores"))],
    attributes: reduction,
    infer: { inference in
      let shape = try inference.lossShape()
      inference.set(elementTypeOf: 0, shape)
      inference.set(1, elementTypeOf: 0, inference.shape(0))
    }, verify: oneOf("reduction", ["none", "sum", "mean"]))

  private static let reduction: [AttributeDefinition] = [
    .optional("ignore_index", .int), .string("reduction", default: "mean"),
  ]
}

extension TypeInference {
  /// The shape of a loss of scores (batch, classes, ...) for targets (batch, ...).
  fileprivate func lossShape() throws -> Shape? {
    if let scores = shape(0), let targets = shape(1) {
      guard scores.count >= 2, Array(scores[..<1] + scores[2...]).isCompatible(with: targets) else {
        throw ModelError(.invalidModel, "scores \(scores) do not fit targets \(targets)")
      }
    }
    return operation.string("reduction") == "none" ? shape(1) : []
  }
}
