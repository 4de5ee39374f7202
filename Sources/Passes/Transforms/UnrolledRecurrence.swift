import Evaluator
import IR

/// A recurrent network whose steps are spelled out one after the other, from the product of the whole sequence with the
/// weights of the input.
struct UnrolledRecurrence {
  private let input: InputProduct
  /// In the order of time.
  private let steps: [RecurrentStep]
  private let isReversed: Bool
  private let weight: HiddenProduct
  /// The state that the first step starts from; `nil` where that is zero.
  private let initial: Value?

  /// - Parameter split: of what the input contributes, into one part a step.
  /// - Returns: `nil` where it is no such thing.
  init?(_ split: Operation) throws {
    guard let source = split.operand(0), source.hasOneUse, let input = InputProduct(source) else { return nil }
    var steps: [RecurrentStep] = []
    for part in split.results {
      guard let part, part.tensorType?.shape?.first == .known(1), let step = RecurrentStep(part),
        step.definition === steps.first?.definition ?? step.definition, step.gates == steps.first?.gates ?? step.gates
      else { return nil }
      steps.append(step)
    }
    guard steps.count > 1, let second = HiddenProduct(steps[1].recurrence) else { return nil }
    self.input = input
    self.steps = steps
    isReversed = second.hidden.beforeReshapes !== steps[0].hidden.beforeReshapes
    let order = isReversed ? steps.reversed() : steps
    guard let weight = HiddenProduct(order[1].recurrence) else { return nil }
    self.weight = weight
    for (step, before) in zip(order.dropFirst(), order) {
      guard let product = HiddenProduct(step.recurrence), product.hasWeights(of: weight),
        product.hidden.isReshaped(before.hidden), step.previousHidden?.isReshaped(before.hidden) != false,
        step.cell?.previous.isReshaped(before.cell?.next) != false
      else { return nil }
    }
    let first = order[0]
    if let product = HiddenProduct(first.recurrence) {
      guard product.hasWeights(of: weight), first.previousHidden?.isReshaped(product.hidden) != false else {
        return nil
      }
      initial = product.hidden
    } else {
      guard try weight.isOfZeros(first.recurrence), first.previousHidden.map({ $0.uniformConstant == 0 }) != false
      else {
        return nil
      }
      initial = nil
    }
  }

  private var order: [RecurrentStep] { isReversed ? steps.reversed() : steps }
  private var definition: OpDefinition { steps[0].definition }

  /// Why the steps cannot be one operation; `nil` where they can.
  var obstacle: String? {
    guard let type = input.sequence.tensorType, [.float32, .float16, .float64].contains(type.elementType),
      let batch = type.shape?[1], let size = weight.hiddenSize
    else { return "its element type has no recurrent operators" }
    let state: Shape = [batch, .known(size)]
    let values = steps.map(\.hidden) + [initial, order[0].cell?.previous].compactMap { $0 }
    for value in values {
      guard let shape = value.tensorType?.shape, (2...3).contains(shape.count),
        shape.count == 2 || shape[0] == .known(1),
        zip(shape.suffix(2), state).allSatisfy({ $0.isEqual(to: $1) == true })
      else { return "\(value) has another shape than a state" }
    }
    for (step, next) in zip(order, order.dropFirst()) {
      guard let cell = step.cell?.next, cell.useCount > 2 else { continue }
      return next.users.first?.otherUse(of: [cell]) ?? "\(cell) has another use"
    }
    return nil
  }

  // MARK: Rolling

  /// Puts one operation in the place of the steps; what they leave is dead.
  func roll(_ context: PassContext) throws {
    guard let anchor = order[0].hidden.definingOperation, let size = weight.hiddenSize else { return }
    let building = RecurrentWeights(gates: steps[0].gates, anchor: anchor, rewriter: context.rewriter)
    var operands: [Value?] = [
      input.sequence, try building.matrix(input.weight, isTransposed: false),
      try building.matrix(weight.weight, isTransposed: weight.isTransposed),
      try building.biases([input.bias, weight.bias], hiddenSize: size), nil,
    ]
    var attributes: Attributes = ["hidden_size": .int(Int64(size))]
    if isReversed { attributes["direction"] = .string("reverse") }
    operands.append(try initial.map { try building.state($0) })
    if let cell = order[0].cell {
      operands.append(try building.state(cell.previous))
    }
    if definition === OpDefinition.gru { attributes["linear_before_reset"] = .int(1) }
    while let last = operands.last, last == nil { operands.removeLast() }
    let network = try context.rewriter.insert(
      definition, operands, attributes, before: anchor, resultCount: order[0].cell == nil ? 2 : 3)
    try replaceStates(by: network, before: anchor, context.rewriter)
  }

  /// Takes all hidden states, and the last cell, from the results of `network`.
  private func replaceStates(by network: Operation, before anchor: Operation, _ rewriter: Rewriter) throws {
    guard let last = order.last, let sequence = network.result(0), let hidden = network.result(1) else { return }
    func without(_ axis: Int, _ value: Value) throws -> Value {
      let axes = try rewriter.insertConstant(TensorLiteral.integers([axis]), name: "axes", before: anchor)
      return try rewriter.insertValue(.squeeze, [value, axes], before: anchor, name: value.name)
    }
    func replace(_ value: Value, by state: Value) throws {
      try rewriter.replace(value, with: value.tensorType?.rank == 2 ? without(0, state) : state)
    }
    if let cell = last.cell?.next, let final = network.result(2) { try replace(cell, by: final) }
    if let (whole, axis) = concatenation {
      var states = try without(1, sequence)
      if axis == 1 {
        let permutation: Attributes = ["perm": .ints([1, 0, 2])]
        states = try rewriter.insertValue(.transpose, [states], permutation, before: anchor, name: states.name)
      }
      try rewriter.replace(whole, with: [states])
    }
    let inner = Set(steps.flatMap { $0.users + [HiddenProduct($0.recurrence)?.operation].compactMap { $0 } })
    let needed = steps.map { $0.hidden !== last.hidden && $0.hidden.isUsed(besides: inner) }
    try replace(last.hidden, by: hidden)
    guard needed.contains(true) else { return }
    let sizes = try rewriter.insertConstant(
      TensorLiteral.integers(Array(repeating: 1, count: steps.count)), name: "steps", before: anchor)
    let split = try rewriter.insert(
      .split, [without(1, sequence), sizes], ["axis": .int(0)], before: anchor, resultCount: steps.count)
    for (index, part) in split.presentResults.enumerated() where needed[index] {
      try replace(steps[index].hidden, by: part)
    }
  }

  /// The Concat of all hidden states in the order of time, and the axis of time of that; `nil` where there is none.
  private var concatenation: (operation: Operation, axis: Int)? {
    let users = steps[0].hidden.uses.flatMap { use in
      use.owner.isReshape ? use.owner.result().map { Array($0.uses) } ?? [] : [use]
    }
    for use in users {
      guard use.owner.is(.concat), use.owner.operandCount == steps.count,
        let axis = use.owner.axis(rankOf: use.owner.result()), (0...1).contains(axis),
        let state = steps[0].hidden.tensorType?.shape?.suffix(2)
      else { continue }
      var shape = Array(state)
      shape.insert(.known(1), at: axis)
      let isWhole = zip(use.owner.operands, steps).allSatisfy { operand, step in
        guard let operand, operand.isReshaped(step.hidden), let found = operand.tensorType?.shape else { return false }
        return found.count == 3 && zip(found, shape).allSatisfy { $0.isEqual(to: $1) == true }
      }
      if isWhole { return (use.owner, axis) }
    }
    return nil
  }
}

extension Value {
  /// Whether this and `other` are one value but for reshapes.
  fileprivate func isReshaped(_ other: Value?) -> Bool { beforeReshapes === other?.beforeReshapes }

  /// Whether more than the `inner` operations uses this, reshaped or not.
  fileprivate func isUsed(besides inner: Set<Operation>) -> Bool {
    uses.contains { use in
      if use.owner.isReshape, let result = use.owner.result() { return result.isUsed(besides: inner) }
      return !inner.contains(use.owner)
    }
  }
}
