extension OpCatalog {
  static let detectionFamily: [OpDefinition] = [.nonMaxSuppression]
}

extension OpDefinition {
  /// The boxes that remain when those that overlap a better one too much are left out. ONNX NonMaxSuppression-11.
  package static let nonMaxSuppression = OpDefinition(
    "NonMaxSuppression", versions: [10, 11],
    "The boxes that remain when those that overlap a better one too much are left out.",
    operands: [
      .required("boxes", .float32), .required("scores", .float32), .optional("max_output_boxes_per_class", .int64),
      .optional("iou_threshold", .float32), .optional("score_threshold", .float32),
    ],
    results: [.required("selected_indices", .int64)], attributes: [.int("center_point_box", default: 0)],
    infer: { inference in
      for index in 0..<2 {
        guard let shape = inference.shape(index), shape.count != 3 else { continue }
        throw ModelError(.invalidModel, "\(index == 0 ? "boxes" : "scores") of shape \(shape), which is not of rank 3")
      }
      inference.set(.tensor(.int64, [.unknown, .known(3)]))
    })
}
