import Evaluator
import IR

/// What the input contributes to all steps: `sequence * weight + bias`.
struct InputProduct {
  /// Of shape [steps, batch, features].
  let sequence: Value
  /// Of shape [features, gates] or [1, features, gates].
  let weight: Value
  let bias: Value?

  init?(_ value: Value) {
    guard let operation = value.definingOperation else { return nil }
    let sum = operation.is(.add) ? operation : nil
    guard
      let product = sum.map({ $0.operands.compactMap { $0?.definingOperation }.first { $0.is(.matMul) } }) ?? operation,
      product.is(.matMul), product.result()?.hasOneUse == true, let sequence = product.operand(0),
      sequence.tensorType?.rank == 3, let weight = product.operand(1), let shape = weight.constantLiteral?.dimensions,
      shape.count == 2 || shape.count == 3 && shape[0] == 1
    else { return nil }
    bias = sum?.other(than: product.result())
    guard bias.map({ $0.constantLiteral?.dimensions == shape.suffix(1) }) != false else { return nil }
    self.sequence = sequence
    self.weight = weight
  }
}

/// What a hidden state contributes to a step: `hidden * weight + bias`.
struct HiddenProduct {
  let hidden: Value
  /// Of shape [hidden size, gates], or transposed.
  let weight: Value
  let isTransposed: Bool
  let bias: Value?
  /// The product itself.
  let operation: Operation

  init?(_ recurrence: [Value]) {
    guard recurrence.count == 1, let end = recurrence[0].beforeReshapes.definingOperation else { return nil }
    let sum = end.is(.add) ? end : nil
    guard let operation = sum.map({ $0.operands.compactMap { $0?.definingOperation }.first { $0.is(.matMul) } }) ?? end,
      operation.is(.matMul)
        || operation.is(.gemm) && !operation.refersToFunctionAttributes && !operation.flag("transA")
          && operation.float("alpha") == 1 && operation.float("beta") == 1,
      let hidden = operation.operand(0), let weight = operation.operand(1),
      let dimensions = weight.constantLiteral?.dimensions, dimensions.count == 2
    else { return nil }
    self.operation = operation
    self.hidden = hidden
    self.weight = weight
    isTransposed = operation.is(.gemm) && operation.flag("transB")
    bias = sum.map { $0.other(than: operation.result()) } ?? operation.operand(2)
    let gates = dimensions[isTransposed ? 0 : 1]
    guard bias.map({ $0.constantLiteral?.dimensions == [gates] }) != false,
      recurrence[0].tensorType?.shape?.last == .known(gates)
    else { return nil }
  }

  var hiddenSize: Int? { weight.constantLiteral?.dimensions[isTransposed ? 1 : 0] }

  func hasWeights(of other: HiddenProduct) -> Bool {
    weight === other.weight && isTransposed == other.isTransposed && bias === other.bias
  }

  /// Whether `parts`, one after the other, are what a hidden state of zeros would contribute: the bias for each row.
  func isOfZeros(_ parts: [Value]) throws -> Bool {
    let literals = parts.compactMap(\.constantLiteral)
    guard literals.count == parts.count, let rank = literals.first?.dimensions.count, rank > 0,
      let whole = try TensorLiteral.joining(literals, along: rank - 1)
    else { return false }
    guard let bias = bias?.constantLiteral else { return try whole.uniformNumber() == 0 }
    let row = bias.byteCount
    guard row > 0, whole.byteCount.isMultiple(of: row), whole.elementCount <= whole.elementsPerWindow else {
      return false
    }
    return try whole.withWindow(0..<whole.elementCount) { rows in
      try bias.withWindow(0..<bias.elementCount) { bias in
        stride(from: 0, to: rows.count, by: row).allSatisfy { start in
          bias.elementsEqual(UnsafeRawBufferPointer(rebasing: rows[start..<start + row]))
        }
      }
    }
  }
}
