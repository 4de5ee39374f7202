import Evaluator
import IR

extension Canonicalize {
  /// What transformers are made of, where the target has operators for it.
  static let attentionPatterns: [any RewritePattern] = [RecognizeAttention(), AttendWithoutRepeatedHeads()]
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

/// Attends to keys and values as they are, which each serve several heads anyhow.
///
///     %u = Unsqueeze(%k, [2])                        with %k : f32[n, 2, 7, 8]
///     %e = Expand(%u, [n, 2, 4, 7, 8])
///     %r = Reshape(%e, [n, 8, 7, 8])
///     %y = Attention(%q, %r, %s)                     with %q : f32[n, 8, 7, 8], %s as %r of %v
///   ->
///     %y = Attention(%q, %k, %v)
///
/// What is repeated may also come with the axis for it, which a reshape then takes away. Conditions: keys and values are both
/// repeated, as often, and for this alone; nothing is kept for later.
struct AttendWithoutRepeatedHeads: RewritePattern {
  static let roots: [OpDefinition] = [.attention]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let keys = operation.producer(1, .reshape).flatMap(RepeatedHeads.init),
      let values = operation.producer(2, .reshape).flatMap(RepeatedHeads.init)
    else { return .noMatch }
    guard operation.operands.dropFirst(4).allSatisfy({ $0 == nil }),
      operation.results.dropFirst().allSatisfy({ $0 == nil })
    else { return .blocked("the keys and values are kept, or those that were") }
    guard keys.times == values.times else { return .blocked("keys and values are not repeated as often") }
    if let shared = operation.otherUse(of: [operation.operand(1), operation.operand(2)]) { return .blocked(shared) }
    guard keys.isAtHand, values.isAtHand else {
      return .blocked("no constant says the shape without the axis of what is repeated")
    }
    for (index, heads) in [(1, keys), (2, values)] {
      context.rewriter.setOperand(index, of: operation, to: try heads.once(before: operation, context))
    }
    return .rewritten
  }
}

/// Heads of which each is repeated, one after the other.
private struct RepeatedHeads {
  let times: Int
  /// The heads with an axis of extent 1 after theirs, along which they are repeated.
  private let inserted: Value
  /// The heads before that axis was inserted, where it was.
  private let source: Value?
  /// Batch, heads, positions, features.
  private let shape: Shape

  init?(_ reshape: Operation) {
    guard let expand = reshape.producer(0, .expand), let inserted = expand.operand(0),
      let five = inserted.tensorType?.shape, five.count == 5, five[2] == .known(1),
      let repeated = expand.result()?.tensorType?.shape, repeated.count == 5, let times = repeated[2].value,
      let result = reshape.result()?.tensorType?.shape
    else { return nil }
    let once = [five[0], five[1], five[3], five[4]]
    guard repeated.isCertainly([five[0], five[1], .known(times), five[3], five[4]]),
      result.isCertainly([five[0], five[1] * .known(times), five[3], five[4]])
    else { return nil }
    let origin = inserted.definingOperation.flatMap { $0.isReshape ? $0.operand(0) : nil }
    source = origin.flatMap { $0.tensorType?.shape?.isCertainly(once) == true ? $0 : nil }
    (self.times, self.inserted, shape) = (times, inserted, once)
  }

  /// The constant by which a Reshape takes the inserted axis away.
  private var target: [Int]? { FixReshapeTarget.target(for: shape, of: inserted.tensorType?.shape) }

  var isAtHand: Bool { source != nil || target != nil }

  /// The heads, each once.
  func once(before anchor: Operation, _ context: PassContext) throws -> Value? {
    if let source { return source }
    guard let target else { return nil }
    let list = try context.rewriter.insertConstant(
      TensorLiteral.integers(target), name: inserted.name, before: anchor)
    return try context.rewriter.insertValue(.reshape, [inserted, list], before: anchor, name: inserted.name)
  }
}
