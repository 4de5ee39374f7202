import Evaluator
import IR

extension Canonicalize {
  /// Activations that were spelled out.
  static let activationPatterns: [any RewritePattern] = [
    RecognizeSoftplus(), RecognizeSoftsign(), RecognizeMish(), RecognizeSwish(),
  ]
}

extension Operation {
  /// Of a product of `value` and a result of `definition`: the two of them.
  fileprivate func factor(_ definition: OpDefinition) -> (value: Value, other: Operation)? {
    guard self.is(.mul), operandCount == 2 else { return nil }
    for index in 0...1 {
      guard let other = producer(index, definition), let value = operand(1 - index) else { continue }
      return (value, other)
    }
    return nil
  }
}

/// `Log(Exp(%x) + 1)` is `Softplus(%x)`, which is finite where the exponential was not.
struct RecognizeSoftplus: RewritePattern {
  static let roots: [OpDefinition] = [.log]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let sum = operation.producer(0, .add), let (value, one) = sum.operandAndUniformConstant, one == 1,
      let exponential = value.definingOperation, exponential.is(.exp), let input = exponential.operand(0),
      let type = input.tensorType?.elementType, type != .bfloat16
    else { return .noMatch }
    if let shared = operation.otherUse(of: [value, sum.result()]) { return .blocked(shared) }
    let softplus = try context.rewriter.insert(.softplus, [input], before: operation)
    try context.rewriter.replace(operation, with: softplus.presentResults)
    return .rewritten
  }
}

/// `%x / (1 + Abs(%x))` is `Softsign(%x)`.
struct RecognizeSoftsign: RewritePattern {
  static let roots: [OpDefinition] = [.div]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let input = operation.operand(0), let sum = operation.producer(1, .add),
      let (value, one) = sum.operandAndUniformConstant, one == 1, let magnitude = value.definingOperation,
      magnitude.is(.abs), magnitude.operand(0) === input, let type = input.tensorType?.elementType,
      ElementTypes.float.contains(type), type != .bfloat16
    else { return .noMatch }
    if let shared = operation.otherUse(of: [value, sum.result()]) { return .blocked(shared) }
    let softsign = try context.rewriter.insert(.softsign, [input], before: operation)
    try context.rewriter.replace(operation, with: softsign.presentResults)
    return .rewritten
  }
}

/// `%x * Tanh(Softplus(%x))` is `Mish(%x)`, from opset 18 on.
struct RecognizeMish: RewritePattern {
  static let roots: [OpDefinition] = [.mul]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let (input, tangent) = operation.factor(.tanh), let softplus = tangent.producer(0, .softplus),
      softplus.operand(0) === input, let type = input.tensorType?.elementType, type != .bfloat16
    else { return .noMatch }
    guard context.rewriter.module.target.admits(.mish) else { return .blocked("the target opset has no Mish") }
    if let shared = operation.otherUse(of: [tangent.result(), softplus.result()]) { return .blocked(shared) }
    let mish = try context.rewriter.insert(.mish, [input], before: operation)
    try context.rewriter.replace(operation, with: mish.presentResults)
    return .rewritten
  }
}

/// `%x * Sigmoid(%x)` is `Swish(%x)`, from opset 24 on; so it is with `Sigmoid(a * %x)`.
struct RecognizeSwish: RewritePattern {
  static let roots: [OpDefinition] = [.mul]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let (input, sigmoid) = operation.factor(.sigmoid), let argument = sigmoid.operand(0) else { return .noMatch }
    var alpha = 1.0
    if argument !== input {
      guard let scaling = argument.definingOperation, scaling.is(.mul),
        let (scaled, factor) = scaling.operandAndUniformConstant, scaled === input, factor.isFinite
      else { return .noMatch }
      alpha = factor
    }
    guard context.rewriter.module.target.admits(.swish) else { return .blocked("the target opset has no Swish") }
    let inner = [sigmoid.result(), argument === input ? nil : argument]
    if let shared = operation.otherUse(of: inner) { return .blocked(shared) }
    let swish = try context.rewriter.insert(.swish, [input], ["alpha": .float(Float(alpha))], before: operation)
    try context.rewriter.replace(operation, with: swish.presentResults)
    return .rewritten
  }
}
