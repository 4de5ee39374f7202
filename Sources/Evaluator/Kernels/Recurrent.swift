import IR

/// Networks that carry a state along a sequence: one walk over time, three steps.
enum Recurrent {
  static let kernels: [Kernel] = [
    Kernel(.rnn, .exactForIntegers) { try run($0, gates: 1, defaults: ["Tanh"], simpleStep) },
    Kernel(.gru, .exactForIntegers) { try run($0, gates: 3, defaults: ["Sigmoid", "Tanh"], gatedStep) },
    Kernel(.lstm, .exactForIntegers) { try run($0, gates: 4, defaults: ["Sigmoid", "Tanh", "Tanh"], memoryStep) },
  ]

  /// What one direction computes with.
  private struct Cell {
    let hidden: Int
    let input: Int
    let weight: ArraySlice<Double>
    let recurrence: ArraySlice<Double>
    /// Of the input, then of the recurrence; one a gate and hidden element each.
    let bias: [Double]
    let peepholes: [Double]
    let activations: [@Sendable (Double) -> Double]
    let linearBeforeReset: Bool
    let couplesInputAndForget: Bool
    let gates: Int

    /// The sum over the input of one unit of a gate.
    func fromInput(_ gate: Int, _ unit: Int, _ x: ArraySlice<Double>) -> Double {
      let row = weight.startIndex + (gate * hidden + unit) * input
      return zip(weight[row..<row + input], x).reduce(0) { $0 + $1.0 * $1.1 } + bias[gate * hidden + unit]
    }

    /// The sum over the state of one unit of a gate, without the bias.
    func fromState(_ gate: Int, _ unit: Int, _ state: [Double]) -> Double {
      let row = recurrence.startIndex + (gate * hidden + unit) * hidden
      return zip(recurrence[row..<row + hidden], state).reduce(0) { $0 + $1.0 * $1.1 }
    }

    func stateBias(_ gate: Int, _ unit: Int) -> Double { bias[(gates + gate) * hidden + unit] }
  }

  /// The next state of one sample, and of its memory.
  private typealias Step =
    @Sendable (_ cell: Cell, _ x: ArraySlice<Double>, _ state: [Double], _ memory: [Double]) ->
    (state: [Double], memory: [Double])

  private static func simpleStep(_ cell: Cell, _ x: ArraySlice<Double>, _ state: [Double], _ memory: [Double]) -> (
    state: [Double], memory: [Double]
  ) {
    let next = (0..<cell.hidden).map { unit in
      cell.activations[0](cell.fromInput(0, unit, x) + cell.fromState(0, unit, state) + cell.stateBias(0, unit))
    }
    return (next, memory)
  }

  /// Gates: update, reset, hidden.
  private static func gatedStep(_ cell: Cell, _ x: ArraySlice<Double>, _ state: [Double], _ memory: [Double]) -> (
    state: [Double], memory: [Double]
  ) {
    let units = 0..<cell.hidden
    func gate(_ index: Int) -> [Double] {
      units.map {
        cell.activations[0](cell.fromInput(index, $0, x) + cell.fromState(index, $0, state) + cell.stateBias(index, $0))
      }
    }
    let (update, reset) = (gate(0), gate(1))
    let resetState = zip(reset, state).map { $0 * $1 }
    let next = units.map { unit in
      let recurrent =
        cell.linearBeforeReset
        ? reset[unit] * (cell.fromState(2, unit, state) + cell.stateBias(2, unit))
        : cell.fromState(2, unit, resetState) + cell.stateBias(2, unit)
      let candidate = cell.activations[1](cell.fromInput(2, unit, x) + recurrent)
      return (1 - update[unit]) * candidate + update[unit] * state[unit]
    }
    return (next, memory)
  }

  /// Gates: input, output, forget, cell. Peepholes: input, output, forget.
  private static func memoryStep(_ cell: Cell, _ x: ArraySlice<Double>, _ state: [Double], _ memory: [Double]) -> (
    state: [Double], memory: [Double]
  ) {
    var (next, kept) = (state, memory)
    for unit in 0..<cell.hidden {
      func sum(_ gate: Int) -> Double {
        cell.fromInput(gate, unit, x) + cell.fromState(gate, unit, state) + cell.stateBias(gate, unit)
      }
      let input = cell.activations[0](sum(0) + cell.peepholes[unit] * memory[unit])
      let forget =
        cell.couplesInputAndForget
        ? 1 - input : cell.activations[0](sum(2) + cell.peepholes[2 * cell.hidden + unit] * memory[unit])
      kept[unit] = forget * memory[unit] + input * cell.activations[1](sum(3))
      let output = cell.activations[0](sum(1) + cell.peepholes[cell.hidden + unit] * kept[unit])
      next[unit] = output * cell.activations[2](kept[unit])
    }
    return (next, kept)
  }

  // MARK: The walk

  private static func run(
    _ invocation: Invocation, gates: Int, defaults: [ByteString], _ step: Step
  ) throws -> [TensorLiteral?] {
    let operation = invocation.operation
    let batchFirst = operation.flag("layout")
    let hasMemory = gates == 4
    func batchSecond(_ tensor: RealTensor) throws -> RealTensor {
      guard tensor.dimensions.count == 3 else { throw Refusal(.undefined, "an operand is not of rank 3") }
      return batchFirst ? tensor.transposed([1, 0, 2]) : tensor
    }
    let x = try batchSecond(invocation.reals(0))
    let (weight, recurrence) = (try invocation.reals(1), try invocation.reals(2))
    let directions = operation.string("direction") == "bidirectional" ? 2 : 1
    let (length, batch, input) = (x.dimensions[0], x.dimensions[1], x.dimensions[2])
    guard recurrence.dimensions.count == 3, let hidden = recurrence.dimensions.last, hidden > 0,
      recurrence.dimensions == [directions, gates * hidden, hidden],
      weight.dimensions == [directions, gates * hidden, input]
    else { throw Refusal(.undefined, "the weights do not fit") }
    let bias = try invocation.optionalReals(3) ?? RealTensor(zeros: [directions, 2 * gates * hidden])
    let peepholes = try (hasMemory ? invocation.optionalReals(7) : nil) ?? RealTensor(zeros: [directions, 3 * hidden])
    let stateShape = [directions, batch, hidden]
    let states = try invocation.optionalReals(5).map(batchSecond) ?? RealTensor(zeros: stateShape)
    let memories = try (hasMemory ? invocation.optionalReals(6) : nil).map(batchSecond) ?? RealTensor(zeros: stateShape)
    let lengths = try invocation.integers(4) ?? Array(repeating: length, count: batch)
    guard bias.elements.count == directions * 2 * gates * hidden, peepholes.elements.count == directions * 3 * hidden,
      states.dimensions == stateShape, memories.dimensions == stateShape, lengths.count == batch,
      lengths.allSatisfy({ $0 >= 0 && $0 <= length })
    else { throw Refusal(.undefined, "the states do not fit") }
    try invocation.admit([length, batch, directions, gates * hidden], steps: input + hidden)
    let activations = try functions(operation, defaults, directions)
    var sequence = RealTensor(zeros: [length, directions, batch, hidden])
    var (lastStates, lastMemories) = (states, memories)
    for direction in 0..<directions {
      func part(_ tensor: RealTensor) -> ArraySlice<Double> {
        let count = tensor.elements.count / directions
        return tensor.elements[direction * count..<(direction + 1) * count]
      }
      let cell = Cell(
        hidden: hidden, input: input, weight: part(weight), recurrence: part(recurrence), bias: Array(part(bias)),
        peepholes: Array(part(peepholes)),
        activations: Array(activations[direction * defaults.count..<(direction + 1) * defaults.count]),
        linearBeforeReset: operation.flag("linear_before_reset"), couplesInputAndForget: operation.flag("input_forget"),
        gates: gates)
      let isReverse = direction == 1 || operation.string("direction") == "reverse"
      for sample in 0..<batch {
        let start = (direction * batch + sample) * hidden
        var state = Array(states.elements[start..<start + hidden])
        var memory = Array(memories.elements[start..<start + hidden])
        for index in 0..<lengths[sample] {
          let time = isReverse ? lengths[sample] - 1 - index : index
          let row = (time * batch + sample) * input
          (state, memory) = step(cell, x.elements[row..<row + input], state, memory)
          let target = ((time * directions + direction) * batch + sample) * hidden
          sequence.elements.replaceSubrange(target..<target + hidden, with: state)
        }
        lastStates.elements.replaceSubrange(start..<start + hidden, with: state)
        lastMemories.elements.replaceSubrange(start..<start + hidden, with: memory)
      }
    }
    let type = try invocation.operand(0).elementType
    func result(_ index: Int, _ tensor: RealTensor, _ batchFirstOrder: [Int]) throws -> TensorLiteral? {
      guard operation.result(index) != nil else { return nil }
      return try invocation.make(type, batchFirst ? tensor.transposed(batchFirstOrder) : tensor)
    }
    let results = [try result(0, sequence, [2, 0, 1, 3]), try result(1, lastStates, [1, 0, 2])]
    return hasMemory ? results + [try result(2, lastMemories, [1, 0, 2])] : results
  }

  // MARK: Activations

  /// The functions of each direction, limited where `clip` says so.
  private static func functions(_ operation: Operation, _ defaults: [ByteString], _ directions: Int) throws
    -> [@Sendable (Double) -> Double]
  {
    var names = (0..<directions).flatMap { _ in defaults }
    if case .strings(let written)? = operation.attributes["activations"], !written.isEmpty { names = written }
    guard names.count >= directions * defaults.count else { throw Refusal(.undefined, "there are too few activations") }
    var alphas = (operation.floats("activation_alpha") ?? [])[...]
    var betas = (operation.floats("activation_beta") ?? [])[...]
    let limit = operation.float("clip").map { Double($0) }
    return try names.map { name in
      let function = try function(name, &alphas, &betas)
      guard let limit else { return function }
      return { function(min(max($0, -limit), limit)) }
    }
  }

  private static func function(
    _ name: ByteString, _ alphas: inout ArraySlice<Float>, _ betas: inout ArraySlice<Float>
  ) throws -> @Sendable (Double) -> Double {
    func alpha(_ value: Double) -> Double { alphas.popFirst().map { Double($0) } ?? value }
    func beta(_ value: Double) -> Double { betas.popFirst().map { Double($0) } ?? value }
    switch name.text.lowercased() {
    case "tanh": return { RealMath.tanh($0) }
    case "sigmoid": return { RealMath.sigmoid($0) }
    case "relu": return { $0 < 0 ? 0 : $0 }
    case "softsign": return { $0 / (1 + abs($0)) }
    case "softplus": return { RealMath.softplus($0) }
    case "affine":
      let (a, b) = (alpha(1), beta(0))
      return { a * $0 + b }
    case "leakyrelu":
      let a = alpha(0.01)
      return { $0 < 0 ? a * $0 : $0 }
    case "thresholdedrelu":
      let a = alpha(1)
      return { $0 > a ? $0 : 0 }
    case "scaledtanh":
      let (a, b) = (alpha(1), beta(1))
      return { a * RealMath.tanh(b * $0) }
    case "hardsigmoid":
      let (a, b) = (alpha(0.2), beta(0.5))
      return { min(max(a * $0 + b, 0), 1) }
    case "elu":
      let a = alpha(1)
      return { $0 < 0 ? a * RealMath.expMinusOne($0) : $0 }
    default: throw Refusal(.unsupported, "activation '\(name)'")
    }
  }
}
