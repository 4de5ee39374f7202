import IR

extension Canonicalize {
  /// Operations that hand on their first operand as it is.
  static let noOpPatterns: [any RewritePattern] = [
    RemoveIdentity(), RemoveUnchangedType(), RemoveInferenceDropout(), RemoveUnchangedShape(), RemoveFlatReshape(),
    RemoveIdentityTranspose(), RemoveZeroPad(), RemoveFullSlice(), RemoveTileByOnes(), RemoveLoneOperand(),
    RemoveWholeSplit(), RemoveUnboundedClip(), RemoveReductionOfNothing(), RemoveWholeScatter(),
  ]
}

/// `%y = Identity(%x)` is `%x`.
struct RemoveIdentity: ForwardingPattern {
  static let roots: [OpDefinition] = [.identity]

  func source(of operation: Operation) -> Value? { operation.operand(0) }
}

/// `%y = Cast(%x) {to = 1}` is `%x` where that is of f32 already; so is CastLike.
struct RemoveUnchangedType: ForwardingPattern {
  static let roots: [OpDefinition] = [.cast, .castLike]

  func source(of operation: Operation) -> Value? {
    guard let source = operation.operand(0), let type = source.tensorType?.elementType,
      operation.result()?.tensorType?.elementType == type
    else { return nil }
    return source
  }
}

/// `%y, _ = Dropout(%x)` is `%x` outside training, where nothing uses the mask.
struct RemoveInferenceDropout: ForwardingPattern {
  static let roots: [OpDefinition] = [.dropout]

  func source(of operation: Operation) -> Value? {
    if let training = operation.operand(2) {
      guard (try? training.constantLiteral?.uniformNumber()) == 0 else { return nil }
    }
    return operation.operand(0)
  }
}

/// `%y = Reshape(%x, %s)` is `%x` where the two have the same shape; so are Flatten, Squeeze, Unsqueeze and Expand.
struct RemoveUnchangedShape: ForwardingPattern {
  static let roots: [OpDefinition] = [.expand, .flatten, .reshape, .squeeze, .unsqueeze]

  func source(of operation: Operation) -> Value? {
    guard let source = operation.operand(0), operation.result()?.certainlyHasShape(of: source) == true else {
      return nil
    }
    return source
  }
}

/// `%y = Reshape(%x, [-1, 512])` is `%x` of type `f32[?, 512]`: all axes but one are known to stay, and not empty, so
/// the number of elements says that the last one stays too.
struct RemoveFlatReshape: ForwardingPattern {
  static let roots: [OpDefinition] = [.flatten, .reshape]

  func source(of operation: Operation) -> Value? {
    guard let source = operation.operand(0), let before = source.tensorType?.shape,
      let after = operation.result()?.tensorType?.shape, before.count == after.count
    else { return nil }
    let others = before.indices.filter { before[$0].value == nil || before[$0] != after[$0] }
    guard others.count == 1, before.indices.allSatisfy({ others.contains($0) || before[$0] != .known(0) }) else {
      return nil
    }
    return before[others[0]].isEqual(to: after[others[0]]) == false ? nil : source
  }
}

/// `%y = Transpose(%x) {perm = [0, 1, 2]}` is `%x`.
struct RemoveIdentityTranspose: ForwardingPattern {
  static let roots: [OpDefinition] = [.transpose]

  func source(of operation: Operation) -> Value? {
    guard let permutation = operation.permutation, permutation == Array(permutation.indices) else { return nil }
    return operation.operand(0)
  }
}

/// `%y = Pad(%x, [0, 0, 0, 0])` is `%x`.
struct RemoveZeroPad: ForwardingPattern {
  static let roots: [OpDefinition] = [.pad]

  func source(of operation: Operation) -> Value? {
    guard operation.operand(1)?.constantIntegers?.allSatisfy({ $0 == 0 }) == true else { return nil }
    return operation.operand(0)
  }
}

/// `%y = Slice(%x, %starts, %ends, %axes)` is `%x` where steps are 1 and no axis gets shorter.
struct RemoveFullSlice: ForwardingPattern {
  static let roots: [OpDefinition] = [.slice]

  func source(of operation: Operation) -> Value? {
    if let steps = operation.operand(4) {
      guard steps.constantIntegers?.allSatisfy({ $0 == 1 }) == true else { return nil }
    }
    guard let source = operation.operand(0), operation.result()?.certainlyHasShape(of: source) == true else {
      return nil
    }
    return source
  }
}

/// `%y = Tile(%x, [1, 1])` is `%x`.
struct RemoveTileByOnes: ForwardingPattern {
  static let roots: [OpDefinition] = [.tile]

  func source(of operation: Operation) -> Value? {
    guard operation.operand(1)?.constantIntegers?.allSatisfy({ $0 == 1 }) == true else { return nil }
    return operation.operand(0)
  }
}

/// `%y = Concat(%x)` is `%x`; so are Max, Mean, Min and Sum of one operand.
struct RemoveLoneOperand: ForwardingPattern {
  static let roots: [OpDefinition] = [.concat, .max, .mean, .min, .sum]

  func source(of operation: Operation) -> Value? { operation.operandCount == 1 ? operation.operand(0) : nil }
}

/// `%y = Split(%x)` with one result is `%x`.
struct RemoveWholeSplit: ForwardingPattern {
  static let roots: [OpDefinition] = [.split]

  func source(of operation: Operation) -> Value? { operation.results.count == 1 ? operation.operand(0) : nil }
}

/// `%y = Clip(%x, _, _)` is `%x`, though runtimes differ in whether an absent bound is infinite or the largest number.
struct RemoveUnboundedClip: ForwardingPattern {
  static let roots: [OpDefinition] = [.clip]
  static let numerics = Numerics.rounding

  func source(of operation: Operation) -> Value? {
    operation.operand(1) == nil && operation.operand(2) == nil ? operation.operand(0) : nil
  }
}

/// `%y = ReduceSum(%x, []) {noop_with_empty_axes = 1}` is `%x`. Not so the reductions that also map each element.
struct RemoveReductionOfNothing: ForwardingPattern {
  static let roots: [OpDefinition] = [.reduceMax, .reduceMean, .reduceMin, .reduceProd, .reduceSum]

  func source(of operation: Operation) -> Value? {
    guard operation.flag("noop_with_empty_axes") else { return nil }
    if let axes = operation.operand(1) {
      guard axes.constantIntegers?.isEmpty == true else { return nil }
    }
    return operation.operand(0)
  }
}

/// `%y = ScatterND(%x, %i, %u)` is `%u` where `%i` lists all places of `%x` in their order.
struct RemoveWholeScatter: ForwardingPattern {
  static let roots: [OpDefinition] = [.scatterND]

  func source(of operation: Operation) -> Value? {
    guard operation.string("reduction") == "none", let updates = operation.operand(2),
      operation.result()?.certainlyHasShape(of: updates) == true,
      let extents = operation.operand(0)?.tensorType?.shape, let literal = operation.operand(1)?.constantLiteral,
      let depth = literal.dimensions.last, depth > 0, depth <= extents.count,
      let covered = Array(extents[..<depth]).knownDimensions, literal.dimensions == covered + [depth],
      let indices = operation.operand(1)?.constantIntegers
    else { return nil }
    for (place, index) in indices.enumerated() {
      // The number of this axis in the place that comes next, counted row by row.
      let axis = place % depth
      let inner = covered[(axis + 1)...].reduce(1, *)
      guard index == place / depth / inner % covered[axis] else { return nil }
    }
    return updates
  }
}

extension Operation {
  /// The permutation of a Transpose: as written, or the reverse of all axes; `nil` where not even the rank is known.
  var permutation: [Int]? {
    if let written = ints("perm") { return written }
    guard attributes["perm"] == nil, let rank = operand(0)?.tensorType?.rank else { return nil }
    return (0..<rank).reversed()
  }
}
