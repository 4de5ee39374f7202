import IR

extension TensorFlowLowerings {
  static let reductions: OperatorTable.Family = [
    "Mean": reduction(.reduceMean), "Sum": reduction(.reduceSum), "Max": reduction(.reduceMax),
    "Min": reduction(.reduceMin), "Prod": reduction(.reduceProd), "EuclideanNorm": reduction(.reduceL2),
    "All": logical(.reduceMin), "Any": logical(.reduceMax),
    "ArgMax": extremum(.argMax), "ArgMin": extremum(.argMin),
    "TopKV2": .values(["values", "indices"]) { node in
      let count = try node.vector(try node.operand(1))
      let results = try node.build.insert(
        .topK, [try node.operand(0), count],
        ["axis": .int(-1), "sorted": .int(node.node.has("sorted") && !node.node.flag("sorted") ? 0 : 1)], resultCount: 2
      )
      let type = node.node.has("index_type") ? try node.node.type("index_type") : .int32
      return [results[0], try node.cast(results[1], type)]
    },
    "Cumsum": .value { node in
      let axis = try node.build.constant(try node.integer(1, "the axis"))
      let attributes: Attributes = [
        "exclusive": .int(node.node.flag("exclusive") ? 1 : 0), "reverse": .int(node.node.flag("reverse") ? 1 : 0),
      ]
      return try node.build(.cumSum, try node.operand(0), axis, attributes: attributes)
    },
  ]

  private static func reduction(_ definition: OpDefinition) -> NodeLowering {
    .value { try $0.reduce(try $0.operand(0), definition) }
  }

  /// Of truths, as numbers.
  private static func logical(_ definition: OpDefinition) -> NodeLowering {
    .value { node in
      try node.cast(try node.reduce(try node.cast(try node.operand(0), .int32), definition), .bool)
    }
  }

  private static func extremum(_ definition: OpDefinition) -> NodeLowering {
    .value { node in
      let axis = node.count > 1 ? try node.integer(1, "the axis") : 0
      let result = try node.build(
        definition, try node.operand(0), attributes: ["axis": .int(Int64(axis)), "keepdims": .int(0)])
      return try node.cast(result, node.node.has("output_type") ? try node.node.type("output_type") : .int64)
    }
  }
}

extension NodeContext {
  /// Reduces the axes that the second operand says.
  fileprivate func reduce(_ value: Value, _ definition: OpDefinition) throws -> Value {
    let attributes: Attributes = [
      "keepdims": .int(node.flag("keep_dims") || node.flag("keepdims") ? 1 : 0), "noop_with_empty_axes": .int(1),
    ]
    if let axes = try knownIntegers(1) {
      if axes.isEmpty { return value }
      return try build(definition, value, try build.constant(axes.sorted()), attributes: attributes)
    }
    return try build(definition, value, try vector(try operand(1)), attributes: attributes)
  }
}
