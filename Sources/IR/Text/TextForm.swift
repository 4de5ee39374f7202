/// How much of a module its text tells.
package enum TextForm: Hashable, Sendable, CaseIterable {
  /// Everything: reading the text back gives an equal module.
  case complete
  /// For people and for goldens: large literals as a hash and a summary; neither locations nor annotations.
  case elided
  /// Complete, but large numeric literals are replaced by pseudo-random ones in the same range: a reproducer that can
  /// be shared.
  case seeded

  var hasLocations: Bool { self != .elided }
  var hasAnnotations: Bool { self != .elided }
  var hasDeclaredTypes: Bool { self != .elided }
}
