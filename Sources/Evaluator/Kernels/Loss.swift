import IR

/// Losses of classifications.
enum Loss {
  static let kernels: [Kernel] = [
    Kernel(.negativeLogLikelihoodLoss, .exactForIntegers) { invocation in
      [try loss(invocation, invocation.reals(0))]
    },
    Kernel(.softmaxCrossEntropyLoss, .exactForIntegers) { invocation in
      let probabilities = try logSoftmax(invocation.reals(0))
      let loss = try loss(invocation, probabilities)
      guard invocation.operation.result(1) != nil else { return [loss] }
      return [loss, try invocation.make(invocation.operand(0).elementType, probabilities)]
    },
  ]

  /// Over the classes, which are axis 1.
  private static func logSoftmax(_ scores: RealTensor) throws -> RealTensor {
    guard scores.dimensions.count >= 2 else { throw Refusal(.undefined, "there are no classes") }
    let (classes, inner) = (scores.dimensions[1], scores.count(from: 2))
    var result = scores
    for sample in 0..<scores.dimensions[0] {
      for place in 0..<inner {
        let line = (0..<classes).map { (sample * classes + $0) * inner + place }
        let largest = line.reduce(-Double.infinity) { Arithmetic.larger($0, scores.elements[$1]) }
        let sum = line.reduce(0) { $0 + RealMath.exp(scores.elements[$1] - largest) }
        for at in line { result.elements[at] = scores.elements[at] - largest - RealMath.log(sum) }
      }
    }
    return result
  }

  private static func loss(_ invocation: Invocation, _ input: RealTensor) throws -> TensorLiteral {
    let targets = try invocation.wholeNumbers(1)
    let weights = try invocation.optionalReals(2)?.elements
    let operation = invocation.operation
    guard input.dimensions.count >= 2, targets.dimensions == [input.dimensions[0]] + input.dimensions[2...] else {
      throw Refusal(.undefined, "the targets do not fit the scores")
    }
    let (classes, inner) = (input.dimensions[1], input.count(from: 2))
    guard weights?.count ?? classes == classes else { throw Refusal(.undefined, "there is not one weight a class") }
    let ignored = operation.int("ignore_index")
    var losses = RealTensor(zeros: targets.dimensions)
    var weightSum = 0.0
    for (place, target) in targets.elements.enumerated() where ignored.map({ Int64($0) }) != target {
      guard target >= 0, target < classes else { throw Refusal(.undefined, "there is no class \(target)") }
      let weight = weights?[Int(target)] ?? 1
      losses.elements[place] =
        -input.elements[(place / inner * classes + Int(target)) * inner + place % inner] * weight
      weightSum += weight
    }
    let type = try invocation.operand(0).elementType
    let sum = losses.elements.reduce(0, +)
    switch operation.string("reduction") ?? "mean" {
    case "none": return try invocation.make(type, losses)
    case "sum": return try invocation.make(type, RealTensor([], [sum]))
    default: return try invocation.make(type, RealTensor([], [sum / weightSum]))
    }
  }
}
