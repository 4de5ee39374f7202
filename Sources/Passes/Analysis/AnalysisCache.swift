import IR

/// What was measured of literals, kept for the passes that follow.
package final class AnalysisCache {
  private struct Key: Hashable {
    let kind: ObjectIdentifier
    let literal: TensorLiteral
  }

  private var results: [Key: any Sendable] = [:]

  package init() {}

  /// The result of `analysis` for `literal`, computed the first time only.
  package func result<Analysis: LiteralAnalysis>(
    _ analysis: Analysis.Type, of literal: TensorLiteral, compute: () throws -> Analysis
  ) rethrows -> Analysis {
    let key = Key(kind: ObjectIdentifier(analysis), literal: literal)
    if let known = results[key] as? Analysis { return known }
    let computed = try compute()
    results[key] = computed
    return computed
  }
}

/// Facts about the elements of one literal. Never mutates anything.
package protocol LiteralAnalysis: Sendable {}
