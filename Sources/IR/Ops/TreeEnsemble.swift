extension OpCatalog {
  static let treeEnsembleFamily: [OpDefinition] = [.treeEnsemble, .treeEnsembleClassifier, .treeEnsembleRegressor]
}

extension OpDefinition {
  /// What decision trees together say of each sample. ONNX TreeEnsemble-5.
  package static let treeEnsemble = OpDefinition(
    "TreeEnsemble", domain: classicalDomain, versions: [5], "What decision trees together say of each sample.",
    operands: [.required("X", ElementTypes(.float32, .float64, .float16))],
    results: [.required("Y", sameElementTypeAs: "X")],
    attributes: [
      .int("aggregate_function", default: 1), .required("leaf_targetids", .ints), .required("leaf_weights", .tensor),
      .tensor("membership_values"), .int("n_targets"), .required("nodes_falseleafs", .ints),
      .required("nodes_falsenodeids", .ints), .required("nodes_featureids", .ints), .tensor("nodes_hitrates"),
      .ints("nodes_missing_value_tracks_true"), .required("nodes_modes", .tensor), .required("nodes_splits", .tensor),
      .required("nodes_trueleafs", .ints), .required("nodes_truenodeids", .ints), .int("post_transform", default: 0),
      .required("tree_roots", .ints),
    ],
    infer: { inference in
      guard let type = inference.tensor(0)?.elementType else { return }
      inference.regress(type, targets: inference.operation.int("n_targets"))
    })

  /// The best class of each sample by decision trees, and all scores. ONNX TreeEnsembleClassifier-3, which
  /// TreeEnsemble followed.
  package static let treeEnsembleClassifier = OpDefinition(
    "TreeEnsembleClassifier", domain: classicalDomain, versions: [1, 3],
    "The best class of each sample by decision trees, and all scores.", operands: [.required("X", .features)],
    results: [.required("Y"), .required("Z", .float32)],
    attributes: sortedByName(
      nodeAttributes + [
        .ints("class_ids"), .ints("class_nodeids"), .ints("class_treeids"), .floats("class_weights"),
        .tensor("class_weights_as_tensor"), .ints("classlabels_int64s"), .strings("classlabels_strings"),
      ]),
    infer: { $0.classify(labels: "classlabels_int64s", "classlabels_strings") }, verify: scoreTransform)

  /// What decision trees together say of each sample. ONNX TreeEnsembleRegressor-3, which TreeEnsemble followed.
  package static let treeEnsembleRegressor = OpDefinition(
    "TreeEnsembleRegressor", domain: classicalDomain, versions: [1, 3],
    "What decision trees together say of each sample.", operands: [.required("X", .features)],
    results: [.required("Y", .float32)],
    attributes: sortedByName(
      nodeAttributes + [
        .string("aggregate_function", default: "SUM"), .int("n_targets"), .ints("target_ids"),
        .ints("target_nodeids"), .ints("target_treeids"), .floats("target_weights"),
        .tensor("target_weights_as_tensor"),
      ]),
    infer: { $0.regress(.float32, targets: $0.operation.int("n_targets")) },
    verify: { operation in
      try scoreTransform(operation)
      try oneOf("aggregate_function", ["AVERAGE", "SUM", "MIN", "MAX"])(operation)
    })

  /// What both older forms say of the trees' inner nodes.
  private static let nodeAttributes: [AttributeDefinition] = [
    .floats("base_values"), .tensor("base_values_as_tensor"), .ints("nodes_falsenodeids"), .ints("nodes_featureids"),
    .floats("nodes_hitrates"), .tensor("nodes_hitrates_as_tensor"), .ints("nodes_missing_value_tracks_true"),
    .strings("nodes_modes"), .ints("nodes_nodeids"), .ints("nodes_treeids"), .ints("nodes_truenodeids"),
    .floats("nodes_values"), .tensor("nodes_values_as_tensor"), .string("post_transform", default: "NONE"),
  ]

  private static func sortedByName(_ attributes: [AttributeDefinition]) -> [AttributeDefinition] {
    attributes.sorted { $0.name < $1.name }
  }
}
