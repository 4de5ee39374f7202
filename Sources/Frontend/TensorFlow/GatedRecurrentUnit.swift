import IR

/// A loop's body that is one step of a GRU as Keras writes it, with the gate behind the recurrent product:
///
///     %xz, %xr, %xc = Split(Add(MatMul(Gather(%sequence, %step), %weights), %bias0))
///     %hz, %hr, %hc = Split or slices of Add(MatMul(%h, %recurrence), %bias1)
///     %z = Sigmoid(Add(%xz, %hz))
///     %c = Tanh(Add(%xc, Mul(Sigmoid(Add(%xr, %hr)), %hc)))
///     %h' = Add(Mul(%z, %h), Mul(Sub(1, %z), %c))
struct GatedRecurrentUnit {
  /// Slices along the first axis, one a step.
  let sequence: Value
  private let weights: Value
  private let recurrence: Value
  /// Two rows: those of the inputs, and those of the state.
  private let bias: Value?
  private let units: Int

  /// - Parameters:
  ///   - hidden: the state, before and after the step.
  ///   - steps: the values that are the number of the step.
  /// - Returns: `nil` where the body is another one.
  init?(hidden: (before: Value, after: Value), steps: [Value]) {
    guard let gates = Self.gates(hidden), let inside = hidden.before.parent,
      let fromInput = Self.split(gates.update.0, gates.reset.0, gates.candidate.0),
      let fromState = Self.split(gates.update.1, gates.reset.1, gates.candidate.1) ?? Self.slices(gates),
      let input = Self.product(fromInput, row: 0), let state = Self.product(fromState, row: 1),
      state.factors.0 === hidden.before, input.bias === state.bias,
      let slice = Self.operation(input.factors.0, .gather), slice.int("axis") == 0, let step = slice.operand(1),
      steps.contains(step), let sequence = slice.operand(0), sequence.tensorType?.rank == 3,
      input.factors.1.tensorType?.rank == 2,
      [sequence, input.factors.1, state.factors.1].allSatisfy({ $0.parent !== inside }),
      let shape = state.factors.1.tensorType?.shape?.knownDimensions, shape.count == 2, shape[1] == 3 * shape[0],
      Self.isSplit(fromState, gates, shape[0])
    else { return nil }
    if let bias = input.bias {
      guard bias.parent !== inside, bias.tensorType?.shape?.knownDimensions == [2, shape[1]] else { return nil }
    }
    (self.sequence, weights, recurrence, bias) = (sequence, input.factors.1, state.factors.1, input.bias)
    units = shape[0]
  }

  // MARK: Matching

  private typealias Sum = (Value, Value)
  /// What each gate adds up: what comes of the input, then what comes of the state.
  private typealias Gates = (update: Sum, reset: Sum, candidate: Sum)

  private static func operation(_ value: Value?, _ definition: OpDefinition) -> Operation? {
    guard let operation = value?.definingOperation, operation.is(definition) else { return nil }
    return operation
  }

  /// The two operands of an operation.
  private static func pair(_ value: Value?, _ definition: OpDefinition) -> (Value, Value)? {
    guard let operation = operation(value, definition), let a = operation.operand(0), let b = operation.operand(1)
    else {
      return nil
    }
    return (a, b)
  }

  /// The operands of an operation in either order, the one that `definition` makes first.
  private static func pair(_ value: Value?, _ outer: OpDefinition, first definition: OpDefinition) -> (Value, Value)? {
    guard let (a, b) = pair(value, outer) else { return nil }
    if operation(a, definition) != nil { return (a, b) }
    return operation(b, definition) != nil ? (b, a) : nil
  }

  private static func gates(_ hidden: (before: Value, after: Value)) -> Gates? {
    guard let (a, b) = pair(hidden.after, .add) else { return nil }
    for (kept, added) in [(a, b), (b, a)] {
      guard let (update, state) = pair(kept, .mul, first: .sigmoid), state === hidden.before,
        let (squashed, rest) = pair(added, .mul, first: .tanh), let (one, gate) = pair(rest, .sub), gate === update,
        let literal = one.constantLiteral, SmallFloats.values(of: literal) == [1],
        let updateSum = pair(operation(update, .sigmoid)?.operand(0), .add, first: .split),
        let (input, product) = pair(operation(squashed, .tanh)?.operand(0), .add, first: .split),
        let (reset, candidate) = pair(product, .mul, first: .sigmoid),
        let resetSum = pair(operation(reset, .sigmoid)?.operand(0), .add, first: .split)
      else { continue }
      return (updateSum, resetSum, (input, candidate))
    }
    return nil
  }

  /// What is split into three equal parts along the last axis of two.
  private static func split(_ a: Value, _ b: Value, _ c: Value) -> Value? {
    guard let split = operation(a, .split), split.presentResults.count == 3, split.operand(1) == nil,
      [1, -1].contains(split.int("axis")), a === split.result(0), b === split.result(1), c === split.result(2)
    else { return nil }
    return split.operand(0)
  }

  /// What the parts that come of the state are slices of.
  private static func slices(_ gates: Gates) -> Value? {
    let sources = [gates.update.1, gates.reset.1, gates.candidate.1].map { operation($0, .slice)?.operand(0) }
    guard let first = sources[0], sources.allSatisfy({ $0 === first }) else { return nil }
    return first
  }

  /// Whether what comes of the state are the three parts of so many units.
  private static func isSplit(_ source: Value, _ gates: Gates, _ units: Int) -> Bool {
    if operation(gates.update.1, .split) != nil { return true }
    return [gates.update.1, gates.reset.1, gates.candidate.1].enumerated().allSatisfy { index, part in
      guard let slice = operation(part, .slice), slice.operand(0) === source,
        slice.operand(1)?.constantIntegers == [index * units], let end = slice.operand(2)?.constantIntegers,
        end == [(index + 1) * units] || (index == 2 && end == [Int.max]),
        slice.operand(3)?.constantIntegers == [1]
      else { return false }
      return slice.operand(4) == nil || slice.operand(4)?.constantIntegers == [1]
    }
  }

  /// A product, and the bias of which a row is added to it.
  private static func product(_ value: Value, row: Int) -> (factors: (Value, Value), bias: Value?)? {
    if let factors = pair(value, .matMul) { return (factors, nil) }
    guard let (product, added) = pair(value, .add, first: .matMul), let factors = pair(product, .matMul),
      let rows = rows(added, row)
    else { return nil }
    return (factors, rows)
  }

  /// The matrix of two rows of which a value is one.
  private static func rows(_ value: Value, _ row: Int) -> Value? {
    if let (rows, index) = pair(value, .gather) {
      let isRow = index.tensorType?.rank == 0 && index.constantIntegers == [row]
      return isRow && operation(value, .gather)?.int("axis") ?? 0 == 0 ? rows : nil
    }
    guard let (part, axes) = pair(value, .squeeze), axes.constantIntegers == [0], let split = operation(part, .split),
      split.presentResults.count == 2, split.operand(1) == nil, split.int("axis") == 0, part === split.result(row)
    else { return nil }
    return split.operand(0)
  }

  // MARK: Building

  /// The whole loop as one operation: all hidden states, stacked, then the last one.
  func build(_ node: NodeContext, hidden: Value) throws -> (all: Value, hidden: Value) {
    let operands = [
      sequence, try node.unsqueeze(try node.transpose(weights, [1, 0]), [0]),
      try node.unsqueeze(try node.transpose(recurrence, [1, 0]), [0]),
      try bias.map { try node.reshape($0, [1, 6 * units]) },
      nil, try node.initialState(hidden),
    ]
    let results = try node.build.insert(
      .gru, operands, ["hidden_size": .int(Int64(units)), "linear_before_reset": .int(1)], resultCount: 2)
    return (try node.squeeze(results[0], [1]), try node.squeeze(results[1], [0]))
  }
}
