import IR

/// Linear functions of the features of each sample.
enum LinearModels {
  static let kernels: [Kernel] = [
    Kernel(.linearClassifier, .rounding, classify),
    Kernel(.linearRegressor, .rounding, regress),
  ]

  /// The scores of each sample, before any transform.
  private static func scores(_ invocation: Invocation, targets: Int?) throws -> (rows: [[Double]], width: Int) {
    let samples = try invocation.samples(0)
    let coefficients = (invocation.operation.floats("coefficients") ?? []).map { Double($0) }
    let intercepts = (invocation.operation.floats("intercepts") ?? []).map { Double($0) }
    let width = targets ?? max(samples.width == 0 ? 0 : coefficients.count / samples.width, 1)
    guard width >= 1, samples.width.multipliedReportingOverflow(by: width) == (coefficients.count, false),
      [0, width].contains(intercepts.count)
    else { throw Refusal(.undefined, "there is not one coefficient a feature and score") }
    try invocation.admit([samples.count, width], steps: samples.width)
    let rows = (0..<samples.count).map { row in
      let features = samples[row]
      return (0..<width).map { target in
        zip(features, coefficients[target * samples.width..<(target + 1) * samples.width])
          .reduce(intercepts.isEmpty ? 0 : intercepts[target]) { $0 + $1.0 * $1.1 }
      }
    }
    return (rows, width)
  }

  private static func regress(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let transform = try ScoreTransform(invocation.operation)
    let scores = try scores(invocation, targets: invocation.operation.int("targets") ?? 1)
    return [
      try invocation.make(.float32, rows: try scores.rows.map { try transform.apply(to: $0) }, width: scores.width)
    ]
  }

  private static func classify(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let transform = try ScoreTransform(invocation.operation)
    guard let labels = ClassLabels(invocation.operation, "classlabels_ints", "classlabels_strings") else {
      throw Refusal(.undefined, "there are no labels")
    }
    let scores = try scores(invocation, targets: nil)
    guard scores.width == 1 else {
      return [
        try labels.literal(scores.rows.map(\.placeOfLargest), invocation),
        try invocation.make(.float32, rows: try scores.rows.map { try transform.apply(to: $0) }, width: scores.width),
      ]
    }
    guard labels.count == 2 else { throw Refusal(.undefined, "one score for \(labels.count) classes") }
    let both = try scores.rows.map { try transform.apply(toScoreOfSecond: $0[0]) }
    return [
      try labels.literal(scores.rows.map { $0[0] > 0 ? 1 : 0 }, invocation),
      try invocation.make(.float32, rows: both, width: 2),
    ]
  }
}
