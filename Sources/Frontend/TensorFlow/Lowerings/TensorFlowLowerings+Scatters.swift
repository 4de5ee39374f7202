import IR

extension TensorFlowLowerings {
  static let scatters: OperatorTable.Family = [
    "ScatterNd": .value { node in
      let (indices, updates) = (try node.int64(try node.operand(0)), try node.operand(1))
      let zeros = try node.filled(try node.int64(try node.operand(2)), 0, like: updates)
      return try node.scatter(into: zeros, indices, updates, "add")
    },
    "TensorScatterUpdate": update(nil), "TensorScatterAdd": update("add"), "TensorScatterMax": update("max"),
    "TensorScatterMin": update("min"),
    "TensorScatterSub": .value { node in
      let negated = try node.build(.neg, try node.operand(2))
      return try node.scatter(into: try node.operand(0), try node.int64(try node.operand(1)), negated, "add")
    },
  ]

  private static func update(_ reduction: ByteString?) -> NodeLowering {
    .value { node in
      try node.scatter(into: try node.operand(0), try node.int64(try node.operand(1)), try node.operand(2), reduction)
    }
  }
}

extension NodeContext {
  func scatter(into target: Value, _ indices: Value, _ updates: Value, _ reduction: ByteString?) throws -> Value {
    try build(
      .scatterND, target, indices, updates, attributes: reduction.map { ["reduction": .string($0)] } ?? [:])
  }

  /// A tensor of one number, of the element type of `value`.
  func filled(_ shape: Value, _ number: Double, like value: Value) throws -> Value {
    let literal = try TensorLiteral.scalar(number, try elementType(value))
    return try build(
      .constantOfShape, shape,
      attributes: ["value": .tensor(try TensorLiteral(literal.elementType, [1], literal.source))])
  }
}
