import IR

/// What decision trees together say of each sample.
enum Trees {
  static let kernels: [Kernel] = [
    Kernel(.treeEnsemble, .rounding) { invocation in
      let aggregate = invocation.operation.int("aggregate_function").flatMap { Aggregate(rawValue: $0) }
      let type = try invocation.operand(0).elementType
      return [try regress(invocation, Forest(ensemble: invocation), aggregate, type)]
    },
    Kernel(.treeEnsembleRegressor, .rounding) { invocation in
      let names: [ByteString: Aggregate] = ["AVERAGE": .average, "SUM": .sum, "MIN": .least, "MAX": .largest]
      let aggregate = invocation.operation.string("aggregate_function").flatMap { names[$0] }
      return [try regress(invocation, Forest(named: invocation, votes: "target"), aggregate, .float32)]
    },
    Kernel(.treeEnsembleClassifier, .rounding, classify),
  ]

  /// How the weights of all trees become one score. The raw values are TreeEnsemble's.
  private enum Aggregate: Int {
    case average, sum, least, largest

    func callAsFunction(_ values: [Double], trees: Int) -> Double {
      switch self {
      case .average: values.reduce(0, +) / Double(max(trees, 1))
      case .sum: values.reduce(0, +)
      case .least: values.min() ?? 0
      case .largest: values.max() ?? 0
      }
    }
  }

  /// What each target starts from.
  private static func bases(_ invocation: Invocation) throws -> [Double] {
    if let literal = invocation.operation.tensor("base_values_as_tensor") {
      return try invocation.numbers(literal).elements
    }
    return (invocation.operation.floats("base_values") ?? []).map { Double($0) }
  }

  private static let mostTargets = 1 << 20

  private static func regress(
    _ invocation: Invocation, _ forest: Forest, _ aggregate: Aggregate?, _ type: ElementType
  ) throws -> TensorLiteral {
    let transform = try ScoreTransform(invocation.operation)
    let samples = try invocation.samples(0)
    let bases = try bases(invocation)
    guard let aggregate, let targets = invocation.operation.int("n_targets"), (1...mostTargets).contains(targets),
      [0, targets].contains(bases.count)
    else { throw Refusal(.undefined, "the targets are not known, or how trees add up") }
    try invocation.admit([samples.count, targets], steps: 1)
    try invocation.admit([samples.count, max(forest.roots.count, 1)], steps: forest.nodes.count)
    let rows = try (0..<samples.count).map { row in
      let scores = try forest.votes(for: samples[row], targets: targets).map {
        aggregate($0, trees: forest.roots.count)
      }
      return try transform.apply(to: bases.isEmpty ? scores : zip(scores, bases).map { $0 + $1 })
    }
    return try invocation.make(type, rows: rows, width: targets)
  }

  private static func classify(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let operation = invocation.operation
    let transform = try ScoreTransform(operation)
    let samples = try invocation.samples(0)
    let forest = try Forest(named: invocation, votes: "class")
    guard let labels = ClassLabels(operation, "classlabels_int64s", "classlabels_strings"), labels.count >= 2 else {
      throw Refusal(.undefined, "there are fewer than two labels")
    }
    let votes = forest.leaves.joined()
    // Trees that only speak of the first of two classes speak of the second: what is left is the first one's.
    let isOfOne = labels.count == 2 && !votes.isEmpty && votes.allSatisfy { $0.target == 0 }
    let hasSigns = votes.contains { $0.weight < 0 }
    let bases = try bases(invocation)
    guard [0, isOfOne ? 1 : labels.count].contains(bases.count) else {
      throw Refusal(.undefined, "there is not one base value a class")
    }
    try invocation.admit([samples.count, max(forest.roots.count, 1)], steps: forest.nodes.count + labels.count)
    var places: [Int] = []
    let rows = try (0..<samples.count).map { row in
      var scores = try forest.votes(for: samples[row], targets: labels.count).map { $0.reduce(0, +) }
      for (target, base) in bases.enumerated() { scores[target] += base }
      guard isOfOne else {
        places.append(scores.placeOfLargest)
        return try transform.apply(to: scores)
      }
      places.append(scores[0] > (hasSigns ? 0 : 0.5) ? 1 : 0)
      return try transform.apply(toScoreOfSecond: scores[0], signed: hasSigns)
    }
    return [try labels.literal(places, invocation), try invocation.make(.float32, rows: rows, width: labels.count)]
  }
}
