import IR

/// Chooses the best of boxes one after the other, each of which lowers the scores of those that overlap it: a Loop that ends
/// where no score is above a threshold, or so many are chosen.
struct SoftSuppression {
  /// What the scores are multiplied with of boxes that overlap a chosen one, by how much they do.
  enum Weight {
    /// A Gaussian of that deviation.
    case gaussian(deviation: Float)
    /// 1 up to a threshold; beyond it a box is not chosen at all.
    case step(threshold: Value)
  }

  let node: NodeContext
  let scores: Value
  /// How many are chosen at most, a scalar.
  let limit: Value
  let scoreThreshold: Value
  let weight: Weight

  /// - Parameter overlaps: how much each box overlaps that of a number, a vector of one.
  /// - Returns: the numbers of the chosen boxes, and the scores that they had then.
  func lower(_ overlaps: (NodeContext, Value) throws -> Value) throws -> (indices: Value, scores: Value) {
    let region = GraphBuilder(node.lowering.module, Graph(name: "body"))
    region.location = node.node.name
    let inside = NodeContext(
      node: node.node, operands: node.operands, build: region, lowering: node.lowering, scope: node.scope,
      depth: node.depth + 1)
    _ = region.addArgument("iteration", .tensor(.int64, []))
    _ = region.addArgument("condition", .tensor(.bool, []))
    let current = region.addArgument("scores", scores.type)
    let index = try region(.argMax, current, attributes: ["axis": .int(0), "keepdims": .int(1)])
    let best = try region(.gather, current, index)
    let next = try lowered(current, index, try overlaps(inside, index), inside)
    let goesOn = try isAnyLeft(next, inside)
    region.finish(
      [
        goesOn, next, try inside.cast(try inside.squeeze(index, [0]), .int32), try inside.squeeze(best, [0]),
      ].map { (name: node.lowering.module.freshName($0.name), value: $0) })
    let first = try isAnyLeft(scores, node)
    let results = try node.build.insert(
      .loop, [try node.reshape(try node.int64(limit), []), first, scores], resultCount: 3,
      regions: [Operation.Region(name: "body", graph: region.graph)])
    return (results[1], results[2])
  }

  /// The scores after the box `index` was chosen; of boxes that are out of the question they are infinitely low.
  private func lowered(_ current: Value, _ index: Value, _ overlap: Value, _ inside: NodeContext) throws -> Value {
    let build = inside.build
    let out = try inside.scalar(-.infinity, like: current)
    let places = try build(
      .range, try build.constant(0), try inside.squeeze(try build(.shape, current), [0]), try build.constant(1))
    let isChosen = try build(.equal, places, index)
    switch weight {
    case .gaussian(let deviation):
      let square = try build(.mul, overlap, overlap)
      let exponent = try build(.mul, square, try inside.scalar(Double(-0.5 / deviation), like: square))
      let rest = try build(.mul, current, try build(.exp, exponent))
      return try build(.where, isChosen, out, rest)
    case .step(let threshold):
      let isNear = try build(.greater, overlap, try inside.cast(threshold, try node.elementType(overlap)))
      return try build(.where, try build(.or, isChosen, isNear), out, current)
    }
  }

  private func isAnyLeft(_ scores: Value, _ node: NodeContext) throws -> Value {
    // There may be no boxes at all.
    let lowest = try node.build.constant(
      try TensorLiteral(
        try node.elementType(scores), [1], TensorLiteral.scalar(-.infinity, node.elementType(scores)).source))
    let highest = try node.build(
      .reduceMax, try node.concat([scores, lowest], axis: 0), try node.build.constant([0]),
      attributes: ["keepdims": .int(0)])
    return try node.build(
      .greater, highest, try node.cast(try node.reshape(scoreThreshold, []), try node.elementType(scores)))
  }
}

/// Boxes given by two opposite corners, for which it is computed once what their overlaps need.
struct CornerBoxes {
  private let low: Value
  private let high: Value
  private let areas: Value

  init(_ boxes: Value, _ node: NodeContext) throws {
    let (first, second) = (try node.part(boxes, 0, 2, axis: 1), try node.part(boxes, 2, 4, axis: 1))
    low = try node.build(.min, first, second)
    high = try node.build(.max, first, second)
    areas = try Self.area(low, high, node)
  }

  private static func area(_ low: Value, _ high: Value, _ node: NodeContext) throws -> Value {
    let sides = try node.build(.max, try node.build(.sub, high, low), try node.scalar(0, like: low))
    return try node.build(.reduceProd, sides, try node.build.constant([1]), attributes: ["keepdims": .int(0)])
  }

  /// The intersection of each box with that of a number, over their union.
  func overlaps(_ node: NodeContext, _ index: Value) throws -> Value {
    let build = node.build
    let common = try Self.area(
      try build(.max, low, try build(.gather, low, index)), try build(.min, high, try build(.gather, high, index)), node
    )
    let own = try build(.gather, areas, index)
    let union = try build(.sub, try build(.add, areas, own), common)
    let zero = try node.scalar(0, like: areas)
    let isFlat = try build(.or, try build(.lessOrEqual, areas, zero), try build(.lessOrEqual, own, zero))
    return try build(.where, isFlat, zero, try build(.div, common, union))
  }
}
