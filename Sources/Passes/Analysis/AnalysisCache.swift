import IR

/// What was measured of literals, kept for the passes that follow: no weight is read twice for the same fact.
package final class AnalysisCache {
  private struct Key: Hashable {
    let kind: ObjectIdentifier
    let literal: TensorLiteral
  }

  private var results: [Key: any LiteralAnalysis] = [:]

  package init() {}

  /// The analysis of `literal`, where one was stored.
  package func known<Analysis: LiteralAnalysis>(_ analysis: Analysis.Type, of literal: TensorLiteral) -> Analysis? {
    results[Key(kind: ObjectIdentifier(analysis), literal: literal)] as? Analysis
  }

  package func store<Analysis: LiteralAnalysis>(_ analysis: Analysis, of literal: TensorLiteral) {
    results[Key(kind: ObjectIdentifier(Analysis.self), literal: literal)] = analysis
  }
}

/// Facts about the elements of one literal. Never mutates anything.
package protocol LiteralAnalysis: Sendable {}
