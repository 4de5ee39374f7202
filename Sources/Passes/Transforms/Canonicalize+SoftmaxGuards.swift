import Evaluator
import IR

extension Canonicalize {
  /// Guards of Softmax that never do anything.
  static let softmaxGuardPatterns: [any RewritePattern] = [DropSoftmaxGuard()]
}

/// Leaves out what guards a Softmax against rows of nothing but -inf, where the scores are numbers.
///
///     %m = MatMul(%q, %k)
///     %p = Softmax(%m)
///     %e = Equal(%m, -inf)
///     %n = Not(%e)
///     %a = ReduceMax(%n, [-1])
///     %y = Where(%a, %p, 0)
///   ->
///     %y = Softmax(%m)
///
/// So PyTorch decomposes attention. Conditions: the scores are products of matrices, scaled or not, in single precision
/// or wider; a mask is constant and leaves a number of each row. A row of which all scores overflow to -inf becomes NaN,
/// where the guard made it 0.
struct DropSoftmaxGuard: RewritePattern {
  static let roots: [OpDefinition] = [.where]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let guarded = SoftmaxGuard(operation) else { return .noMatch }
    guard guarded.hasWideScores, Self.leavesNumbers(guarded.scores) else {
      return .blocked("all scores of a row may be -inf")
    }
    try context.rewriter.replace(operation, with: [guarded.weights], takingNames: false)
    return .rewritten
  }

  /// Longer ways are not walked.
  private static let mostSteps = 8

  /// Whether each row along the last axis has a number larger than -inf, as far as numbers are real.
  private static func leavesNumbers(_ scores: Value) -> Bool {
    var value = scores
    var mayBeMasked = true
    for _ in 0..<mostSteps {
      guard let operation = value.definingOperation, !operation.refersToFunctionAttributes else { return false }
      if operation.is(.matMul) || operation.is(.gemm) { return true }
      if operation.is(.mul) || operation.is(.div), let (scaled, factor) = operation.operandAndUniformConstant {
        guard factor > 0, factor.isFinite, operation.is(.mul) || operation.operand(0) === scaled else { return false }
        value = scaled
      } else if operation.isReshape || operation.is(.transpose), let source = operation.operand(0) {
        (value, mayBeMasked) = (source, false)
      } else if mayBeMasked, operation.is(.add), let masked = maskedOperand(of: operation) {
        (value, mayBeMasked) = (masked, false)
      } else {
        return false
      }
    }
    return false
  }

  /// The operand of a sum to which a constant is added that is a number somewhere in each row.
  private static func maskedOperand(of sum: Operation) -> Value? {
    for index in 0...1 {
      guard let literal = sum.operand(index)?.constantLiteral, let other = sum.operand(1 - index),
        sum.result()?.certainlyHasShape(of: other) == true, let numbers = try? literal.realNumbers()
      else { continue }
      let width = max(literal.dimensions.last ?? 1, 1)
      let rows = stride(from: 0, to: numbers.count, by: width).map { numbers[$0..<$0 + width] }
      // NaN is no number either.
      if rows.allSatisfy({ $0.contains { $0 > -.infinity } }) { return other }
    }
    return nil
  }
}

/// `Where(any of a row's scores is not -inf, Softmax(scores), ...)`.
private struct SoftmaxGuard {
  let scores: Value
  let weights: Value

  init?(_ selection: Operation) {
    guard let reduction = Self.withoutCasts(selection.operand(0)), let axes = reduction.reducedAxes,
      reduction.flag("keepdims"), let operand = reduction.operand(0)
    else { return nil }
    // Some are not -inf; or not all are, and the other operand is chosen.
    let isSome = reduction.is(.reduceMax)
    guard isSome || reduction.is(.reduceMin), var comparison = Self.withoutCasts(operand) else { return nil }
    if isSome {
      guard comparison.is(.not), let negated = Self.withoutCasts(comparison.operand(0)) else { return nil }
      comparison = negated
    }
    guard comparison.is(.equal), let (scores, number) = comparison.operandAndUniformConstant, number == -.infinity,
      let rank = scores.tensorType?.rank, axes == [rank - 1],
      let weights = selection.operand(isSome ? 1 : 2), let softmax = weights.definingOperation, softmax.is(.softmax),
      softmax.operand(0) === scores, softmax.axis(rankOf: weights) == rank - 1,
      selection.result()?.certainlyHasShape(of: weights) == true
    else { return nil }
    (self.scores, self.weights) = (scores, weights)
  }

  /// Half precision overflows easily.
  var hasWideScores: Bool {
    [.float32, .float64, .bfloat16].contains(scores.tensorType?.elementType)
  }

  /// What defines `value`, apart from conversions of truths to numbers and back.
  private static func withoutCasts(_ value: Value?) -> Operation? {
    var operation = value?.definingOperation
    while let cast = operation, cast.is(.cast) { operation = cast.operand(0)?.definingOperation }
    return operation
  }
}
