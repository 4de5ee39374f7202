import IR

/// One step of a recurrent network that is spelled out in operators of elements, from what the input contributes to it to its
/// hidden state.
struct RecurrentStep {
  /// The operator that does all steps at once.
  let definition: OpDefinition
  /// For each gate, in the operator's order, which part of the step's sums it is.
  let gates: [Int]
  /// What the hidden state before contributes, a product with the recurrent weights: one value, or the constants that its
  /// parts were folded to.
  let recurrence: [Value]
  /// The hidden state before, where the step uses it itself; `nil` where only `recurrence` does.
  let previousHidden: Value?
  let hidden: Value
  /// The cell before and after; `nil` where the operator has none.
  let cell: (previous: Value, next: Value)?
  /// The operations that use `recurrence`, `previousHidden` and the cell before.
  let users: [Operation]

  /// - Parameter input: what the input contributes to the step, for all gates one after the other.
  init?(_ input: Value) {
    let input = input.reshapedByOnlyUses
    guard let step = Self.longShortTermMemory(input) ?? Self.gatedUnit(input) ?? Self.simple(input) else { return nil }
    self = step
  }

  private init(
    _ definition: OpDefinition, gates: [Int], recurrence: [Value], previousHidden: Value?, hidden: Value,
    cell: (previous: Value, next: Value)?, users: [Operation]
  ) {
    self.definition = definition
    self.gates = gates
    self.recurrence = recurrence
    self.previousHidden = previousHidden
    self.hidden = hidden
    self.cell = cell
    self.users = users
  }

  /// `cell = sigmoid(f) * previous + sigmoid(i) * tanh(g)` and `hidden = sigmoid(o) * tanh(cell)`, where `i`, `f`, `g` and
  /// `o` are the parts of `input + recurrence` in any order.
  private static func longShortTermMemory(_ input: Value) -> RecurrentStep? {
    guard let sum = input.onlyUse?.owner, sum.is(.add), let recurrence = sum.other(than: input),
      let parts = sum.result()?.reshapedByOnlyUses.equalParts(4),
      let candidate = parts.firstIndex(where: { $0.onlyUse?.owner.is(.tanh) == true })
    else { return nil }
    let activated = parts.compactMap { $0.onlyUse?.owner.result() }
    let isSigmoid = activated.indices.allSatisfy {
      $0 == candidate || activated[$0].definingOperation?.is(.sigmoid) == true && activated[$0].hasOneUse
    }
    guard activated.count == 4, isSigmoid, let written = activated[candidate].onlyUse?.owner, written.is(.mul),
      let input = activated.firstIndex(where: { $0 === written.other(than: activated[candidate]) }), input != candidate,
      let addition = written.result()?.onlyUse?.owner, addition.is(.add), let cell = addition.result(),
      let kept = addition.other(than: written.result())?.definingOperation, kept.is(.mul),
      kept.result()?.hasOneUse == true,
      let forget = activated.firstIndex(where: { kept.uses($0) }), forget != input, forget != candidate,
      let previous = kept.other(than: activated[forget]),
      let output = (0..<4).first(where: { ![candidate, input, forget].contains($0) }),
      let curve = cell.uses.first(where: { $0.owner.is(.tanh) })?.owner.result(), let exposure = curve.onlyUse?.owner,
      exposure.is(.mul), exposure.other(than: curve) === activated[output], let hidden = exposure.result()
    else { return nil }
    return RecurrentStep(
      .lstm, gates: [input, output, forget, candidate], recurrence: [recurrence], previousHidden: nil, hidden: hidden,
      cell: (previous, cell), users: [sum, kept])
  }

  /// `n = tanh(xn + sigmoid(xr + hr) * hn)` and `hidden = (previous - n) * sigmoid(xz + hz) + n`, where `xr`, `xz` and `xn`
  /// are the parts of `input` in any order, and `hr`, `hz` and `hn` those of `recurrence`.
  private static func gatedUnit(_ input: Value) -> RecurrentStep? {
    guard let parts = input.equalParts(3) else { return nil }
    let sums = parts.compactMap { $0.onlyUse?.owner }
    let activated = sums.compactMap { $0.result()?.onlyUse?.owner.result() }
    guard sums.count == 3, sums.allSatisfy({ $0.is(.add) }), activated.count == 3,
      let candidate = activated.firstIndex(where: { $0.definingOperation?.is(.tanh) == true }),
      let gated = sums[candidate].other(than: parts[candidate])?.definingOperation, gated.is(.mul),
      gated.result()?.hasOneUse == true,
      let reset = activated.indices.first(where: { $0 != candidate && gated.uses(activated[$0]) }),
      let update = (0..<3).first(where: { $0 != candidate && $0 != reset }),
      [reset, update].allSatisfy({ activated[$0].definingOperation?.is(.sigmoid) == true && activated[$0].hasOneUse }),
      let recurrence = whole(
        (0..<3).map { $0 == candidate ? gated.other(than: activated[reset]) : sums[$0].other(than: parts[$0]) }),
      let product = activated[update].onlyUse?.owner, product.is(.mul), activated[candidate].useCount == 2,
      let difference = product.other(than: activated[update])?.definingOperation, difference.is(.sub),
      difference.operand(1) === activated[candidate], difference.result()?.hasOneUse == true,
      let previous = difference.operand(0), let sum = product.result()?.onlyUse?.owner, sum.is(.add),
      sum.uses(activated[candidate]), let hidden = sum.result()
    else { return nil }
    return RecurrentStep(
      .gru, gates: [update, reset, candidate], recurrence: recurrence, previousHidden: previous, hidden: hidden,
      cell: nil,
      users: recurrence.compactMap { $0.onlyUse?.owner } + [difference])
  }

  /// `hidden = tanh(input + recurrence)`.
  private static func simple(_ input: Value) -> RecurrentStep? {
    guard let sum = input.onlyUse?.owner, sum.is(.add), let recurrence = sum.other(than: input),
      let curve = sum.result()?.onlyUse?.owner, curve.is(.tanh), let hidden = curve.result()
    else { return nil }
    return RecurrentStep(
      .rnn, gates: [0], recurrence: [recurrence], previousHidden: nil, hidden: hidden, cell: nil, users: [sum])
  }

  /// What `parts` are all of, in order: the value that was split, or themselves where they are constants.
  private static func whole(_ parts: [Value?]) -> [Value]? {
    let parts = parts.compactMap { $0 }
    guard parts.count == 3 else { return nil }
    if parts.allSatisfy({ $0.constantLiteral != nil }) { return parts }
    guard let source = parts[0].definingOperation?.operand(0), let split = source.equalParts(3),
      parts.elementsEqual(split, by: ===)
    else { return nil }
    return [source]
  }
}

extension Value {
  /// This, as the reshapes that alone use it leave it.
  fileprivate var reshapedByOnlyUses: Value {
    var value = self
    while let use = value.onlyUse, use.index == 0, use.owner.isReshape, let result = use.owner.result() {
      value = result
    }
    return value
  }

  /// What reshapes made this of.
  var beforeReshapes: Value {
    var value = self
    while let reshape = value.definingOperation, reshape.isReshape, let source = reshape.operand(0) { value = source }
    return value
  }

  /// The results of the Split that alone uses this and cuts its last axis into so many equal parts, each used once.
  fileprivate func equalParts(_ count: Int) -> [Value]? {
    guard let split = onlyUse?.owner, split.is(.split), let rank = tensorType?.rank,
      split.axis(rankOf: self) == rank - 1,
      let extent = tensorType?.shape?[rank - 1].value, extent.isMultiple(of: count)
    else { return nil }
    let parts = split.presentResults
    guard parts.count == count, split.results.count == count,
      parts.allSatisfy({ $0.hasOneUse && $0.tensorType?.shape?.last == .known(extent / count) })
    else { return nil }
    return parts
  }
}

extension Operation {
  /// Of an operation with two operands, the one beside `operand`; `nil` where neither is that.
  func other(than operand: Value?) -> Value? {
    guard operandCount == 2, let operand else { return nil }
    if self.operand(0) === operand { return self.operand(1) }
    return self.operand(1) === operand ? self.operand(0) : nil
  }

  fileprivate func uses(_ value: Value) -> Bool { operands.contains { $0 === value } }
}
