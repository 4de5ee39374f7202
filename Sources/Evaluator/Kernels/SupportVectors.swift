import IR

/// Support vector machines: what is said of a sample depends on its likeness to some vectors.
enum SupportVectors {
  static let kernels: [Kernel] = [
    Kernel(.svmClassifier, .rounding, classify),
    Kernel(.svmRegressor, .rounding, regress),
  ]

  /// How alike two vectors are.
  private struct Likeness {
    private enum Form: String {
      case linear = "LINEAR"
      case polynomial = "POLY"
      case radial = "RBF"
      case sigmoid = "SIGMOID"
    }

    private let form: Form
    private let (gamma, offset, degree): (Double, Double, Double)

    init(_ operation: Operation) throws {
      let parameters = (operation.floats("kernel_params") ?? []).map { Double($0) }
      guard let form = operation.string("kernel_type").flatMap({ Form(rawValue: $0.text) }),
        [0, 3].contains(parameters.count)
      else { throw Refusal(.undefined, "there is no such kernel_type, or its parameters are not three") }
      self.form = form
      (gamma, offset, degree) = parameters.isEmpty ? (0, 0, 0) : (parameters[0], parameters[1], parameters[2])
    }

    func callAsFunction(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
      switch form {
      case .linear: product(a, b)
      case .polynomial: RealMath.pow(gamma * product(a, b) + offset, degree)
      case .radial: RealMath.exp(-gamma * zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) })
      case .sigmoid: RealMath.tanh(gamma * product(a, b) + offset)
      }
    }
  }

  private static func product(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// The numbers that both operators' attributes hold.
  private struct Machine {
    let coefficients: [Double]
    let offsets: [Double]
    private let vectors: [Double]
    private let likeness: Likeness
    private let width: Int
    let vectorCount: Int

    init(_ operation: Operation, width: Int, vectorCount: Int) throws {
      coefficients = (operation.floats("coefficients") ?? []).map { Double($0) }
      offsets = (operation.floats("rho") ?? []).map { Double($0) }
      vectors = (operation.floats("support_vectors") ?? []).map { Double($0) }
      likeness = try Likeness(operation)
      (self.width, self.vectorCount) = (width, vectorCount)
      guard vectorCount >= 0, width.multipliedReportingOverflow(by: vectorCount) == (vectors.count, false) else {
        throw Refusal(.undefined, "there is not one support vector of the sample's length for each that is counted")
      }
    }

    /// How alike the sample is to each support vector.
    func likenesses(_ sample: ArraySlice<Double>) -> [Double] {
      (0..<vectorCount).map { likeness(sample, vectors[$0 * width..<($0 + 1) * width]) }
    }
  }

  private static func regress(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let operation = invocation.operation
    let transform = try ScoreTransform(operation)
    let samples = try invocation.samples(0)
    let machine = try Machine(operation, width: samples.width, vectorCount: operation.int("n_supports") ?? 0)
    let terms = machine.vectorCount > 0 ? machine.vectorCount : samples.width
    guard machine.coefficients.count == terms, let offset = machine.offsets.first else {
      throw Refusal(.undefined, "the coefficients do not fit")
    }
    try invocation.admit([samples.count, max(machine.vectorCount, 1)], steps: samples.width)
    let isOneClass = operation.flag("one_class")
    let rows = try (0..<samples.count).map { row in
      let features = machine.vectorCount > 0 ? machine.likenesses(samples[row])[...] : samples[row]
      let score = product(features, machine.coefficients[...]) + offset
      return try transform.apply(to: [isOneClass ? (score > 0 ? 1 : -1) : score])
    }
    return [try invocation.make(.float32, rows: rows, width: 1)]
  }

  private static func classify(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let operation = invocation.operation
    let transform = try ScoreTransform(operation)
    let samples = try invocation.samples(0)
    let counts = operation.ints("vectors_per_class") ?? []
    guard let labels = ClassLabels(operation, "classlabels_ints", "classlabels_strings"), labels.count >= 2,
      counts.allSatisfy({ $0 >= 0 && $0 < 1 << 32 }), counts.isEmpty || counts.count == labels.count
    else { throw Refusal(.undefined, "the labels do not fit, or there are fewer than two") }
    let machine = try Machine(operation, width: samples.width, vectorCount: counts.reduce(0, +))
    try invocation.admit(
      [samples.count, max(machine.vectorCount, labels.count)], steps: samples.width + labels.count)
    let verdicts =
      counts.isEmpty
      ? try linearVerdicts(machine, samples, classes: labels.count)
      : try pairwiseVerdicts(machine, samples, counts, operation)
    let rows = try verdicts.map { verdict in
      verdict.scores.count == 1
        ? try transform.apply(toScoreOfSecond: verdict.scores[0], signed: true)
        : try transform.apply(to: verdict.scores)
    }
    return [
      try labels.literal(verdicts.map(\.best), invocation),
      try invocation.make(.float32, rows: rows, width: rows.first?.count ?? labels.count),
    ]
  }

  private struct Verdict {
    let best: Int
    let scores: [Double]
  }

  /// One linear function a class.
  private static func linearVerdicts(_ machine: Machine, _ samples: Samples, classes: Int) throws -> [Verdict] {
    guard classes.multipliedReportingOverflow(by: samples.width) == (machine.coefficients.count, false),
      let offset = machine.offsets.first
    else { throw Refusal(.undefined, "the coefficients do not fit") }
    return (0..<samples.count).map { row in
      let scores = (0..<classes).map { target in
        product(samples[row], machine.coefficients[target * samples.width..<(target + 1) * samples.width]) + offset
      }
      return Verdict(best: scores.placeOfLargest, scores: scores)
    }
  }

  /// Every two classes decide between them; the one that wins most is the best.
  private static func pairwiseVerdicts(
    _ machine: Machine, _ samples: Samples, _ counts: [Int], _ operation: Operation
  ) throws -> [Verdict] {
    let classes = counts.count
    let pairs = (0..<classes).flatMap { first in (first + 1..<classes).map { (first, $0) } }
    let slopes = (operation.floats("prob_a") ?? []).map { Double($0) }
    let shifts = (operation.floats("prob_b") ?? []).map { Double($0) }
    guard machine.coefficients.count == (classes - 1) * machine.vectorCount, machine.offsets.count == pairs.count,
      slopes.count == shifts.count, [0, pairs.count].contains(slopes.count)
    else { throw Refusal(.undefined, "the coefficients do not fit") }
    let starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    return (0..<samples.count).map { row in
      let likenesses = machine.likenesses(samples[row])
      func share(of target: Int, row: Int) -> Double {
        let own = starts[target]..<starts[target + 1]
        let base = row * machine.vectorCount
        return product(machine.coefficients[base + own.lowerBound..<base + own.upperBound], likenesses[own])
      }
      var votes = [Double](repeating: 0, count: classes)
      let scores = zip(pairs, machine.offsets).map { pair, offset in
        let score = offset + share(of: pair.0, row: pair.1 - 1) + share(of: pair.1, row: pair.0)
        votes[score > 0 ? pair.0 : pair.1] += 1
        return score
      }
      guard !slopes.isEmpty else { return Verdict(best: votes.placeOfLargest, scores: scores) }
      var chances = [[Double]](repeating: [Double](repeating: 0, count: classes), count: classes)
      for (index, pair) in pairs.enumerated() {
        let chance = RealMath.sigmoid(-(scores[index] * slopes[index] + shifts[index]))
        chances[pair.0][pair.1] = min(max(chance, 1e-7), 1 - 1e-7)
        chances[pair.1][pair.0] = 1 - chances[pair.0][pair.1]
      }
      return Verdict(best: votes.placeOfLargest, scores: coupled(chances))
    }
  }

  /// The chances of all classes that fit those of each pair best: Wu, Lin and Weng, "Probability estimates for
  /// multi-class classification by pairwise coupling", the second method.
  private static func coupled(_ pairs: [[Double]]) -> [Double] {
    let count = pairs.count
    var quadratic = pairs
    for (a, b) in pairs.indices.flatMap({ a in pairs.indices.map { (a, $0) } }) {
      quadratic[a][b] =
        a == b
        ? pairs.indices.reduce(0) { $0 + (a == $1 ? 0 : pairs[$1][a] * pairs[$1][a]) } : -pairs[b][a] * pairs[a][b]
    }
    var chances = [Double](repeating: 1 / Double(count), count: count)
    for _ in 0..<max(100, count) {
      var slopes = quadratic.map { product($0[...], chances[...]) }
      var value = product(chances[...], slopes[...])
      guard slopes.contains(where: { abs($0 - value) >= 0.005 / Double(count) }) else { break }
      for target in chances.indices {
        let step = (value - slopes[target]) / quadratic[target][target]
        chances[target] += step
        value = (value + step * (step * quadratic[target][target] + 2 * slopes[target])) / ((1 + step) * (1 + step))
        for other in chances.indices {
          slopes[other] = (slopes[other] + step * quadratic[target][other]) / (1 + step)
          chances[other] /= 1 + step
        }
      }
    }
    return chances
  }
}
