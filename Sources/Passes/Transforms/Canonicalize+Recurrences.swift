import Evaluator
import IR

extension Canonicalize {
  /// Recurrent networks, step by step or at once.
  static let recurrencePatterns: [any RewritePattern] = [RollRecurrence(), JoinDirections(), DropZeroState()]
}

/// One LSTM, GRU or RNN for steps that were unrolled.
///
///     %m = MatMul(%x, %w)                            with %x : f32[20, n, 32], %w : f32[32, 192]
///     %a = Add(%m, %b)
///     %s0, ..., %s19 = Split(%a) {axis = 0}
///     %p1 = Gemm(%h0, %r, %c)
///     %z1 = Add(%s1, %p1)
///     %i1, %f1, %g1, %o1 = Split(%z1) {axis = -1}
///     %c1 = Add(Mul(Sigmoid(%f1), %c0), Mul(Sigmoid(%i1), Tanh(%g1)))
///     %h1 = Mul(Sigmoid(%o1), Tanh(%c1))             and so on, for each of the steps
///     %y = Concat(%h0, ..., %h19) {axis = 0}
///   ->
///     %l, %h, %c = LSTM(%x, %w', %r', %b') {hidden_size = 48}
///     %y = Squeeze(%l, [1])
///
/// The same from the last step to the first. Conditions: constant weights, the same for all steps; every step is there and
/// takes what the step before gives; of the cells only the last has another use.
struct RollRecurrence: RewritePattern {
  static let roots: [OpDefinition] = [.split]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard operation.results.count > 1, operation.axis(rankOf: operation.operand(0)) == 0,
      let steps = try UnrolledRecurrence(operation)
    else { return .noMatch }
    if let reason = steps.obstacle { return .blocked(reason) }
    try steps.roll(context)
    return .rewritten
  }
}

/// Runs both directions at once.
///
///     %f, %fh, %fc = LSTM(%x, %wf, %rf, %bf)
///     %r, %rh, %rc = LSTM(%x, %wr, %rr, %br) {direction = "reverse"}
///     %y = Concat(Squeeze(%f, [1]), Squeeze(%r, [1])) {axis = 2}
///   ->
///     %l, %lh, %lc = LSTM(%x, [%wf %wr], [%rf %rr], [%bf %br]) {direction = "bidirectional"}
///     %t = Transpose(%l) {perm = [0, 2, 1, 3]}
///     %y = Reshape(%t, [0, 0, -1])
///
/// Conditions: constant weights of the same shapes, no state to start from, sequences of one length, and no other use of the
/// results.
struct JoinDirections: RewritePattern {
  static let roots: [OpDefinition] = [.concat]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard operation.operandCount == 2, let result = operation.result(), operation.axis(rankOf: result) == 2,
      let forward = OneDirection(operation.operand(0), "forward"),
      let reverse = OneDirection(operation.operand(1), "reverse"), forward.network.is(reverse.network.definition),
      forward.network.operand(0) === reverse.network.operand(0), forward.attributes == reverse.attributes
    else { return .noMatch }
    guard forward.weights.count == reverse.weights.count else { return .blocked("one of the directions has a state") }
    let joined = try zip(forward.weights, reverse.weights).map { try TensorLiteral.joining([$0, $1], along: 0) }
    guard joined.allSatisfy({ $0 != nil }) else { return .blocked("the directions have weights of other shapes") }
    let constants = try zip(joined, forward.network.operands.dropFirst()).map { literal, old in
      try literal.map {
        try context.rewriter.insertConstant($0, name: old?.name ?? "weights", before: operation)
      }
    }
    var attributes = forward.attributes
    attributes["direction"] = .string("bidirectional")
    let network = try context.rewriter.insert(
      forward.network.definition, [forward.network.operand(0)] + constants, attributes, before: operation,
      names: forward.network.presentResults.map(\.name), resultCount: forward.network.results.count)
    let moved = try context.rewriter.insertValue(
      .transpose, [network.result()], ["perm": .ints([0, 2, 1, 3])], before: operation, name: result.name)
    try context.reshape(moved, to: [0, 0, -1], at: operation)
    return .rewritten
  }

  /// A recurrent network that runs in one direction, of whose results only the sequence is used, without the axis of
  /// directions.
  private struct OneDirection {
    let network: Operation
    let weights: [TensorLiteral]
    /// All but the direction.
    let attributes: Attributes

    /// The operand that both directions would share.
    private static let sequenceLengths = 4

    init?(_ value: Value?, _ direction: ByteString) {
      guard let value, value.hasOneUse, let squeeze = value.definingOperation, squeeze.isReshape,
        let sequence = squeeze.operand(0), sequence.hasOneUse, let network = sequence.definingOperation,
        [OpDefinition.lstm, .gru, .rnn].contains(where: { network.is($0) }), !network.refersToFunctionAttributes,
        sequence.index == 0, network.string("direction") == direction, !network.flag("layout"),
        network.attributes["activations"] == nil, network.presentResults.dropFirst().allSatisfy({ !$0.hasUses }),
        network.operand(Self.sequenceLengths) == nil, let shape = sequence.tensorType?.shape, shape.count == 4,
        let squeezed = value.tensorType?.shape, squeezed.count == 3,
        zip([0, 2, 3], squeezed).allSatisfy({ shape[$0].isEqual(to: $1) == true })
      else { return nil }
      let weights = network.operands.dropFirst().map { $0?.constantLiteral }
      guard weights.count >= 2, weights.allSatisfy({ $0 != nil }) else { return nil }
      self.network = network
      self.weights = weights.compactMap { $0 }
      var attributes = network.attributes
      attributes["direction"] = nil
      self.attributes = attributes
    }
  }
}

/// Starts a recurrent network from no state rather than from zeros.
///
///     %z = ConstantOfShape([1, 2, 48]) {value = 0.0}
///     %y = LSTM(%x, %w, %r, %b, _, %z, %z)
///   ->
///     %y = LSTM(%x, %w, %r, %b)
struct DropZeroState: RewritePattern {
  static let roots: [OpDefinition] = [.gru, .lstm, .rnn]
  static let numerics = Numerics.exact

  /// The operands that are states, of the cell the second.
  private static let states = 5...6

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    let zeros = Self.states.filter { operation.operand($0)?.isZeroThroughout == true }
    guard !zeros.isEmpty else { return .noMatch }
    var operands = operation.operands
    for index in zeros { operands[index] = nil }
    while let last = operands.last, last == nil { operands.removeLast() }
    context.rewriter.setOperands(of: operation, to: operands)
    return .rewritten
  }
}

extension Value {
  /// Longer chains are not walked.
  private static let mostMoves = 8

  /// Whether every element is certainly +0: a constant, or one whose shape is computed, that is moved about.
  fileprivate var isZeroThroughout: Bool {
    var value = self
    for _ in 0..<Self.mostMoves {
      if let number = value.uniformConstant { return number == 0 && number.sign == .plus }
      guard let operation = value.definingOperation, !operation.refersToFunctionAttributes else { return false }
      if operation.is(.constantOfShape) {
        guard let literal = operation.tensor("value") else { return operation.attributes["value"] == nil }
        let number = try? literal.uniformNumber()
        return number == 0 && number?.sign == .plus
      }
      let moves: [OpDefinition] = [.expand, .identity, .slice, .split, .transpose]
      guard operation.isReshape || moves.contains(where: { operation.is($0) }), let source = operation.operand(0) else {
        return false
      }
      value = source
    }
    return false
  }
}
