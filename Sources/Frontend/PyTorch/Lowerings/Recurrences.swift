import IR

extension Lowering {
  static let recurrences: [String: Lowering] = [
    "aten.lstm.input": .values { try $0.recurrence(.lstm, gates: [0, 3, 1, 2]) },
    "aten.gru.input": .values { try $0.recurrence(.gru, gates: [1, 0, 2], ["linear_before_reset": .int(1)]) },
    "aten.rnn_tanh.input": .values { try $0.recurrence(.rnn, gates: [0], activation: "Tanh") },
    "aten.rnn_relu.input": .values { try $0.recurrence(.rnn, gates: [0], activation: "Relu") },
    "aten.lstm_cell": .values { call in
      let state = try call.values("hx")
      guard state.count == 2 else { throw ModelError(.invalidModel, "has no state of two tensors") }
      let gates = try call.op(.add, call.gates(call.input(), "ih"), call.gates(state[0], "hh"))
      let parts = try call.gateParts(gates, 4)
      let input = try call.op(.mul, call.op(.sigmoid, parts[0]), call.op(.tanh, parts[2]))
      let cell = try call.op(.add, call.op(.mul, call.op(.sigmoid, parts[1]), state[1]), input)
      return [try call.op(.mul, call.op(.sigmoid, parts[3]), call.op(.tanh, cell)), cell]
    },
    "aten.gru_cell": .one { call in
      let state = try call.value("hx")
      let x = try call.gateParts(call.gates(call.input(), "ih"), 3)
      let h = try call.gateParts(call.gates(state, "hh"), 3)
      let reset = try call.op(.sigmoid, call.op(.add, x[0], h[0]))
      let update = try call.op(.sigmoid, call.op(.add, x[1], h[1]))
      let new = try call.op(.tanh, call.op(.add, x[2], call.op(.mul, reset, h[2])))
      return try call.op(.add, new, call.op(.mul, update, call.op(.sub, state, new)))
    },
    "aten.rnn_tanh_cell": .one {
      try $0.op(.tanh, $0.op(.add, $0.gates($0.input(), "ih"), $0.gates($0.value("hx"), "hh")))
    },
    "aten.rnn_relu_cell": .one {
      try $0.op(.relu, $0.op(.add, $0.gates($0.input(), "ih"), $0.gates($0.value("hx"), "hh")))
    },
  ]
}

extension Call {
  fileprivate func gates(_ value: Value, _ suffix: String) throws -> Value {
    try linear(value, self.value("w_\(suffix)"), optionalValue("b_\(suffix)"))
  }

  fileprivate func gateParts(_ gates: Value, _ count: Int) throws -> [Value] {
    let axis = try rank(gates) - 1
    return try split(gates, axis, Array(repeating: knownExtent(gates, axis) / count, count: count))
  }

  /// The layers of a recurrent network, each over the outputs of the one before.
  ///
  /// - Parameter gates: PyTorch's places of the gates in ONNX's order.
  fileprivate func recurrence(
    _ definition: OpDefinition, gates: [Int], activation: ByteString? = nil, _ additional: Attributes = [:]
  ) throws -> [Value?] {
    guard try !bool("train", default: false) || float("dropout", default: 0) == 0 else {
      throw UnsupportedForm("is random in training", advice: "call model.eval() before exporting")
    }
    let isLSTM = definition === OpDefinition.lstm
    let states = isLSTM ? try values("hx") : [try value("hx")]
    let parameters = try values("params")
    let hasBiases = try bool("has_biases")
    let directions = try bool("bidirectional") ? 2 : 1
    let layers = try int("num_layers")
    let plain = hasBiases ? 4 : 2
    guard (1...max(parameters.count, 1)).contains(layers), parameters.count.isMultiple(of: directions * layers),
      states.count == (isLSTM ? 2 : 1)
    else { throw ModelError(.invalidModel, "has not the weights of its layers") }
    let perDirection = parameters.count / directions / layers
    let isProjected = isLSTM && perDirection == plain + 1
    guard isProjected || perDirection == plain else {
      throw ModelError(.invalidModel, "has not the weights of its layers")
    }
    let isBatch = try rank(value("input")) == 3
    let isBatchFirst = try bool("batch_first") && isBatch
    var sequence = try value("input")
    if !isBatch { sequence = try unsqueeze(sequence, [1]) }
    if isBatchFirst { sequence = try transpose(sequence, [1, 0, 2]) }
    let initial = try isBatch ? states : states.map { try unsqueeze($0, [1]) }
    let hidden = try knownExtent(parameters[1], 1)
    var attributes = additional
    attributes["hidden_size"] = .int(Int64(hidden))
    if directions == 2 { attributes["direction"] = .string("bidirectional") }
    if let activation { attributes["activations"] = .strings(Array(repeating: activation, count: directions)) }
    var last: [[Value]] = states.map { _ in [] }
    for layer in 0..<layers {
      let start = layer * directions * perDirection
      let ofLayer = Array(parameters[start..<start + directions * perDirection])
      let layerStates = try initial.map {
        layers == 1 ? $0 : try slice($0, 0, from: layer * directions, to: (layer + 1) * directions)
      }
      let results: [Value]
      if isProjected {
        results = try projectedLayer(sequence, layerStates, ofLayer, directions)
      } else {
        let weights = try layerWeights(ofLayer, directions, hidden, gates, hasBiases)
        results = try ops(
          definition, [sequence, weights[0], weights[1], hasBiases ? weights[2] : nil, nil] + layerStates, attributes,
          results: 1 + states.count)
      }
      // Time, direction, batch, features: the directions' features are joined.
      sequence =
        try directions == 1
        ? squeeze(results[0], [1])
        : reshape(
          transpose(results[0], [0, 2, 1, 3]),
          [extent(of: results[0], 0), extent(of: results[0], 2), .known(2 * hidden)])
      for index in states.indices { last[index].append(results[index + 1]) }
    }
    if isBatchFirst { sequence = try transpose(sequence, [1, 0, 2]) }
    if !isBatch { sequence = try squeeze(sequence, [1]) }
    return try [sequence]
      + last.map { states in
        let joined = try concat(states, 0)
        return isBatch ? joined : try squeeze(joined, [1])
      }
  }

  /// The weights of a layer as ONNX has them: of inputs, of the state, and both biases, each for all directions.
  private func layerWeights(
    _ parameters: [Value], _ directions: Int, _ hidden: Int, _ gates: [Int], _ hasBiases: Bool
  ) throws -> [Value] {
    let perDirection = parameters.count / directions
    func ordered(_ weight: Value) throws -> Value {
      guard gates.count > 1 else { return weight }
      guard try knownExtent(weight, 0) == hidden * gates.count else { throw UnsupportedForm("has projections") }
      let parts = try split(weight, 0, Array(repeating: hidden, count: gates.count))
      return try concat(gates.map { parts[$0] }, 0)
    }
    func joined(_ part: (Int) throws -> Value) throws -> Value {
      try concat((0..<directions).map { try unsqueeze(part($0 * perDirection), [0]) }, 0)
    }
    var weights = [try joined { try ordered(parameters[$0]) }, try joined { try ordered(parameters[$0 + 1]) }]
    if hasBiases {
      weights.append(
        try joined { try concat([ordered(parameters[$0 + 2]), ordered(parameters[$0 + 3])], 0) })
    }
    return weights
  }
}
