import Evaluator
import IR

extension Canonicalize {
  /// Sums and products with numbers, and with values turned round.
  static let scalarPatterns: [any RewritePattern] = [
    MergeScalarProducts(), MergeScalarSums(), AddNegation(), MultiplyByReciprocal(),
  ]
}

/// Multiplies once instead of twice.
///
///     %a = Mul(%x, 0.5)
///     %y = Div(%a, 4)
///   ->
///     %y = Mul(%x, 0.125)
///
/// Conditions: floating-point numbers; both factors are at least 1 in magnitude, or both at most 1, so that nothing
/// overflows or vanishes that did not before; the first product has this one use.
struct MergeScalarProducts: RewritePattern {
  static let roots: [OpDefinition] = [.div, .mul]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let outer = ScalarFactor(operation), let product = outer.input.definingOperation,
      let inner = ScalarFactor(product), let type = inner.input.tensorType?.elementType
    else { return .noMatch }
    guard outer.input.hasOneUse else { return .blocked(product.otherUse(besides: operation)) }
    let (a, b) = (abs(inner.factor), abs(outer.factor))
    guard (a >= 1 && b >= 1) || (a <= 1 && b <= 1) else {
      return .blocked("one factor enlarges and the other one does not: between them something may overflow")
    }
    let literal = try TensorLiteral.of([inner.factor * outer.factor], type, [])
    guard let factor = try literal.uniformNumber(), factor.isFinite, factor != 0 else {
      return .blocked("the product of the factors overflows or vanishes")
    }
    let constant = try context.rewriter.insertConstant(literal, name: "factor", before: operation)
    let merged = try context.rewriter.insert(.mul, [inner.input, constant], before: operation)
    try context.rewriter.replace(operation, with: merged.presentResults)
    return .rewritten
  }

  /// A product with a finite number that is not 0.
  private struct ScalarFactor {
    let input: Value
    let factor: Double

    init?(_ operation: Operation) {
      guard operation.is(.mul) || operation.is(.div), let (input, number) = operation.operandAndUniformConstant,
        let type = input.tensorType?.elementType, ElementTypes.float.contains(type), number.isFinite, number != 0,
        operation.is(.mul) || operation.operand(0) === input
      else { return nil }
      self.input = input
      factor = operation.is(.mul) ? number : 1 / number
    }
  }
}

/// Adds once instead of twice: `(%x + a) - b` is `%x + (a - b)` for numbers of one sign.
///
/// Conditions: floating-point numbers; the first sum has this one use. Numbers of different signs stay, for between them
/// digits are lost on purpose.
struct MergeScalarSums: RewritePattern {
  static let roots: [OpDefinition] = [.add, .sub]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let (sum, outer) = Self.summand(operation), let inner = sum.definingOperation,
      let (input, first) = Self.summand(inner), let type = input.tensorType?.elementType
    else { return .noMatch }
    guard sum.hasOneUse else { return .blocked(inner.otherUse(besides: operation)) }
    guard first * outer > 0 else { return .blocked("the numbers are of different signs") }
    let literal = try TensorLiteral.of([first + outer], type, [])
    guard let number = try literal.uniformNumber(), number.isFinite else { return .blocked("the sum overflows") }
    let constant = try context.rewriter.insertConstant(literal, name: "summand", before: operation)
    let merged = try context.rewriter.insert(.add, [input, constant], before: operation)
    try context.rewriter.replace(operation, with: merged.presentResults)
    return .rewritten
  }

  private static func summand(_ operation: Operation) -> (Value, Double)? {
    guard operation.is(.add) || operation.is(.sub), let (input, number) = operation.operandAndUniformConstant,
      let type = input.tensorType?.elementType, ElementTypes.float.contains(type), number.isFinite, number != 0,
      operation.is(.add) || operation.operand(0) === input
    else { return nil }
    return (input, operation.is(.add) ? number : -number)
  }
}

/// `%x + Neg(%y)` is `%x - %y`, and `%x - Neg(%y)` is `%x + %y`.
struct AddNegation: RewritePattern {
  static let roots: [OpDefinition] = [.add, .sub]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    for position in operation.is(.add) ? [1, 0] : [1] {
      guard let negation = operation.producer(position, .neg), let negated = negation.operand(0),
        let other = operation.operand(1 - position)
      else { continue }
      guard negation.result()?.hasOneUse == true else { return .blocked(negation.otherUse(besides: operation)) }
      let sum = try context.rewriter.insert(operation.is(.add) ? .sub : .add, [other, negated], before: operation)
      try context.rewriter.replace(operation, with: sum.presentResults)
      return .rewritten
    }
    return .noMatch
  }
}

/// `(1 / %a) * %b` is `%b / %a`; so is `Reciprocal(%a) * %b`.
struct MultiplyByReciprocal: RewritePattern {
  static let roots: [OpDefinition] = [.mul]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard operation.operandCount == 2 else { return .noMatch }
    for position in 0...1 {
      guard let reciprocal = operation.operand(position), let inner = reciprocal.definingOperation,
        let divisor = Self.divisor(of: inner), let dividend = operation.operand(1 - position)
      else { continue }
      guard reciprocal.hasOneUse else { return .blocked(inner.otherUse(besides: operation)) }
      let quotient = try context.rewriter.insert(.div, [dividend, divisor], before: operation)
      try context.rewriter.replace(operation, with: quotient.presentResults)
      return .rewritten
    }
    return .noMatch
  }

  private static func divisor(of operation: Operation) -> Value? {
    if operation.is(.reciprocal) { return operation.operand(0) }
    guard operation.is(.div), operation.operand(0)?.uniformConstant == 1, let divisor = operation.operand(1),
      let type = divisor.tensorType?.elementType, ElementTypes.float.contains(type),
      operation.result()?.certainlyHasShape(of: divisor) == true
    else { return nil }
    return divisor
  }
}
