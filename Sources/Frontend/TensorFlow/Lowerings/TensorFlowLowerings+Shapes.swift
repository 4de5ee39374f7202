import IR

extension TensorFlowLowerings {
  /// Shapes, and tensors of a shape.
  static let shapes: OperatorTable.Family = [
    "Shape": .value { node in
      try node.cast(try node.build(.shape, try node.operand(0)), try node.numberType())
    },
    "ShapeN": .values { node in
      try node.operands().map { try node.cast(try node.build(.shape, $0), try node.numberType()) }
    },
    "VariableShape": .value { try $0.cast(try $0.build(.shape, try $0.variable(0)), try $0.numberType()) },
    "Size": .value { try $0.cast(try $0.build(.size, try $0.operand(0)), try $0.numberType()) },
    "Rank": .value { node in
      try node.build.constant(try TensorLiteral.scalar(Double(try node.rank(try node.operand(0))), .int32))
    },
    "Reshape": .value { node in
      let (x, shape) = (try node.operand(0), try node.int64(try node.operand(1)))
      // ONNX takes 0 for the extent that was there.
      let hasZero = shape.constantIntegers?.contains(0) ?? false
      return try node.build(.reshape, x, shape, attributes: hasZero ? ["allowzero": .int(1)] : [:])
    },
    "Squeeze": .value { node in
      let x = try node.operand(0)
      let axes = node.node.integers("squeeze_dims") ?? node.node.integers("axis") ?? []
      if !axes.isEmpty { return try node.squeeze(x, axes) }
      guard let shape = x.tensorType?.shape?.knownDimensions else { return try node.build(.squeeze, x) }
      return try node.squeeze(x, shape.indices.filter { shape[$0] == 1 })
    },
    "ExpandDims": .value { node in
      try node.unsqueeze(try node.operand(0), [try node.integer(1, "the axis")])
    },
    "Fill": .value { node in
      let value = try node.operand(1)
      let shape = try node.int64(try node.operand(0))
      guard let literal = value.literal, literal.elementType != .string else {
        return try node.build(.expand, value, shape)
      }
      return try node.build(
        .constantOfShape, shape,
        attributes: ["value": .tensor(try TensorLiteral(literal.elementType, [1], literal.source))])
    },
    "ZerosLike": .value { try $0.filled(like: try $0.operand(0), 0) },
    "OnesLike": .value { try $0.filled(like: try $0.operand(0), 1) },
    "Range": .value { try $0.build(.range, try $0.operand(0), try $0.operand(1), try $0.operand(2)) },
    "LinSpace": .value { try $0.linearSpace() },
    "BroadcastTo": .value { try $0.build(.expand, try $0.operand(0), try $0.int64(try $0.operand(1))) },
    "BroadcastArgs": .value { node in
      // The shape of what has both shapes.
      let one = try node.build.constant(1)
      let first = try node.build(.expand, one, try node.int64(try node.operand(0)))
      let both = try node.build(.add, first, try node.build(.expand, one, try node.int64(try node.operand(1))))
      return try node.cast(try node.build(.shape, both), try node.elementType(try node.operand(0)))
    },
    "Tile": .value { try $0.build(.tile, try $0.operand(0), try $0.int64(try $0.operand(1))) },
  ]
}

extension NodeContext {
  /// The type of the numbers that say a shape.
  fileprivate func numberType() throws -> ElementType { node.has("out_type") ? try node.type("out_type") : .int32 }

  /// A tensor of one number in the shape of `value`.
  fileprivate func filled(like value: Value, _ number: Double) throws -> Value {
    let literal = try TensorLiteral.scalar(number, try elementType(value))
    return try build(
      .constantOfShape, try shapeValue(value),
      attributes: ["value": .tensor(try TensorLiteral(literal.elementType, [1], literal.source))])
  }

  fileprivate func linearSpace() throws -> Value {
    let (start, stop) = (try operand(0), try operand(1))
    let count = try integer(2, "the count")
    guard count >= 1, count <= 1 << 16 else { throw UnsupportedForm("\(count) numbers") }
    let type = try elementType(start)
    let steps = try build(
      .range, try build.constant(0), try build.constant(count), try build.constant(1))
    let width = try build(.sub, stop, start)
    let step = try build(.div, width, try scalar(Double(max(count - 1, 1)), like: start))
    return try build(.add, start, try build(.mul, try cast(steps, type), step))
  }
}
