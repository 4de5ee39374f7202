/// What a pass did, nearly did, or has to say, as data: `-remarks=FILE` writes them as JSON lines.
package struct Remark: Hashable, Sendable {
  package enum Kind: String, Sendable {
    /// A rewrite was applied.
    case applied
    /// A rewrite nearly applied; the message says what was missing.
    case missed
    /// About the pass as a whole.
    case note
    /// The same of a pass that changed nothing: most often why.
    case idle
    /// Shown even when no remarks were asked for.
    case warning
  }

  package var kind: Kind
  package let pass: String
  /// `node 'conv1' (Conv)`; `nil` for the module as a whole.
  package let place: String?
  package let message: String

  package init(kind: Kind, pass: String, place: String?, message: String) {
    self.kind = kind
    self.pass = pass
    self.place = place
    self.message = message
  }
}
