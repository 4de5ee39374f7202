import IR

extension Call {
  /// A layer of a recurrent network whose state is projected at each step, which ONNX has no operator for: a loop.
  ///
  /// - Parameter parameters: of each direction those of inputs and of the state, both biases or none, the projection.
  /// - Returns: as an LSTM of ONNX, what each step gives and the last states, with an axis of directions.
  func projectedLayer(
    _ sequence: Value, _ states: [Value], _ parameters: [Value], _ directions: Int
  ) throws -> [Value] {
    let count = parameters.count / directions
    let results = try (0..<directions).map { direction in
      let weights = Array(parameters[direction * count..<(direction + 1) * count])
      let start = try states.map { try selected($0, 0, .known(direction)) }
      return try projected(sequence, start, weights, isReversed: direction == 1)
    }
    let steps = try concat(results.map { try unsqueeze($0.sequences[0], [1]) }, 1)
    return try [steps]
      + states.indices.map { state in
        try concat(results.map { try unsqueeze($0.states[state], [0]) }, 0)
      }
  }

  private func projected(
    _ sequence: Value, _ states: [Value], _ weights: [Value], isReversed: Bool
  ) throws -> Scanned {
    let bias = try weights.count == 5 ? op(.add, weights[2], weights[3]) : nil
    let inputs = try linear(sequence, weights[0], bias)
    let hidden = try knownExtent(weights[0], 0) / 4
    let (recurrence, projection) = (try transpose(weights[1], 0, 1), try transpose(weights[weights.count - 1], 0, 1))
    return try scan(states, over: [(inputs, 0)], outputs: (1, 0), isReversed: isReversed) { call, states, slices in
      let gates = try call.op(.add, slices[0], call.op(.matMul, states[0], recurrence))
      let parts = try call.split(gates, call.rank(gates) - 1, Array(repeating: hidden, count: 4))
      let input = try call.op(.mul, call.op(.sigmoid, parts[0]), call.op(.tanh, parts[2]))
      let cell = try call.op(.add, call.op(.mul, call.op(.sigmoid, parts[1]), states[1]), input)
      let output = try call.op(.mul, call.op(.sigmoid, parts[3]), call.op(.tanh, cell))
      let state = try call.op(.matMul, output, projection)
      return ([state, cell], [try call.op(.identity, state)])
    }
  }
}
