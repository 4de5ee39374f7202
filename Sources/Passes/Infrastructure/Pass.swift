import IR

/// One step of a pipeline: reads a module, and changes it through the context's rewriter alone.
///
/// `details` gives the rewrite as before and after, the conditions, and the error that it may cause.
package protocol Pass: Configurable {
  /// What must hold of a module before the pass runs; the manager checks it.
  static var requires: [Requirement] { get }

  /// - Throws: `ModelError` where the module cannot be handled (a NaN in a weight, a glob that matches nothing).
  func run(on module: Module, _ context: PassContext) throws
}

extension Pass {
  package static var requires: [Requirement] { [.inferenceModel] }
}

/// What a pass may ask of a module.
package enum Requirement: Hashable, Sendable {
  /// No training graphs: a model that has some can be converted only.
  case inferenceModel

  func holds(of module: Module) -> Bool {
    switch self {
    case .inferenceModel: !module.hasTrainingGraphs
    }
  }

  /// What to say of a module of which it does not hold.
  var explanation: String {
    switch self {
    case .inferenceModel: "has training graphs, which no pass may touch: such a model can be converted only"
    }
  }
}

extension Module {
  /// Whether importers found graphs for training beside the main one.
  fileprivate var hasTrainingGraphs: Bool {
    annotations?.sortedProperties.contains { $0.key.hasSuffix(".training_info") } ?? false
  }
}

/// How far the numbers that a model computes may move. Each class allows what those before it do.
package enum Numerics: String, Sendable, CaseIterable, Comparable {
  /// The same bits for every input.
  case exact
  /// Equal in real arithmetic; rounding may differ.
  case rounding
  /// May erase NaN, infinity and signed zero.
  case fast

  package static func < (a: Numerics, b: Numerics) -> Bool { a.rank < b.rank }

  private var rank: Int {
    switch self {
    case .exact: 0
    case .rounding: 1
    case .fast: 2
    }
  }
}
