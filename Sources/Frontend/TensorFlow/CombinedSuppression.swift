import IR

/// Chooses among boxes for each class of each image, then the best of all classes of an image:
/// one NonMaxSuppression, whose choice is laid out as a table of scores with a row an image, of which the highest are taken.
struct CombinedSuppression {
  private let node: NodeContext
  private let boxes: Value
  private let scores: Value
  /// Whether each class has boxes of its own.
  private let hasOwnBoxes: Bool
  private let classCount: Int
  /// How many are returned for each image.
  private let total: Int

  init(_ node: NodeContext) throws {
    self.node = node
    boxes = try node.operand(0)
    scores = try node.operand(1)
    guard try node.rank(boxes) == 4, try node.rank(scores) == 3 else {
      throw ModelError(.invalidModel, "takes boxes and scores of other ranks")
    }
    guard let classes = try node.shape(scores)[2].value, let own = try node.shape(boxes)[2].value,
      own == 1 || own == classes
    else { throw UnsupportedForm("classes whose number varies") }
    (classCount, hasOwnBoxes) = (classes, own != 1)
    let (each, most) = (try node.integer(2, "the limit of a class"), try node.integer(3, "the limit"))
    guard each >= 1, most >= 1, each <= 1 << 20, most <= 1 << 20, classes >= 1, classes <= 1 << 20 else {
      throw ModelError(.invalidModel, "chooses \(each) of \(most) boxes")
    }
    total = node.node.flag("pad_per_class") ? min(most, each * classes) : most
  }

  func lower() throws -> [Value] {
    let build = node.build
    let byClass = try node.transpose(scores, [0, 2, 1])
    let (values, places) = try best(of: byClass)
    let boxCount = try build(.gather, try node.shapeValue(byClass), try build.constant(2))
    let classes = try build(.min, try build(.div, places, boxCount), try build.constant(classCount - 1))
    let rows = try build(.mod, places, boxCount)
    let indices = try node.concat(
      [rows, hasOwnBoxes ? classes : try build(.mul, rows, try build.constant(0))].map {
        try node.unsqueeze($0, [2])
      }, axis: 2)
    var chosen = try build(.gatherND, boxes, indices, attributes: ["batch_dims": .int(1)])
    if node.node.flag("clip_boxes") || !node.node.has("clip_boxes") {
      chosen = try build(.clip, chosen, try node.scalar(0, like: chosen), try node.scalar(1, like: chosen))
    }
    let zero = try node.scalar(0, like: values)
    let isValid = try build(.greater, values, try node.scalar(Self.unchosen / 2, like: values))
    let count = try build(
      .reduceSum, try node.cast(isValid, .int32), try build.constant([1]), attributes: ["keepdims": .int(0)])
    return [
      try build(.where, try node.unsqueeze(isValid, [2]), chosen, zero), try build(.where, isValid, values, zero),
      try build(.where, isValid, try node.cast(classes, .float32), zero), count,
    ]
  }

  /// The score of what was not chosen.
  private static let unchosen = -Double(Float.greatestFiniteMagnitude)

  /// The highest scores of those that are chosen, and where each is among the scores of its image, class by class.
  private func best(of byClass: Value) throws -> (values: Value, places: Value) {
    let build = node.build
    let kept = try build(
      .nonMaxSuppression, try candidates(), try separated(byClass), try node.vector(try node.operand(2)),
      try node.reshape(try node.operand(4), [1]), try node.reshape(try node.operand(5), [1]))
    let flat = try separated(byClass)
    let nothing = try node.filled(try node.shapeValue(flat), Self.unchosen, like: byClass)
    let chosen = try build(.gatherND, flat, kept)
    let table = try node.scatter(into: nothing, kept, chosen, nil)
    let shape = try node.concat(
      [try node.part(try node.shapeValue(byClass), 0, 1, axis: 0), try build.constant([-1])], axis: 0)
    // As many more as are asked for, so that there are enough.
    let padded = try build(
      .pad, try build(.reshape, table, shape), try build.constant([0, 0, 0, total]),
      try node.scalar(Self.unchosen, like: byClass), attributes: ["mode": .string("constant")])
    let results = try build.insert(.topK, [padded, try build.constant([total])], ["axis": .int(1)], resultCount: 2)
    return (results[0], results[1])
  }

  /// The boxes as NonMaxSuppression wants them: where classes have their own, each class of an image is an image.
  private func candidates() throws -> Value {
    guard hasOwnBoxes else { return try node.squeeze(boxes, [2]) }
    let byClass = try node.transpose(boxes, [0, 2, 1, 3])
    let shape = try node.concat(
      [try node.build.constant([-1]), try node.part(try node.shapeValue(byClass), 2, 4, axis: 0)], axis: 0)
    return try node.build(.reshape, byClass, shape)
  }

  private func separated(_ byClass: Value) throws -> Value {
    guard hasOwnBoxes else { return byClass }
    let shape = try node.concat(
      [try node.build.constant([-1, 1]), try node.part(try node.shapeValue(byClass), 2, 3, axis: 0)], axis: 0)
    return try node.build(.reshape, byClass, shape)
  }
}
