import IR

extension Lowering {
  /// Losses that want the right classes ahead of the others by a margin.
  static let marginLosses: [String: Lowering] = [
    "aten.multi_margin_loss": .one { try $0.multipleMarginLoss() },
    "aten.multilabel_margin_loss": .one { try $0.labelMarginLoss() },
    "aten.multilabel_margin_loss_forward": .values { [try $0.labelMarginLoss(), nil] },
  ]
}

extension Call {
  /// A vector of classes as a batch of one.
  private func batchOfClasses(_ value: Value, axes: Int) throws -> Value {
    try rank(value) == axes - 1 ? unsqueeze(value, [0]) : value
  }

  /// The sums of `distances` over all axes but the first divided by the number of classes, as `reduction` says.
  private func averagedOverClasses(_ distances: Value, _ input: Value) throws -> Value {
    let sum = try reduce(.reduceSum, distances, Array(1..<rank(distances)), keepsAxes: false)
    let classes = try element(vector(extent(of: input, 1)))
    let losses = try op(.div, sum, op(.cast, classes, attributes: ["to": .elementType(elementType(input))]))
    return try averaged(rank(self.input()) == 1 ? squeeze(losses, [0]) : losses)
  }

  private func element(_ values: Value, ofClasses classes: Value) throws -> Value {
    try op(.gatherElements, values, classes, attributes: ["axis": .int(1)])
  }

  fileprivate func multipleMarginLoss() throws -> Value {
    let input = try batchOfClasses(input(), axes: 2)
    let type = try elementType(input)
    let target = try unsqueeze(batchOfClasses(value("target"), axes: 1), [1])
    let lead = try op(.sub, scalar(float("margin", default: 1), type), element(input, ofClasses: target))
    var distances = try op(.relu, op(.add, lead, input))
    switch try float("p", default: 1) {
    case 1: break
    case 2: distances = try op(.mul, distances, distances)
    case let power: throw UnsupportedForm("raises to the power \(power)")
    }
    if let weight = try optionalValue("weight") { distances = try op(.mul, distances, op(.gather, weight, target)) }
    let isTarget = try op(.equal, positions(input, 1), target)
    return try averagedOverClasses(op(.where, isTarget, scalar(0, type), distances), input)
  }

  /// The loss where each row of targets ends with the first that is negative.
  fileprivate func labelMarginLoss() throws -> Value {
    let input = try batchOfClasses(input(), axes: 2)
    let type = try elementType(input)
    let target = try cast(batchOfClasses(value("target"), axes: 2), to: .int64)
    let zero = try builder.constant(0)
    let ends = try cast(op(.less, target, zero), to: .int64)
    let isLabel = try op(.equal, op(.cumSum, ends, builder.constant(1)), zero)
    let labels = try op(.where, isLabel, target, zero)
    // Labels against all classes.
    let pairs = try op(.and, op(.equal, unsqueeze(labels, [2]), positions(input, 1)), unsqueeze(isLabel, [2]))
    let isTarget = try reduce(.reduceMax, pairs, [1], keepsAxes: true)
    let lead = try op(.sub, scalar(1, type), unsqueeze(element(input, ofClasses: labels), [2]))
    let distances = try op(.relu, op(.add, lead, unsqueeze(input, [1])))
    let counts = try op(.and, unsqueeze(isLabel, [2]), op(.not, isTarget))
    return try averagedOverClasses(op(.where, counts, distances, scalar(0, type)), input)
  }
}
