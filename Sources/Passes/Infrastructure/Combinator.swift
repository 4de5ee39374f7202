/// Runs a pipeline several times.
package protocol Combinator: Configurable {
  /// How often at most.
  var rounds: Int { get }
  /// Whether a round that changes nothing is the last.
  static var stopsWhenSettled: Bool { get }
}

/// Runs a pipeline until a round changes nothing.
package struct Fixpoint: Combinator {
  package static let name = "fixpoint"
  package static let summary = "runs a pipeline again and again until it changes nothing"
  package static let details = """
    Written fixpoint(canonicalize, fold). Whether a round changed something is measured, not claimed by the passes. After
    `max` rounds it goes on all the same, with a remark.
    """
  package static let options: [PassOption<Self>] = [
    .init("max", \.rounds, in: 1...1000, "rounds after which it goes on all the same")
  ]
  package static let stopsWhenSettled = true

  package var rounds = 10

  package init() {}
}

/// Runs a pipeline a fixed number of times.
package struct Repeat: Combinator {
  package static let name = "repeat"
  package static let summary = "runs a pipeline n times"
  package static let details = "Written repeat{n=3}(canonicalize, fold)."
  package static let options: [PassOption<Self>] = [
    .init("n", \.rounds, in: 1...1000, "how often")
  ]
  package static let stopsWhenSettled = false

  package var rounds = 2

  package init() {}
}
