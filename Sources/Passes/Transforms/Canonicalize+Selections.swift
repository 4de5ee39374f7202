import IR

extension Canonicalize {
  /// Choices between values, by conditions that are known or turned round.
  static let selectionPatterns: [any RewritePattern] = [
    SelectKnownOperand(), SwapNegatedSelection(), InlineKnownBranch(),
  ]
}

/// `Where(true, %x, %y)` is `%x`, and `Where(false, %x, %y)` is `%y`, where the chosen one has the result's shape.
struct SelectKnownOperand: ForwardingPattern {
  static let roots: [OpDefinition] = [.where]

  func source(of operation: Operation) -> Value? {
    guard let condition = try? operation.operand(0)?.constantLiteral?.uniformNumber(), let result = operation.result(),
      let chosen = operation.operand(condition == 0 ? 2 : 1), result.certainlyHasShape(of: chosen)
    else { return nil }
    return chosen
  }
}

/// Selects by a condition rather than by its negation.
///
///     %n = Not(%b)
///     %z = Where(%n, %x, %y)
///   ->
///     %z = Where(%b, %y, %x)
struct SwapNegatedSelection: RewritePattern {
  static let roots: [OpDefinition] = [.where]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let negation = operation.producer(0, .not), let condition = negation.operand(0) else { return .noMatch }
    context.rewriter.setOperands(of: operation, to: [condition, operation.operand(2), operation.operand(1)])
    return .rewritten
  }
}

/// Puts the branch that always runs in the place of the If.
///
///     %y = If(true) then_branch: { %a = Relu(%x); return %a } else_branch: { ... }
///   ->
///     %y = Relu(%x)
///
/// Names inside the branch that are taken outside give way.
struct InlineKnownBranch: RewritePattern {
  static let roots: [OpDefinition] = [.if]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let condition = operation.operand(0), !operation.refersToFunctionAttributes else { return .noMatch }
    guard let truth = try condition.constantLiteral?.uniformNumber() else {
      return .blocked("\(condition) is not constant")
    }
    guard let branch = operation.region(truth == 0 ? "else_branch" : "then_branch"), branch.arguments.isEmpty,
      let returned = branch.terminator?.operands.compactMap({ $0 }), returned.count == operation.results.count,
      zip(operation.results, returned).allSatisfy({ $0?.type.isCompatible(with: $1.type) ?? true })
    else { return .blocked("its branch does not return what it has to") }
    if let defect = branch.defect { return .blocked("its branch is invalid: \(defect)") }
    _ = try context.rewriter.inline(branch, inPlaceOf: operation, attributes: Attributes())
    return .rewritten
  }
}

extension Graph {
  /// What is wrong with an operation, now that more may be known of its operands than when the model was read.
  fileprivate var defect: String? {
    for operation in operations {
      do {
        try operation.inferTypesWithRegions()
      } catch {
        return "\(error)"
      }
    }
    return nil
  }
}
