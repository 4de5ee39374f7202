import IR

extension TensorFlowLowerings {
  /// What some serving graphs still compute of losses, and what judges predictions.
  static let losses: OperatorTable.Family = [
    "SoftmaxCrossEntropyWithLogits": .values(["loss", "backprop"]) { node in
      let (logits, labels) = (try node.operand(0), try node.operand(1))
      let logarithms = try node.build(.logSoftmax, logits, attributes: ["axis": .int(-1)])
      let sum = try node.build(
        .reduceSum, try node.build(.mul, labels, logarithms), try node.build.constant([-1]),
        attributes: ["keepdims": .int(0)])
      let softmax = try node.build(.softmax, logits, attributes: ["axis": .int(-1)])
      return [try node.build(.neg, sum), try node.build(.sub, softmax, labels)]
    },
    "SparseSoftmaxCrossEntropyWithLogits": .values(["loss", "backprop"]) { node in
      let logits = try node.operand(0)
      let places = try node.unsqueeze(try node.int64(try node.operand(1)), [1])
      let logarithms = try node.build(.logSoftmax, logits, attributes: ["axis": .int(-1)])
      let chosen = try node.build(.gatherND, logarithms, places, attributes: ["batch_dims": .int(1)])
      let softmax = try node.build(.softmax, logits, attributes: ["axis": .int(-1)])
      let columns = try node.build(
        .range, try node.build.constant(0),
        try node.build(.gather, try node.shapeValue(logits), try node.build.constant(1)), try node.build.constant(1))
      let isLabel = try node.cast(try node.build(.equal, places, columns), try node.elementType(logits))
      return [try node.build(.neg, chosen), try node.build(.sub, softmax, isLabel)]
    },
    "InTopK": .value { node in try node.isInTop(try node.integer("k")) },
    "InTopKV2": .value { node in try node.isInTop(try node.int64(try node.operand(2))) },
  ]
}

extension NodeContext {
  /// An attribute that must be there, as a number without axes.
  fileprivate func integer(_ name: ByteString) throws -> Value {
    guard let value = node.integer(name) else { throw ModelError(.invalidModel, "has no \(name.text)") }
    return try build.constant(value)
  }

  /// Whether fewer than `count` predictions of a row are above that of its target.
  fileprivate func isInTop(_ count: Value) throws -> Value {
    let predictions = try operand(0)
    let places = try unsqueeze(try int64(try operand(1)), [1])
    let own = try build(.gatherND, predictions, places, attributes: ["batch_dims": .int(1)])
    let isAbove = try build(.greater, predictions, try unsqueeze(own, [1]))
    let above = try build(
      .reduceSum, try cast(isAbove, .int64), try build.constant([1]), attributes: ["keepdims": .int(0)])
    return try build(.less, above, count)
  }
}
