import IR

extension TensorFlowLowerings {
  static let reductions: OperatorTable.Family = [
    "Mean": mean, "Sum": reduction(.reduceSum), "Max": reduction(.reduceMax),
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
    "NthElement": .value { node in
      let place = try node.integer(1, "the place")
      let count = try node.build.constant([place + 1])
      let isLargest: Attributes = ["axis": .int(-1), "largest": .int(node.node.flag("reverse") ? 1 : 0)]
      let results = try node.build.insert(.topK, [try node.operand(0), count], isLargest, resultCount: 2)
      return try node.build(.gather, results[0], try node.build.constant(place), attributes: ["axis": .int(-1)])
    },
    "Cumprod": cumulativeProduct,
    "Cumsum": .value { node in
      let axis = try node.build.constant(try node.integer(1, "the axis"))
      let attributes: Attributes = [
        "exclusive": .int(node.node.flag("exclusive") ? 1 : 0), "reverse": .int(node.node.flag("reverse") ? 1 : 0),
      ]
      return try node.build(.cumSum, try node.operand(0), axis, attributes: attributes)
    },
  ]

  /// ONNX has no running product in the operator sets that runtimes know.
  private static let cumulativeProduct = NodeLowering.value { node in
    var x = try node.operand(0)
    let rank = try node.rank(x)
    let axis = try node.axis(try node.integer(1, "the axis"), rank: rank)
    guard let extent = try node.shape(x)[axis].value, extent < 1 << 24 else {
      throw UnsupportedForm("an axis whose extent varies")
    }
    let one = try node.scalar(1, like: x)
    /// The elements moved on by so many places, behind ones.
    func delayed(_ value: Value, _ count: Int) throws -> Value {
      var pads = Array(repeating: 0, count: 2 * rank)
      pads[axis] = count
      return try node.build(
        .pad, try node.part(value, 0, -count, axis: axis), try node.build.constant(pads), one,
        attributes: ["mode": .string("constant")])
    }
    if node.node.flag("reverse") { x = try node.reversed(x, [axis]) }
    if node.node.flag("exclusive") { x = try delayed(x, 1) }
    var reach = 1
    while reach < extent {
      x = try node.build(.mul, x, try delayed(x, reach))
      reach *= 2
    }
    return node.node.flag("reverse") ? try node.reversed(x, [axis]) : x
  }

  /// Of integers what TensorFlow's division leaves, which is rounded toward 0.
  private static let mean = NodeLowering.value { node in
    let x = try node.operand(0)
    let type = try node.elementType(x)
    guard ElementTypes.integer.contains(type) else { return try node.reduce(x, .reduceMean) }
    let wide = try node.cast(x, .int64)
    let sum = try node.reduce(wide, .reduceSum)
    let count = try node.build(.div, try node.build(.size, wide), try node.build(.size, sum))
    return try node.cast(try node.build(.div, sum, count), type)
  }

  private static func reduction(_ definition: OpDefinition) -> NodeLowering {
    .value { node in
      let x = try node.operand(0)
      let type = try node.elementType(x)
      // ONNX adds up no integers of less than 32 bits; what is left of a sum or a product of 32 bits is the same.
      let isNarrow = [.int8, .uint8, .int16, .uint16].contains(type)
      return try node.cast(try node.reduce(isNarrow ? try node.cast(x, .int32) : x, definition), type)
    }
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
      var x = try node.operand(0)
      if try node.elementType(x) == .bool { x = try node.cast(x, .int32) }
      let result = try node.build(
        definition, x, attributes: ["axis": .int(Int64(axis)), "keepdims": .int(0)])
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
      if axes.isEmpty { return definition === OpDefinition.reduceL2 ? try build(.abs, value) : value }
      return try build(definition, value, try build.constant(axes.sorted()), attributes: attributes)
    }
    return try build(definition, value, try vector(try operand(1)), attributes: attributes)
  }
}
