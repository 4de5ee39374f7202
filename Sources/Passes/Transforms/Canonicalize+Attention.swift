import Evaluator
import IR

extension Canonicalize {
  /// What transformers are made of, where the target has operators for it.
  static let attentionPatterns: [any RewritePattern] = [RecognizeAttention(), RecognizeRMSNormalization()]
}

/// One Attention for the operations that it is spelled in.
///
///     %t = Transpose(%k) {perm = [0, 1, 3, 2]}
///     %m = MatMul(%q, %t)
///     %s = Mul(%m, 0.125)
///     %a = Add(%s, %mask)
///     %p = Softmax(%a)
///     %y = MatMul(%p, %v)
///   ->
///     %y = Attention(%q, %k, %v, %mask) {scale = 0.125}
///
/// The scale and the mask may be absent. Conditions: the target has it; single precision; queries, keys and values of
/// rank 4 with the same batch and heads; the mask has the keys along its last axis; no value between has another use.
struct RecognizeAttention: RewritePattern {
  static let roots: [OpDefinition] = [.matMul]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let spelled = SpelledAttention(operation) else { return .noMatch }
    guard context.rewriter.module.target.admits(.attention) else {
      return .blocked("the target opset has no Attention")
    }
    if let shared = operation.otherUse(of: spelled.between) { return .blocked(shared) }
    guard spelled.fits else { return .blocked("heads are broadcast, or the mask is") }
    var keys = spelled.transposed
    let permutation = spelled.permutation
    if permutation != Array(permutation.indices) {
      keys = try context.rewriter.insertValue(
        .transpose, [keys], ["perm": .ints(permutation.map { Int64($0) })], before: operation, name: keys.name)
    }
    var operands: [Value?] = [spelled.queries, keys, spelled.values]
    if let mask = spelled.mask { operands.append(mask) }
    let attention = try context.rewriter.insert(
      .attention, operands, ["scale": .float(Float(spelled.scale))], before: operation)
    try context.rewriter.replace(operation, with: attention.presentResults)
    return .rewritten
  }
}

/// `Softmax(scale * queries . keys + mask) . values`.
private struct SpelledAttention {
  let queries: Value
  let values: Value
  private(set) var mask: Value?
  private(set) var scale = 1.0
  /// The keys are this, transposed by `permutation`.
  let transposed: Value
  let permutation: [Int]
  private let keyShape: Shape
  private(set) var between: [Value] = []

  init?(_ product: Operation) {
    guard let softmax = product.producer(0, .softmax), let weights = softmax.result(), let values = product.operand(1),
      softmax.axis(rankOf: weights) == 3, weights.tensorType?.rank == 4,
      weights.tensorType?.elementType == .float32, var scores = softmax.operand(0)
    else { return nil }
    between = [weights, scores]
    if let sum = scores.definingOperation, sum.is(.add), sum.operandCount == 2 {
      guard let index = (0...1).first(where: { Self.isScore(sum.operand($0)) }), let inner = sum.operand(index),
        scores.certainlyHasShape(of: inner)
      else { return nil }
      mask = sum.operand(1 - index)
      scores = inner
      between.append(inner)
    }
    if let scaling = scores.definingOperation, scaling.is(.mul) || scaling.is(.div) {
      guard let (inner, number) = scaling.operandAndUniformConstant, scaling.is(.mul) || scaling.operand(0) === inner,
        number > 0, number.isFinite
      else { return nil }
      scale = scaling.is(.mul) ? number : 1 / number
      scores = inner
      between.append(inner)
    }
    guard let dot = scores.definingOperation, dot.is(.matMul), let queries = dot.operand(0),
      let keys = dot.operand(1), let shape = keys.tensorType?.shape, shape.count == 4,
      let transpose = keys.definingOperation, transpose.is(.transpose), let source = transpose.operand(0),
      let permutation = transpose.permutation, permutation.count == 4
    else { return nil }
    (self.queries, self.values) = (queries, values)
    transposed = source
    self.permutation = [0, 1, 3, 2].map { permutation[$0] }
    keyShape = [0, 1, 3, 2].map { shape[$0] }
  }

  /// Whether `value` is a product of two matrices, scaled or not.
  private static func isScore(_ value: Value?) -> Bool {
    guard let operation = value?.definingOperation else { return false }
    if operation.is(.matMul) { return true }
    guard operation.is(.mul) || operation.is(.div) else { return false }
    return operation.operandAndUniformConstant?.operand.definingOperation?.is(.matMul) == true
  }

  /// Whether all have the same batch and heads, and the mask a number for each key.
  var fits: Bool {
    guard let q = queries.tensorType?.shape, let v = values.tensorType?.shape, q.count == 4, v.count == 4,
      (0...1).allSatisfy({ q[$0].isEqual(to: keyShape[$0]) == true && q[$0].isEqual(to: v[$0]) == true }),
      q[3].isEqual(to: keyShape[3]) == true, v[2].isEqual(to: keyShape[2]) == true
    else { return false }
    guard let mask else { return true }
    guard let type = mask.tensorType, type.elementType == .float32, let shape = type.shape,
      (2...4).contains(shape.count)
    else { return false }
    let full = [q[0], q[1], q[2], keyShape[2]].suffix(shape.count)
    return shape.last?.isEqual(to: keyShape[2]) == true
      && zip(shape, full).dropLast().allSatisfy { $0 == .known(1) || $0.isEqual(to: $1) == true }
  }
}

/// One RMSNormalization for the operations that it is spelled in.
///
///     %p = Pow(%x, 2)
///     %m = ReduceMean(%p, [-1])
///     %e = Add(%m, epsilon)
///     %s = Sqrt(%e)
///     %n = Div(%x, %s)
///     %y = Mul(%n, %scale)
///   ->
///     %y = RMSNormalization(%x, %scale) {axis = -1, epsilon = epsilon}
///
/// Conditions: the target has it; a mean along the last axis; the scale is a vector as long as that; no value between has
/// another use.
struct RecognizeRMSNormalization: RewritePattern {
  static let roots: [OpDefinition] = [.mul]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard operation.operandCount == 2 else { return .noMatch }
    for index in 0...1 {
      guard let quotient = operation.producer(index, .div), let scale = operation.operand(1 - index),
        let input = quotient.operand(0), let root = quotient.producer(1, .sqrt), let sum = root.producer(0, .add),
        let (mean, epsilon) = sum.operandAndUniformConstant, epsilon > 0, let reduction = mean.definingOperation,
        reduction.is(.reduceMean), reduction.isMeanOfLastAxis, let square = reduction.operand(0)?.definingOperation,
        square.isSquare, square.operand(0) === input
      else { continue }
      guard context.rewriter.module.target.admits(.rmsNormalization) else {
        return .blocked("the target opset has no RMSNormalization")
      }
      guard let type = input.tensorType, type.elementType == .float32, let length = type.shape?.last,
        scale.tensorType?.rank == 1, scale.tensorType?.shape?[0].isEqual(to: length) == true
      else { return .blocked("the scale is no vector along the last axis") }
      if let shared = operation.otherUse(of: [quotient, root, sum, reduction, square].map { $0.result() }) {
        return .blocked(shared)
      }
      let normalization = try context.rewriter.insert(
        .rmsNormalization, [input, scale], ["axis": .int(-1), "epsilon": .float(Float(epsilon))], before: operation)
      try context.rewriter.replace(operation, with: normalization.presentResults)
      return .rewritten
    }
    return .noMatch
  }
}
