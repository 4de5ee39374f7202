import IR

extension Canonicalize {
  /// Normalizations by root mean squares, where the target has an operator for them.
  static let rmsNormalizationPatterns: [any RewritePattern] = [RecognizeRMSNormalization(), ScaleRMSNormalization()]
}

/// One RMSNormalization for the operations that it is spelled in.
///
///     %p = Pow(%x, 2)
///     %m = ReduceMean(%p, [-1])
///     %e = Add(%m, epsilon)
///     %s = Sqrt(%e)
///     %y = Div(%x, %s)
///   ->
///     %y = RMSNormalization(%x, 1) {axis = -1, epsilon = epsilon}
///
/// Conditions: the target has it; single precision; a mean along the last axis, whose extent is known; no value between has
/// another use.
struct RecognizeRMSNormalization: RewritePattern {
  static let roots: [OpDefinition] = [.div]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let input = operation.operand(0), let root = operation.producer(1, .sqrt), let sum = root.producer(0, .add),
      let (mean, epsilon) = sum.operandAndUniformConstant, epsilon > 0, let reduction = mean.definingOperation,
      reduction.is(.reduceMean), reduction.isMeanOfLastAxis, let square = reduction.operand(0)?.definingOperation,
      square.isSquare, square.operand(0) === input, input.tensorType?.elementType == .float32
    else { return .noMatch }
    guard context.rewriter.module.target.admits(.rmsNormalization) else {
      return .blocked("the target opset has no RMSNormalization")
    }
    guard let length = input.tensorType?.shape?.last?.value, length > 0 else {
      return .blocked("the extent of the last axis is not known")
    }
    if let shared = operation.otherUse(of: [root, sum, reduction, square].map { $0.result() }) {
      return .blocked(shared)
    }
    let number = withUnsafeBytes(of: Float(1).bitPattern.littleEndian) { Array($0) }
    let one = try TensorLiteral(.float32, [length], .splat(number))
    let scale = try context.rewriter.insertConstant(one, name: "scale", before: operation)
    let normalization = try context.rewriter.insert(
      .rmsNormalization, [input, scale], ["axis": .int(-1), "epsilon": .float(Float(epsilon))], before: operation)
    try context.rewriter.replace(operation, with: normalization.presentResults)
    return .rewritten
  }
}

/// Scales while it normalizes.
///
///     %n = RMSNormalization(%x, 1) {axis = -1}
///     %y = Mul(%n, %scale)                           with %x : f32[n, 7, 32] and %scale : f32[32]
///   ->
///     %y = RMSNormalization(%x, %scale) {axis = -1}
///
/// Conditions: along the last axis; what is normalized has this one use.
struct ScaleRMSNormalization: RewritePattern {
  static let roots: [OpDefinition] = [.mul]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard operation.operandCount == 2 else { return .noMatch }
    for index in 0...1 {
      guard let normalization = operation.producer(index, .rmsNormalization), let scale = operation.operand(1 - index),
        normalization.operand(1)?.uniformConstant == 1
      else { continue }
      guard let input = normalization.operand(0), let rank = input.tensorType?.rank,
        normalization.axis(rankOf: input) == rank - 1, scale.tensorType?.rank == 1,
        let length = input.tensorType?.shape?.last, scale.tensorType?.shape?[0].isEqual(to: length) == true
      else { return .blocked("the scale is no vector along the last axis") }
      guard normalization.result()?.hasOneUse == true else {
        return .blocked(normalization.otherUse(besides: operation))
      }
      let scaled = try context.rewriter.insert(
        .rmsNormalization, [input, scale], normalization.attributes, before: operation)
      try context.rewriter.replace(operation, with: scaled.presentResults)
      return .rewritten
    }
    return .noMatch
  }
}
