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
      let (indices, scores) = try node.softlySelected()
      let count = try node.build(.cast, try node.build(.size, indices), attributes: ["to": .elementType(.int32)])
      guard node.node.flag("pad_to_max_output_size") else { return [indices, scores, count] }
      return [try node.padded(indices), try node.padded(scores), count]
    },
    "NonMaxSuppressionWithOverlaps": .value { node in
      let overlaps = try node.operand(0)
      let suppression = SoftSuppression(
        node: node, scores: try node.operand(1), limit: try node.operand(2), scoreThreshold: try node.operand(4),
        weight: .step(threshold: try node.operand(3)))
      return try suppression.lower { inside, index in
        try inside.squeeze(try inside.build(.gather, overlaps, index, attributes: ["axis": .int(1)]), [1])
      }.indices
    },
  ]

  static let combinedDetection: OperatorTable.Family = [
    "CombinedNonMaxSuppression": .values(["nmsed_boxes", "nmsed_scores", "nmsed_classes", "valid_detections"]) {
      try CombinedSuppression($0).lower()
    }
  ]
}

extension NodeContext {
  /// The indices of the boxes that are kept, and the scores that they have when each is chosen.
  fileprivate func softlySelected() throws -> (indices: Value, scores: Value) {
    guard let sigma = try operand(5).constantLiteral, let deviation = SmallFloats.values(of: sigma)?.first else {
      throw UnsupportedForm("soft suppression whose deviation is not constant")
    }
    guard deviation > 0 else {
      let indices = try selected(overlap: try operand(3), score: try operand(4))
      return (indices, try build(.gather, try operand(1), indices))
    }
    let boxes = try CornerBoxes(try operand(0), self)
    return try SoftSuppression(
      node: self, scores: try operand(1), limit: try operand(2), scoreThreshold: try operand(4),
      weight: .gaussian(deviation: deviation)
    ).lower(boxes.overlaps)
  }

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
