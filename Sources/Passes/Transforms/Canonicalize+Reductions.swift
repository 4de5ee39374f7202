import Evaluator
import IR

extension Canonicalize {
  /// Reductions, and what is done to their operand or result that they could do themselves.
  static let reductionPatterns: [any RewritePattern] = [
    DropReducedAxes(), KeepReducedAxes(), ReduceInsteadOfPooling(), RecognizeLogSoftmax(), ReduceSquares(),
    ReduceMagnitudes(),
  ]
}

extension OpDefinition {
  /// The reductions that take axes as an operand.
  fileprivate static let axisReductions: [OpDefinition] = [
    .reduceL1, .reduceL2, .reduceLogSum, .reduceLogSumExp, .reduceMax, .reduceMean, .reduceMin, .reduceProd, .reduceSum,
    .reduceSumSquare,
  ]
}

extension Operation {
  /// The axes, from the front, along which a reduction goes; `nil` where they are not known.
  var reducedAxes: Set<Int>? {
    guard let rank = operand(0)?.tensorType?.rank, !refersToFunctionAttributes else { return nil }
    guard let axes = operand(1) == nil ? [] : operand(1)?.constantIntegers else { return nil }
    if axes.isEmpty { return flag("noop_with_empty_axes") ? nil : Set(0..<rank) }
    guard axes.allSatisfy({ (-rank..<rank).contains($0) }) else { return nil }
    return Set(axes.map { $0 < 0 ? $0 + rank : $0 })
  }

  /// Whether this is a reduction that takes axes as an operand, and its result has one use.
  fileprivate func isReduction(keepingAxes: Bool) -> Bool {
    OpDefinition.axisReductions.contains { self.is($0) } && reducedAxes != nil && flag("keepdims") == keepingAxes
  }
}

/// Reduces without keeping axes that are dropped anyhow.
///
///     %r = ReduceMean(%x, [2, 3]) : f32[n, 8, 1, 1]
///     %y = Flatten(%r) : f32[n, 8]
///   ->
///     %y = ReduceMean(%x, [2, 3]) {keepdims = 0} : f32[n, 8]
///
/// The same for Squeeze and Reshape. Condition: the result is what the reduction gives without the kept axes; the
/// reduction has this one use.
struct DropReducedAxes: RewritePattern {
  static let roots = CancelReshapes.reshapes
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let reduction = operation.operand(0)?.definingOperation, reduction.isReduction(keepingAxes: true),
      let shape = reduction.operand(0)?.tensorType?.shape, let axes = reduction.reducedAxes,
      let result = operation.result()?.tensorType?.shape
    else { return .noMatch }
    let dropped = shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
    guard dropped.count == result.count, dropped.isCertainly(result) else { return .noMatch }
    guard reduction.result()?.hasOneUse == true else { return .blocked(reduction.otherUse(besides: operation)) }
    var attributes = reduction.attributes
    attributes["keepdims"] = .int(0)
    let merged = try context.rewriter.insert(
      reduction.definition, reduction.operands, attributes, before: operation)
    try context.rewriter.replace(operation, with: merged.presentResults)
    return .rewritten
  }
}

/// Reduces and keeps axes that are put back anyhow: `Unsqueeze(ReduceMax(%x, [1]) {keepdims = 0}, [1])` is
/// `ReduceMax(%x, [1])`.
struct KeepReducedAxes: RewritePattern {
  static let roots = CancelReshapes.reshapes
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let reduction = operation.operand(0)?.definingOperation, reduction.isReduction(keepingAxes: false),
      let shape = reduction.operand(0)?.tensorType?.shape, let axes = reduction.reducedAxes,
      let result = operation.result()?.tensorType?.shape
    else { return .noMatch }
    let kept = shape.indices.map { axes.contains($0) ? .known(1) : shape[$0] }
    guard kept.count == result.count, kept.isCertainly(result) else { return .noMatch }
    guard reduction.result()?.hasOneUse == true else { return .blocked(reduction.otherUse(besides: operation)) }
    var attributes = reduction.attributes
    attributes["keepdims"] = nil
    let merged = try context.rewriter.insert(
      reduction.definition, reduction.operands, attributes, before: operation)
    try context.rewriter.replace(operation, with: merged.presentResults)
    return .rewritten
  }
}

/// Reduces instead of pooling and flattening.
///
///     %p = GlobalAveragePool(%x) : f32[n, 8, 1, 1]
///     %y = Flatten(%p) : f32[n, 8]
///   ->
///     %y = ReduceMean(%x, [2, 3]) {keepdims = 0} : f32[n, 8]
///
/// The same for GlobalMaxPool and ReduceMax, and for Squeeze and Reshape. Condition: the pooling has this one use.
struct ReduceInsteadOfPooling: RewritePattern {
  static let roots = CancelReshapes.reshapes
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let pooling = operation.producer(0, .globalAveragePool) ?? operation.producer(0, .globalMaxPool),
      let source = pooling.operand(0), let shape = source.tensorType?.shape, shape.count > 2,
      let result = operation.result()?.tensorType?.shape, Array(shape[..<2]).isCertainly(result)
    else { return .noMatch }
    guard pooling.result()?.hasOneUse == true else { return .blocked(pooling.otherUse(besides: operation)) }
    let axes = try context.rewriter.insertConstant(
      TensorLiteral.integers(Array(2..<shape.count)), name: "axes", before: operation)
    let reduction: OpDefinition = pooling.is(.globalMaxPool) ? .reduceMax : .reduceMean
    let reduced = try context.rewriter.insert(reduction, [source, axes], ["keepdims": .int(0)], before: operation)
    try context.rewriter.replace(operation, with: reduced.presentResults)
    return .rewritten
  }
}

/// `Log(Softmax(%x))` is `LogSoftmax(%x)`, which is finite where the logarithm of a vanished exponential was not.
struct RecognizeLogSoftmax: RewritePattern {
  static let roots: [OpDefinition] = [.log]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let softmax = operation.producer(0, .softmax), let source = softmax.operand(0) else { return .noMatch }
    guard softmax.result()?.hasOneUse == true else { return .blocked(softmax.otherUse(besides: operation)) }
    let logarithm = try context.rewriter.insert(.logSoftmax, [source], softmax.attributes, before: operation)
    try context.rewriter.replace(operation, with: logarithm.presentResults)
    return .rewritten
  }
}

/// `ReduceSum(%x * %x)` is `ReduceSumSquare(%x)`, and `Sqrt(ReduceSumSquare(%x))` is `ReduceL2(%x)`.
struct ReduceSquares: RewritePattern {
  static let roots: [OpDefinition] = [.reduceSum, .sqrt]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let inner = operation.operand(0)?.definingOperation, let source = inner.operand(0),
      let type = source.tensorType?.elementType, type == .float32 || type == .float64
    else { return .noMatch }
    let replacement: OpDefinition
    var operands: [Value?] = [source]
    var attributes = operation.attributes
    if operation.is(.sqrt), inner.is(.reduceSumSquare) {
      replacement = .reduceL2
      operands = inner.operands
      attributes = inner.attributes
    } else if operation.is(.reduceSum), inner.isSquare, operation.reducedAxes != nil {
      replacement = .reduceSumSquare
      if let axes = operation.operand(1) { operands.append(axes) }
    } else {
      return .noMatch
    }
    guard operation.operand(0)?.hasOneUse == true else { return .blocked(inner.otherUse(besides: operation)) }
    let reduction = try context.rewriter.insert(replacement, operands, attributes, before: operation)
    try context.rewriter.replace(operation, with: reduction.presentResults)
    return .rewritten
  }
}

extension Operation {
  /// Whether the result is the square of the first operand.
  var isSquare: Bool {
    if self.is(.mul) { return operandCount == 2 && operand(0) === operand(1) }
    return self.is(.pow) && operand(1)?.uniformConstant == 2 && result()?.tensorType == operand(0)?.tensorType
      && operand(0).map { result()?.certainlyHasShape(of: $0) == true } == true
  }
}

/// `ReduceSum(Abs(%x))` is `ReduceL1(%x)`.
struct ReduceMagnitudes: RewritePattern {
  static let roots: [OpDefinition] = [.reduceSum]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let magnitude = operation.producer(0, .abs), operation.reducedAxes != nil,
      let type = magnitude.operand(0)?.tensorType?.elementType, type == .float32 || type == .float64
    else { return .noMatch }
    guard magnitude.result()?.hasOneUse == true else { return .blocked(magnitude.otherUse(besides: operation)) }
    let operands = [magnitude.operand(0)] + operation.operands.dropFirst()
    let reduction = try context.rewriter.insert(.reduceL1, operands, operation.attributes, before: operation)
    try context.rewriter.replace(operation, with: reduction.presentResults)
    return .rewritten
  }
}
