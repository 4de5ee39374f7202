import IR

extension TensorFlowLowerings {
  /// Choosing among boxes.
  static let detection: OperatorTable.Family = [
    "NonMaxSuppression": .value { node in
      let threshold = try TensorLiteral.scalar(Double(node.node.float("iou_threshold") ?? 0.5), .float32)
      return try node.selected(overlap: try node.build.constant(threshold), score: nil)
    },
    "NonMaxSuppressionV2": .value { try $0.selected(overlap: try $0.operand(3), score: nil) },
    "NonMaxSuppressionV3": .value { try $0.selected(overlap: try $0.operand(3), score: try $0.operand(4)) },
    "NonMaxSuppressionV4": .values(["selected_indices", "valid_outputs"]) { node in
      let indices = try node.selected(overlap: try node.operand(3), score: try node.operand(4))
      let count = try node.build(.cast, try node.build(.size, indices), attributes: ["to": .elementType(.int32)])
      return [try node.node.flag("pad_to_max_output_size") ? node.padded(indices) : indices, count]
    },
    "NonMaxSuppressionV5": .values(["selected_indices", "selected_scores", "valid_outputs"]) { node in
      guard let sigma = try node.operand(5).literal, Self.isZero(sigma) else {
        throw UnsupportedForm("soft suppression")
      }
      let indices = try node.selected(overlap: try node.operand(3), score: try node.operand(4))
      let scores = try node.build(.gather, try node.operand(1), indices)
      let count = try node.build(.cast, try node.build(.size, indices), attributes: ["to": .elementType(.int32)])
      guard node.node.flag("pad_to_max_output_size") else { return [indices, scores, count] }
      return [try node.padded(indices), try node.padded(scores), count]
    },
  ]

  static let combinedDetection: OperatorTable.Family = [
    "CombinedNonMaxSuppression": .values(["nmsed_boxes", "nmsed_scores", "nmsed_classes", "valid_detections"]) {
      try CombinedSuppression($0).lower()
    }
  ]

  private static func isZero(_ literal: TensorLiteral) -> Bool {
    guard case .bytes(let bytes) = literal.source else {
      if case .splat(let bytes) = literal.source { return bytes.allSatisfy { $0 == 0 } }
      return false
    }
    return bytes.withUnsafeBytes { $0.allSatisfy { $0 == 0 } }
  }
}

extension NodeContext {
  /// The indices of the boxes that are kept.
  fileprivate func selected(overlap: Value, score: Value?) throws -> Value {
    let boxes = try unsqueeze(try operand(0), [0])
    let scores = try unsqueeze(try operand(1), [0, 1])
    let limit = try vector(try operand(2))
    let kept = try build(
      .nonMaxSuppression, boxes, scores, limit, try reshape(overlap, [1]), try score.map { try reshape($0, [1]) })
    return try cast(try build(.gather, kept, try build.constant(2), attributes: ["axis": .int(1)]), .int32)
  }

  /// A vector with zeros behind it, as long as the limit on boxes.
  fileprivate func padded(_ value: Value) throws -> Value {
    let missing = try build(.sub, try vector(try operand(2)), try build(.shape, value))
    return try build(
      .pad, value, try concat([try build.constant([0]), missing], axis: 0), attributes: ["mode": .string("constant")])
  }
}
