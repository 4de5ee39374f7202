import IR

extension Canonicalize {
  /// Arithmetic that gives back its operand.
  static let arithmeticPatterns: [any RewritePattern] = [
    RemoveNeutralOperand(), RemoveZeroAddend(), RemoveNeutralOperandFast(), RemoveRepeated(), CancelInvolution(),
  ]
}

/// `%x * 1`, `%x / 1`, `%x - 0`, `%x + -0.0`, `%x ^ 1`, `%x and true`, `%x or false` and `%x xor false` are `%x`.
///
/// The constant may be of any shape that does not enlarge `%x`. `%x + 0.0` is not `%x`: it makes +0 of -0.
struct RemoveNeutralOperand: ForwardingPattern {
  static let roots: [OpDefinition] = [.add, .and, .bitwiseOr, .bitwiseXor, .div, .mul, .or, .pow, .sub, .xor]

  func source(of operation: Operation) -> Value? { operation.operandBeside(neutralElement(of: operation)) }

  /// The number that the operator does not notice, and at which operands it may stand.
  private func neutralElement(of operation: Operation) -> NeutralElement? {
    let isReal = operation.result()?.tensorType.map { ElementTypes.float.contains($0.elementType) } ?? true
    return Self.elements.first { operation.is($0.definition) && $0.isForReals != !isReal }?.element
  }

  private struct Row {
    let definition: OpDefinition
    let element: NeutralElement
    /// Whether it holds for floating-point numbers alone, or for all others alone; `nil` for both.
    var isForReals: Bool?
  }

  private static let elements = [
    Row(definition: .mul, element: NeutralElement(number: 1, positions: [0, 1])),
    Row(definition: .div, element: NeutralElement(number: 1, positions: [1])),
    Row(definition: .pow, element: NeutralElement(number: 1, positions: [1])),
    Row(definition: .sub, element: NeutralElement(number: 0, positions: [1])),
    Row(definition: .add, element: NeutralElement(number: -0.0, positions: [0, 1]), isForReals: true),
    Row(definition: .add, element: NeutralElement(number: 0, positions: [0, 1]), isForReals: false),
    Row(definition: .and, element: NeutralElement(number: 1, positions: [0, 1])),
    Row(definition: .or, element: NeutralElement(number: 0, positions: [0, 1])),
    Row(definition: .xor, element: NeutralElement(number: 0, positions: [0, 1])),
    Row(definition: .bitwiseOr, element: NeutralElement(number: 0, positions: [0, 1])),
    Row(definition: .bitwiseXor, element: NeutralElement(number: 0, positions: [0, 1])),
  ]
}

/// `%x + 0.0` and `%x - -0.0` are `%x`, but for the sign of a zero.
struct RemoveNeutralOperandFast: ForwardingPattern {
  static let roots: [OpDefinition] = [.add, .sub]
  static let numerics = Numerics.fast

  func source(of operation: Operation) -> Value? {
    let element =
      operation.is(.add)
      ? NeutralElement(number: 0, positions: [0, 1]) : NeutralElement(number: -0.0, positions: [1])
    return operation.operandBeside(element)
  }
}

/// As `RemoveNeutralOperandFast`, where nothing that the graph returns depends on the sign of a zero.
struct RemoveZeroAddend: RewritePattern {
  static let roots = RemoveNeutralOperandFast.roots
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    let pattern = RemoveNeutralOperandFast()
    guard !operation.refersToFunctionAttributes, let result = operation.result(), result.hasUses,
      pattern.source(of: operation) != nil
    else { return .noMatch }
    guard result.isSignOfZeroIgnored else {
      return .blocked("it makes +0 of -0, and something may depend on that")
    }
    return try pattern.rewrite(operation, context)
  }
}

/// A number that a binary operator does not notice.
private struct NeutralElement: Sendable {
  let number: Double
  /// The operands at which it may stand.
  let positions: [Int]
}

extension Operation {
  /// The operand beside one that is `element` throughout, where the result is of its shape.
  fileprivate func operandBeside(_ element: NeutralElement?) -> Value? {
    guard let element, operandCount == 2, let result = result() else { return nil }
    for position in element.positions {
      guard let other = operand(1 - position), result.certainlyHasShape(of: other),
        let number = try? operand(position)?.constantLiteral?.uniformNumber(), number == element.number,
        number.sign == element.number.sign
      else { continue }
      return other
    }
    return nil
  }
}

/// `Relu(Relu(%x))` is `Relu(%x)`, and so for every operator that is declared idempotent.
struct RemoveRepeated: ForwardingPattern {
  static let roots = OpCatalog.all.filter { $0.traits.contains([.pure, .idempotent]) && !$0.traits.contains(.random) }

  func source(of operation: Operation) -> Value? {
    guard operation.operandCount == 1, let inner = operation.producer(0, operation.definition),
      inner.operandCount == 1, inner.attributes == operation.attributes
    else { return nil }
    return inner.result()
  }
}

/// `Neg(Neg(%x))` is `%x`; so are Not and BitwiseNot.
struct CancelInvolution: ForwardingPattern {
  static let roots: [OpDefinition] = [.bitwiseNot, .neg, .not]

  func source(of operation: Operation) -> Value? { operation.producer(0, operation.definition)?.operand(0) }
}
