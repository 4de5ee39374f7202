import IR

/// Applies patterns wherever they match until none does: each rewrite puts what it touched back on the worklist.
///
/// Operations that a rewrite left without uses are erased, so that the next pattern counts true uses.
package struct GreedyDriver {
  private let patterns: [any RewritePattern]

  /// Patterns are tried in the order given; those beyond the run's numerics are left out.
  package init(_ patterns: [any RewritePattern]) {
    self.patterns = patterns
  }

  /// Rewrites of which a sensible set of patterns needs far fewer: more for each operation mean that two patterns undo each other.
  static let rewritesPerOperation = 16

  /// Runs over all of `module`.
  ///
  /// - Throws: what a pattern throws. Where patterns never settle: an internal failure if the context is strict, else a warning.
  package func run(on module: Module, _ context: PassContext) throws {
    let worklist = Worklist()
    module.forEachOperation { worklist.append($0) }
    var budget = max(worklist.count, 64) * Self.rewritesPerOperation
    let index = index(within: context.numerics)
    var blocked = BlockedMatches()

    let previousObserver = context.rewriter.observer
    context.rewriter.observer = worklist
    defer { context.rewriter.observer = previousObserver }

    while context.mayRewrite, let operation = worklist.next() {
      if worklist.isTouched(operation), operation.isDead {
        context.rewriter.erase(operation)
        continue
      }
      guard let candidates = index[ObjectIdentifier(operation.definition)] else { continue }
      let place = OperationPlace(operation)
      guard try candidates.contains(where: { try apply($0, to: operation, place, context, &blocked) }) else { continue }
      budget -= 1
      if budget == 0 { return try giveUp(context) }
    }
    blocked.report(to: context, without: worklist.erased)
  }

  /// Offers `operation` to a pattern; whether it was rewritten.
  private func apply(
    _ candidate: Candidate, to operation: Operation, _ place: OperationPlace, _ context: PassContext,
    _ blocked: inout BlockedMatches
  ) throws -> Bool {
    let mutations = context.rewriter.mutationCount
    let outcome = try candidate.pattern.rewrite(operation, context)
    switch outcome {
    case .rewritten:
      context.applied(candidate.name, at: place.description)
      context.count(candidate.name)
      return true
    case .blocked(let reason): blocked.note(operation, pattern: candidate.name, reason)
    case .noMatch: break
    }
    guard context.rewriter.mutationCount == mutations else {
      throw ModelError(
        .internalFailure, place: place.description, "pattern \(candidate.name) changed the model without a match")
    }
    return false
  }

  /// A pattern and its name, which takes longer to make than most matches.
  private final class Candidate {
    let pattern: any RewritePattern
    private(set) lazy var name = type(of: pattern).name

    init(_ pattern: any RewritePattern) {
      self.pattern = pattern
    }
  }

  private func index(within numerics: Numerics) -> [ObjectIdentifier: [Candidate]] {
    var index: [ObjectIdentifier: [Candidate]] = [:]
    for pattern in patterns where type(of: pattern).numerics <= numerics {
      let candidate = Candidate(pattern)
      for root in type(of: pattern).roots { index[ObjectIdentifier(root), default: []].append(candidate) }
    }
    return index
  }

  private func giveUp(_ context: PassContext) throws {
    let message = "the patterns of '\(context.rewriter.pass)' never settle"
    guard !context.isStrict else { throw ModelError(.internalFailure, message) }
    context.warn("\(message); the model is correct as it is, please report it")
  }
}

/// Near misses, of which the last word on each operation counts: a later rewrite may have unblocked it, or erased it.
private struct BlockedMatches {
  private struct Key: Hashable {
    let operation: Operation
    let pattern: String
  }

  private var reasons: [Key: String] = [:]
  private var order: [Key] = []

  mutating func note(_ operation: Operation, pattern: String, _ reason: String) {
    let key = Key(operation: operation, pattern: pattern)
    if reasons.updateValue(reason, forKey: key) == nil { order.append(key) }
  }

  func report(to context: PassContext, without erased: Set<Operation>) {
    for key in order where !erased.contains(key.operation) {
      context.missed("\(key.pattern): \(reasons[key] ?? "")", at: key.operation)
    }
  }
}
