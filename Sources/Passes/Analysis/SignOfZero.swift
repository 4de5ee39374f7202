import IR

extension Value {
  /// Whether the graph returns the same bits if zeros of this value have the other sign.
  ///
  /// Followed through operations that turn such zeros into zeros at most, up to those that make the same of both, as a
  /// Softmax does, or a sum with a constant: `-0 + c` is `+0 + c` unless `c` is -0 itself.
  var isSignOfZeroIgnored: Bool {
    var found: Set<Value> = [self]
    var pending = [self]
    var uses = 0
    while let value = pending.popLast() {
      uses += value.useCount
      guard uses <= Self.mostUses else { return false }
      for use in value.uses {
        let user = use.owner
        guard user.parent === parent, !user.refersToFunctionAttributes else { return false }
        if user.ignoresSignOfZero(at: use.index) { continue }
        guard user.carriesSignOfZero(at: use.index) else { return false }
        pending += user.presentResults.filter { found.insert($0).inserted }
      }
    }
    return true
  }

  /// No more uses are looked at.
  private static let mostUses = 1024
}

extension Operation {
  /// Whether all results are the same for either zero of an operand.
  fileprivate func ignoresSignOfZero(at operand: Int) -> Bool {
    if Self.blind.contains(where: { self.is($0) }) { return true }
    if self.is(.cast) {
      return result()?.tensorType.map { ElementTypes.integer.contains($0.elementType) || $0.elementType == .bool }
        ?? false
    }
    if self.is(.add) { return self.operand(1 - operand)?.isConstantWithout(.minusZero) == true }
    if self.is(.sub) {
      return self.operand(1 - operand)?.isConstantWithout(operand == 0 ? .plusZero : .minusZero) == true
    }
    if self.is(.gemm) {
      return operand < 2 && float("beta") == 1 && self.operand(2)?.isConstantWithout(.minusZero) == true
    }
    if self.is(.batchNormalization), flag("training_mode") { return false }
    guard Self.biased.contains(where: { self.is($0) }), operand < 2 else { return false }
    return presentResults.count == 1 && self.operand(2)?.isConstantWithout(.minusZero) == true
  }

  /// Whether results differ in the signs of zeros at most where those of an operand do.
  fileprivate func carriesSignOfZero(at operand: Int) -> Bool {
    if self.is(.div) { return operand == 0 }
    // The root of a variance divides.
    if self.is(.batchNormalization) && operand == 4 { return false }
    if self.is(.cast) { return result()?.tensorType.map { ElementTypes.float.contains($0.elementType) } ?? false }
    return Self.carrying.contains { self.is($0) }
  }

  private static let blind: [OpDefinition] = [
    .abs, .argMax, .argMin, .cos, .cosh, .equal, .exp, .greater, .greaterOrEqual, .hardSigmoid, .isInf, .isNaN, .less,
    .lessOrEqual, .log, .logSoftmax, .reduceL1, .reduceL2, .reduceLogSum, .reduceLogSumExp, .reduceSumSquare, .sigmoid,
    .softmax, .softplus,
  ]

  /// Those whose third operand is added to each element of the result.
  private static let biased: [OpDefinition] = [
    .batchNormalization, .conv, .convTranspose, .groupNormalization, .instanceNormalization, .layerNormalization,
  ]

  private static let carrying: [OpDefinition] =
    biased + [
      .add, .attention, .averagePool, .ceil, .celu, .clip, .concat, .cumSum, .depthToSpace, .dropout, .einsum, .elu,
      .erf, .expand, .flatten, .floor, .gather, .gatherElements, .gatherND, .gelu, .gemm, .globalAveragePool,
      .globalMaxPool, .hardSwish, .identity, .leakyRelu, .lrn, .matMul, .max, .maxPool, .mean, .min, .mish, .mul, .neg,
      .pad, .prelu, .reduceMax, .reduceMean, .reduceMin, .reduceSum, .relu, .reshape, .resize, .rmsNormalization,
      .rotaryEmbedding, .round, .scatterElements, .scatterND, .selu, .sign, .sin, .slice, .softsign, .spaceToDepth,
      .split, .sqrt, .squeeze, .sub, .sum, .swish, .tanh, .tile, .transpose, .trilu, .unsqueeze, .where,
    ]
}

extension Value {
  fileprivate enum Zero {
    case plusZero
    case minusZero
  }

  /// Whether this is a constant of floating-point numbers, not too large to be looked at, none of which is that zero.
  fileprivate func isConstantWithout(_ zero: Zero) -> Bool {
    guard let literal = constantLiteral, ElementTypes.float.contains(literal.elementType),
      let width = literal.elementType.bitWidth, width >= 16, literal.elementCount <= literal.elementsPerWindow
    else { return false }
    let last: UInt8 = zero == .plusZero ? 0 : 0x80
    let size = width / 8
    let isFree = try? literal.withWindow(0..<literal.elementCount) { bytes in
      stride(from: 0, to: bytes.count, by: size).allSatisfy { start in
        let element = bytes[start..<start + size]
        return element.last != last || element.dropLast().contains { $0 != 0 }
      }
    }
    return isFree ?? false
  }
}
