import IR

/// What `post_transform` makes of the scores of a sample. In the order of the numbers that TreeEnsemble says it by.
enum ScoreTransform: String, CaseIterable {
  case none = "NONE"
  case softmax = "SOFTMAX"
  case logistic = "LOGISTIC"
  case softmaxOfOthersThanZero = "SOFTMAX_ZERO"
  case probit = "PROBIT"

  /// - Throws: `Refusal` where the attribute says no transform.
  init(_ operation: Operation) throws {
    let named = operation.string("post_transform").flatMap { ScoreTransform(rawValue: $0.text) }
    let numbered = operation.int("post_transform").flatMap {
      Self.allCases.indices.contains($0) ? Self.allCases[$0] : nil
    }
    guard let transform = named ?? numbered else { throw Refusal(.undefined, "there is no such post_transform") }
    self = transform
  }

  /// - Throws: `Refusal` for a single score that has nothing to be weighed against.
  func apply(to scores: [Double]) throws -> [Double] {
    guard scores.count != 1 || self == .none || self == .probit else {
      throw Refusal(.undefined, "\(rawValue) of a single score, which runtimes leave as it is")
    }
    switch self {
    case .none: return scores
    case .logistic: return scores.map { RealMath.sigmoid($0) }
    case .probit: return scores.map { Self.probit($0) }
    case .softmax:
      let largest = scores.max() ?? 0
      return Self.normalized(scores.map { RealMath.exp($0 - largest) })
    case .softmaxOfOthersThanZero:
      let largest = scores.max() ?? 0
      return Self.normalized(
        scores.map { abs($0) > 1e-7 ? RealMath.exp($0 - largest) : $0 * RealMath.exp(-largest) })
    }
  }

  /// The scores of two classes, of which only the second has one: the first has what is missing to 1, or the opposite
  /// where scores are `signed`.
  ///
  /// - Throws: `Refusal` for transforms that nothing defines here, and that runtimes disagree about.
  func apply(toScoreOfSecond score: Double, signed: Bool = false) throws -> [Double] {
    switch self {
    case .none: return [signed ? -score : 1 - score, score]
    case .logistic: return [RealMath.sigmoid(-score), RealMath.sigmoid(score)]
    case .softmax, .softmaxOfOthersThanZero, .probit:
      throw Refusal(.undefined, "\(rawValue) of one score for two classes")
    }
  }

  private static func normalized(_ scores: [Double]) -> [Double] {
    let sum = scores.reduce(0, +)
    return scores.map { sum == 0 ? 0.5 : $0 / sum }
  }

  /// The quantile of the normal distribution, by the closed form that runtimes use.
  private static func probit(_ score: Double) -> Double {
    let x = 2 * score - 1
    let logarithm = RealMath.log((1 - x) * (1 + x))
    let half = 2 / (3.14159 * 0.147) + 0.5 * logarithm
    let root = ((half * half - logarithm / 0.147).squareRoot() - half).squareRoot()
    return 1.41421356 * (x < 0 ? -root : root)
  }
}

/// The labels of a classifier.
enum ClassLabels {
  case numbers([Int])
  case names([ByteString])

  /// What two attributes list; `nil` where neither lists any.
  init?(_ operation: Operation, _ numbers: ByteString, _ names: ByteString) {
    if let list = operation.ints(numbers), !list.isEmpty {
      self = .numbers(list)
    } else if let list = operation.strings(names), !list.isEmpty {
      self = .names(list)
    } else {
      return nil
    }
  }

  var count: Int {
    switch self {
    case .numbers(let list): list.count
    case .names(let list): list.count
    }
  }

  /// The labels at `places`, one a sample.
  func literal(_ places: [Int], _ invocation: Invocation) throws -> TensorLiteral {
    guard places.allSatisfy({ $0 >= 0 && $0 < count }) else { throw Refusal(.undefined, "a class has no label") }
    switch self {
    case .numbers(let list): return try invocation.make(places.map { list[$0] }, [places.count])
    case .names(let list): return try invocation.make(strings: places.map { list[$0] }, [places.count])
    }
  }
}

extension [Double] {
  /// The place of the largest, the first of equal ones.
  var placeOfLargest: Int { indices.reduce(0) { self[$1] > self[$0] ? $1 : $0 } }
}

extension Invocation {
  /// Rows of scores as a matrix of `type`.
  func make(_ type: ElementType, rows: [[Double]], width: Int) throws -> TensorLiteral {
    guard rows.allSatisfy({ $0.count == width }) else { throw Refusal(.undefined, "the scores differ in number") }
    return try make(type, RealTensor([rows.count, width], Array(rows.joined())))
  }
}
