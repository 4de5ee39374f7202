import IR

/// A convolution with what follows it and needs nothing else: a BatchNormalization, a Relu, or the one after the other.
/// Nobody sees what lies between.
struct FusedConvolution {
  let finish: ChannelFinish
  /// The operations that need not be run.
  let followers: [Operation]
  /// What the last of them gives.
  let result: Value

  /// `nil` where nothing follows that could be computed at once.
  init?(_ convolution: Operation) {
    guard convolution.is(.conv), var result = convolution.result() else { return nil }
    var followers: [Operation] = []
    func follower(_ definition: OpDefinition) -> Operation? {
      guard let use = result.onlyUse, use.index == 0, use.owner.is(definition), use.owner.parent === convolution.parent,
        use.owner.presentResults.count == 1, !use.owner.refersToFunctionAttributes
      else { return nil }
      return use.owner
    }
    var scaling: (factors: [Float], addends: [Float]) = ([], [])
    if let normalization = follower(.batchNormalization), let known = Self.scaling(normalization),
      let normalized = normalization.result()
    {
      (scaling, result) = (known, normalized)
      followers.append(normalization)
    }
    let rectifier = follower(.relu)
    if let rectifier, let rectified = rectifier.result() {
      result = rectified
      followers.append(rectifier)
    }
    guard !followers.isEmpty else { return nil }
    finish = ChannelFinish(factors: scaling.factors, addends: scaling.addends, rectifies: rectifier != nil)
    self.followers = followers
    self.result = result
  }

  /// What a BatchNormalization by constants multiplies each channel by, and what it adds.
  private static func scaling(_ normalization: Operation) -> ([Float], [Float])? {
    let parameters = (1...4).compactMap { index -> [Float]? in
      guard let literal = normalization.operand(index)?.constantLiteral, literal.elementType == .float32 else {
        return nil
      }
      return (try? literal.realNumbers())?.map { Float($0) }
    }
    guard parameters.count == 4, Set(parameters.map(\.count)).count == 1, !normalization.flag("training_mode"),
      let epsilon = normalization.float("epsilon")
    else { return nil }
    let factors = zip(parameters[0], parameters[3]).map { $0 / ($1 + epsilon).squareRoot() }
    let addends = parameters[1].indices.map { parameters[1][$0] - parameters[2][$0] * factors[$0] }
    return (factors, addends)
  }
}
