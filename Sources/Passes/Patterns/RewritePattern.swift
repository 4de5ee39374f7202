import IR

/// One rewrite of one operation and what feeds it. Its doc comment opens with the rewrite as before and after.
///
/// A pattern decides first and changes last: nothing is mutated before the match is complete, and all mutation goes through
/// the context's rewriter.
package protocol RewritePattern: Sendable {
  /// The operators that the pattern starts from; the driver offers it their operations alone.
  static var roots: [OpDefinition] { get }
  /// How far the rewrite may move the numbers that the model computes.
  static var numerics: Numerics { get }

  /// Rewrites `operation`, or says why not.
  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome
}

extension RewritePattern {
  /// What remarks and statistics call the pattern: its type's name.
  package static var name: String { _typeName(Self.self, qualified: false) }
}

/// What came of offering an operation to a pattern.
package enum Outcome: Hashable, Sendable {
  /// It is something else.
  case noMatch
  /// It is what the pattern is about, but a condition does not hold: the reason ends up in the remarks.
  case blocked(String)
  case rewritten
}
