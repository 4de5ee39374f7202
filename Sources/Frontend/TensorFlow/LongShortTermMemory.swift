import IR

/// A loop's body that is one step of an LSTM as Keras writes it:
///
///     %z = Add(Add(MatMul(Gather(%sequence, %step), %weights), MatMul(%h, %recurrence)), %bias)
///     %i, %f, %g, %o = Split(%z)
///     %c' = Add(Mul(Sigmoid(%f), %c), Mul(Sigmoid(%i), Tanh(%g)))
///     %h' = Mul(Sigmoid(%o), Tanh(%c'))
struct LongShortTermMemory {
  /// Slices along the first axis, one a step.
  let sequence: Value
  private let weights: Value
  private let recurrence: Value
  private let bias: Value
  private let units: Int

  /// - Parameters:
  ///   - hidden: the state that is returned, before and after the step.
  ///   - cell: the other state.
  ///   - steps: the values that are the number of the step.
  /// - Returns: `nil` where the body is another one.
  init?(hidden: (before: Value, after: Value), cell: (before: Value, after: Value), steps: [Value]) {
    guard let split = Self.split(hidden, cell), let sum = split.operand(0) else { return nil }
    let inside = hidden.before.parent
    var (weights, recurrence, bias, sequence): (Value?, Value?, Value?, Value?)
    for term in Self.terms(of: sum) {
      guard let product = term.definingOperation, product.is(.matMul) else {
        guard bias == nil, term.tensorType?.rank == 1, term.parent !== inside else { return nil }
        bias = term
        continue
      }
      guard let factor = product.operand(1), factor.parent !== inside else { return nil }
      if product.operand(0) === hidden.before {
        guard recurrence == nil else { return nil }
        recurrence = factor
      } else {
        guard weights == nil, let slice = product.operand(0)?.definingOperation, slice.is(.gather),
          slice.int("axis") == 0,
          let step = slice.operand(1), steps.contains(step), slice.operand(0)?.parent !== inside
        else { return nil }
        (weights, sequence) = (factor, slice.operand(0))
      }
    }
    guard let weights, let recurrence, let bias, let sequence, sequence.tensorType?.rank == 3,
      weights.tensorType?.rank == 2, let shape = recurrence.tensorType?.shape?.knownDimensions, shape.count == 2,
      shape[1] == 4 * shape[0], bias.tensorType?.shape?.knownDimensions == [shape[1]]
    else { return nil }
    (self.weights, self.recurrence, self.bias, self.sequence) = (weights, recurrence, bias, sequence)
    units = shape[0]
  }

  // MARK: Matching

  /// The operation that makes the gates, where the states are made of its results.
  private static func split(
    _ hidden: (before: Value, after: Value), _ cell: (before: Value, after: Value)
  ) -> Operation? {
    guard let (output, squashed) = gated(hidden.after), squashed.definingOperation?.is(.tanh) == true,
      squashed.definingOperation?.operand(0) === cell.after, let split = output.definingOperation, split.is(.split),
      split.presentResults.count == 4, [1, -1].contains(split.int("axis")), split.operand(1) == nil,
      output === split.result(3), let sum = cell.after.definingOperation, sum.is(.add)
    else { return nil }
    let parts = sum.operands.compactMap { $0.flatMap(gated) }
    guard parts.count == 2, let kept = parts.first(where: { $0.factor === cell.before }),
      let added = parts.first(where: { $0.factor !== cell.before }), kept.gate === split.result(1),
      added.gate === split.result(0), added.factor.definingOperation?.is(.tanh) == true,
      added.factor.definingOperation?.operand(0) === split.result(2)
    else { return nil }
    return split
  }

  /// What a product lets through, and what the sigmoid is of that does so.
  private static func gated(_ value: Value) -> (gate: Value, factor: Value)? {
    guard let product = value.definingOperation, product.is(.mul), let a = product.operand(0),
      let b = product.operand(1)
    else { return nil }
    for (sigmoid, factor) in [(a, b), (b, a)] {
      if let operation = sigmoid.definingOperation, operation.is(.sigmoid), let gate = operation.operand(0) {
        return (gate, factor)
      }
    }
    return nil
  }

  private static func terms(of sum: Value) -> [Value] {
    guard let operation = sum.definingOperation, operation.is(.add) else { return [sum] }
    return operation.operands.compactMap { $0 }.flatMap { term in
      guard let inner = term.definingOperation, inner.is(.add) else { return [term] }
      return inner.operands.compactMap { $0 }
    }
  }

  // MARK: Building

  /// The whole loop as one operation: all hidden states, stacked, then the last hidden and cell state.
  func build(_ node: NodeContext, hidden: Value, cell: Value) throws -> (all: Value, hidden: Value, cell: Value) {
    let none = try node.filled(try node.build.constant([4 * units]), 0, like: bias)
    let biases = try node.concat([try reordered(bias, node), none], axis: 0)
    let operands = [
      sequence, try node.unsqueeze(try reordered(try node.transpose(weights, [1, 0]), node), [0]),
      try node.unsqueeze(try reordered(try node.transpose(recurrence, [1, 0]), node), [0]),
      try node.unsqueeze(biases, [0]), nil, try node.initialState(hidden), try node.initialState(cell),
    ]
    let results = try node.build.insert(.lstm, operands, ["hidden_size": .int(Int64(units))], resultCount: 3)
    return (
      try node.squeeze(results[0], [1]), try node.squeeze(results[1], [0]), try node.squeeze(results[2], [0])
    )
  }

  /// The gates along the first axis in ONNX's order: Keras has input, forget, cell, output.
  private func reordered(_ value: Value, _ node: NodeContext) throws -> Value {
    let gates = try node.build.insert(.split, [value, nil], ["axis": .int(0), "num_outputs": .int(4)], resultCount: 4)
    return try node.concat([gates[0], gates[3], gates[1], gates[2]], axis: 0)
  }
}
