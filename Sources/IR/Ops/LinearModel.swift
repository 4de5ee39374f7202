extension OpCatalog {
  static let linearModelFamily: [OpDefinition] = [.linearClassifier, .linearRegressor, .svmClassifier, .svmRegressor]
}

extension OpDefinition {
  /// The best class of each sample by linear functions of its features, and all scores. ONNX LinearClassifier-1.
  package static let linearClassifier = OpDefinition(
    "LinearClassifier", domain: classicalDomain, versions: [1],
    "The best class of each sample by linear functions of its features, and all scores.",
    operands: [.required("X", .features)], results: [.required("Y"), .required("Z", .float32)],
    attributes: [
      .ints("classlabels_ints"), .strings("classlabels_strings"), .required("coefficients", .floats),
      .floats("intercepts"), .int("multi_class", default: 0), .string("post_transform", default: "NONE"),
    ],
    infer: { $0.classify(labels: "classlabels_ints", "classlabels_strings") }, verify: scoreTransform)

  /// Linear functions of the features of each sample. ONNX LinearRegressor-1.
  package static let linearRegressor = OpDefinition(
    "LinearRegressor", domain: classicalDomain, versions: [1], "Linear functions of the features of each sample.",
    operands: [.required("X", .features)], results: [.required("Y", .float32)],
    attributes: [
      .floats("coefficients"), .floats("intercepts"),
      .string("post_transform", default: "NONE"), .int("targets", default: 1),
    ],
    infer: { $0.regress(.float32, targets: $0.operation.int("targets")) }, verify: scoreTransform)

  /// The best class of each sample by its likeness to support vectors, and all scores. ONNX SVMClassifier-1.
  package static let svmClassifier = OpDefinition(
    "SVMClassifier", domain: classicalDomain, versions: [1],
    "The best class of each sample by its likeness to support vectors, and all scores.",
    operands: [.required("X", .features)], results: [.required("Y"), .required("Z", .float32)],
    attributes: [
      .ints("classlabels_ints"), .strings("classlabels_strings"), .floats("coefficients"), .floats("kernel_params"),
      .string("kernel_type", default: "LINEAR"), .string("post_transform", default: "NONE"), .floats("prob_a"),
      .floats("prob_b"), .floats("rho"), .floats("support_vectors"), .ints("vectors_per_class"),
    ],
    infer: { inference in
      // Without probabilities there is a score for each pair of classes.
      inference.classify(labels: "classlabels_ints", "classlabels_strings")
      inference.set(1, .tensor(.float32, inference.samples().map { [$0, .unknown] }))
    }, verify: scoreTransform)

  /// A number for each sample by its likeness to support vectors. ONNX SVMRegressor-1.
  package static let svmRegressor = OpDefinition(
    "SVMRegressor", domain: classicalDomain, versions: [1],
    "A number for each sample by its likeness to support vectors.", operands: [.required("X", .features)],
    results: [.required("Y", .float32)],
    attributes: [
      .floats("coefficients"), .floats("kernel_params"), .string("kernel_type", default: "LINEAR"),
      .int("n_supports", default: 0), .int("one_class", default: 0), .string("post_transform", default: "NONE"),
      .floats("rho"), .floats("support_vectors"),
    ],
    infer: { $0.regress(.float32, targets: 1) }, verify: scoreTransform)

  /// What may be made of scores.
  static let scoreTransform = oneOf("post_transform", ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"])
}

extension TypeInference {
  /// A label for each sample, of the type of whichever attribute lists labels, and scores, one a class.
  mutating func classify(labels numbers: ByteString, _ strings: ByteString) {
    let count = operation.categoryCount(numbers, strings)
    let samples = samples()
    if count != nil {
      let isNumber = operation.ints(numbers)?.isEmpty == false
      set(0, .tensor(isNumber ? .int64 : .string, samples.map { [$0] }))
    }
    // A single label leaves open whether its opposite has a score of its own.
    let width = count.flatMap { $0 > 1 ? Dimension.known($0) : nil } ?? .unknown
    set(1, .tensor(.float32, samples.map { [$0, width] }))
  }

  /// A number for each sample and target.
  mutating func regress(_ type: ElementType, targets: Int?) {
    let width = targets.flatMap { $0 > 0 ? Dimension.known($0) : nil } ?? .unknown
    set(.tensor(type, samples().map { [$0, width] }))
  }
}
