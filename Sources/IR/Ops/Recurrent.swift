extension OpCatalog {
  static let recurrentFamily: [OpDefinition] = [.gru, .lstm, .rnn]
}

extension OpDefinition {
  /// A gated recurrent unit over a sequence. ONNX GRU-22.
  package static let gru = recurrent(
    "GRU", versions: [1, 3, 7, 14, 22], "A gated recurrent unit over a sequence.", gates: 3,
    attributes: [.strings("activations"), .int("linear_before_reset", default: 0)])

  /// A long short-term memory over a sequence. ONNX LSTM-22.
  package static let lstm = recurrent(
    "LSTM", versions: [1, 7, 14, 22], "A long short-term memory over a sequence.", gates: 4,
    operands: [.optional("initial_c", sameElementTypeAs: "X"), .optional("P", sameElementTypeAs: "X")],
    results: [.optional("Y_c", .same(asOperand: "X"))],
    attributes: [.strings("activations"), .int("input_forget", default: 0)])

  /// A simple recurrent network over a sequence. ONNX RNN-22.
  package static let rnn = recurrent(
    "RNN", versions: [1, 7, 14, 22], "A simple recurrent network over a sequence.", gates: 1,
    attributes: [.strings("activations", default: ["Tanh", "Tanh"])])

  /// A network whose `gates` gates each have a weight over the input and one over the hidden state.
  private static func recurrent(
    _ name: ByteString, versions: [Int], _ summary: String, gates: Int, operands: [OperandDefinition] = [],
    results: [ResultDefinition] = [], attributes: [AttributeDefinition]
  ) -> OpDefinition {
    let common: [AttributeDefinition] = [
      .floats("activation_alpha"), .floats("activation_beta"), .optional("clip", .float),
      .string("direction", default: "forward"), .optional("hidden_size", .int), .int("layout", default: 0),
    ]
    return OpDefinition(
      name, versions: versions, summary,
      operands: [
        .required("X", .float), .required("W", sameElementTypeAs: "X"), .required("R", sameElementTypeAs: "X"),
        .optional("B", sameElementTypeAs: "X"), .optional("sequence_lens", .int32),
        .optional("initial_h", sameElementTypeAs: "X"),
      ] + operands,
      results: [.optional("Y", .same(asOperand: "X")), .optional("Y_h", .same(asOperand: "X"))] + results,
      attributes: (common + attributes).sorted { $0.name < $1.name },
      infer: { try $0.inferRecurrence(gates: gates) },
      verify: oneOf("direction", ["forward", "reverse", "bidirectional"]))
  }
}

extension TypeInference {
  /// Weights are direction, gates times hidden, input. A `layout` of 1 puts the batch first.
  fileprivate mutating func inferRecurrence(gates: Int) throws {
    for index in 0..<3 {
      guard let shape = shape(index), shape.count != 3 else { continue }
      throw ModelError(
        .invalidModel, "\(operation.definition.operands[index].name) has shape \(shape), which is not of rank 3")
    }
    let batchFirst = operation.flag("layout")
    let sequence = shape(0)?[batchFirst ? 1 : 0] ?? .unknown
    let batch = shape(0)?[batchFirst ? 0 : 1] ?? .unknown
    let directions = Dimension.known(operation.string("direction") == "bidirectional" ? 2 : 1)
    let hidden = try hiddenSize(gates)
    if let x = shape(0), let weight = shape(1) {
      try expect(x[2], equals: weight[2], "an input of \(x[2]) features does not fit the weight \(weight)")
      try expect(weight[0], equals: directions, "the weight \(weight) is not for \(directions) directions")
    }
    let state: Shape = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
    set(
      0, elementTypeOf: 0, batchFirst ? [batch, sequence, directions, hidden] : [sequence, directions, batch, hidden])
    set(1, elementTypeOf: 0, state)
    set(2, elementTypeOf: 0, state)
  }

  /// What `hidden_size` or the weights say; where both do, they must agree.
  private func hiddenSize(_ gates: Int) throws -> Dimension {
    let written = try operation.integer("hidden_size", atLeast: 1).map { Dimension.known($0) }
    let ofWeight = shape(2)?[2]
    if let written, let ofWeight {
      try expect(ofWeight, equals: written, "hidden_size is \(written), but R has shape \(shape(2) ?? [])")
    }
    let size = written ?? ofWeight ?? .unknown
    if let weight = shape(1) {
      try expect(weight[1], equals: size * .known(gates), "the weight \(weight) is not of \(gates) gates of \(size)")
    }
    return size
  }
}
