import IR

extension Canonicalize {
  /// Reshapes and transposes that meet once what stands between them is passed.
  static let axisPatterns: [any RewritePattern] = [
    ReshapeInsteadOfTranspose(), ReshapeBeforeTranspose(), TransposeWithoutOnes(), MeetAcrossRows(),
  ]
}

/// Reshapes where a transpose moves only axes of extent 1, and so meets another reshape.
///
///     %t = Transpose(%x) {perm = [1, 0, 2]}          with %x : f32[1, n, 768]
///     %y = Reshape(%t, [-1, 12, 64])
///   ->
///     %r = Reshape(%x, [-1, 1, 768])
///     %y = Reshape(%r, [-1, 12, 64])
///
/// Conditions: a constant can say the shape; the operand is a reshape's result, or the one use is a reshape.
struct ReshapeInsteadOfTranspose: RewritePattern {
  static let roots: [OpDefinition] = [.transpose]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let source = operation.operand(0),
      source.definingOperation?.isReshape == true && source.hasOneUse
        || operation.result()?.onlyUse?.owner.isReshape == true
    else { return .noMatch }
    return try context.reshapeInsteadOfTranspose(operation)
  }
}

/// Puts axes of extent 1 in, or takes them out, before a transpose rather than after it, where they meet another reshape
/// or let two transposes meet.
///
///     %r = Reshape(%x, [-1, 12, 64])
///     %t = Transpose(%r) {perm = [1, 0, 2]}
///     %y = Reshape(%t, [1, 12, -1, 64])
///   ->
///     %r = Reshape(%x, [1, -1, 12, 64])
///     %y = Transpose(%r) {perm = [0, 2, 1, 3]}
///
/// Conditions: the last reshape changes nothing but axes of extent 1; the transpose has this one use.
struct ReshapeBeforeTranspose: RewritePattern {
  static let roots = CancelReshapes.reshapes
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let transpose = operation.producer(0, .transpose), let moved = transpose.result(),
      let result = operation.result(),
      let source = transpose.operand(0), let permutation = transpose.permutation,
      let before = moved.tensorType?.shape, let after = result.tensorType?.shape,
      let original = source.tensorType?.shape, !operation.refersToFunctionAttributes
    else { return .noMatch }
    guard let (long, kept) = before.longAxes(alikeIn: after) else { return .noMatch }
    let meetsReshape = source.definingOperation?.isReshape == true && source.hasOneUse
    let meetsTranspose = result.hasOneUse && result.uses.contains { $0.owner.is(.transpose) }
    guard meetsReshape || meetsTranspose else { return .noMatch }
    guard moved.hasOneUse else { return .blocked(transpose.otherUse(besides: operation)) }
    // Where each long axis of the result lies in the transpose's operand.
    let places = Dictionary(uniqueKeysWithValues: zip(kept, long.map { permutation[$0] }))
    let ones = after.indices.filter { places[$0] == nil }
    // Ones stay in front of the long axis that follows them, so that little moves.
    let order = ones + kept.sorted { (places[$0] ?? 0) < (places[$1] ?? 0) }
    guard let target = FixReshapeTarget.target(for: order.map { after[$0] }, of: original) else {
      return .blocked("no constant says the shape before the transpose")
    }
    let positions = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    let shape = try context.rewriter.insertConstant(
      TensorLiteral.integers(target), name: operation.operand(1)?.name ?? result.name, before: operation)
    let reshaped = try context.rewriter.insert(.reshape, [source, shape], before: operation, names: [moved.name])
    let perm = after.indices.compactMap { positions[$0].map { Int64($0) } }
    let transposed = try context.rewriter.insert(
      .transpose, reshaped.presentResults, ["perm": .ints(perm)], before: operation)
    try context.rewriter.replace(operation, with: transposed.presentResults)
    return .rewritten
  }
}

/// Leaves out a reshape that puts in or takes out axes of extent 1, where what is transposed then is reshaped anyway.
///
///     %r = Reshape(%x, [1, -1, 49, 2, 32])           with %x : f32[n, 49, 2, 32]
///     %t = Transpose(%r) {perm = [1, 3, 2, 4, 0]}
///     %y = Reshape(%t, [-1, 49, 32])
///   ->
///     %t = Transpose(%x) {perm = [0, 2, 1, 3]}
///     %y = Reshape(%t, [-1, 49, 32])
///
/// Conditions: a constant can say the last shape; nothing else uses the values between.
struct TransposeWithoutOnes: RewritePattern {
  static let roots = CancelReshapes.reshapes
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let transpose = operation.producer(0, .transpose), let moved = transpose.result(),
      let reshaped = transpose.operand(0), let reshape = reshaped.definingOperation, reshape.isReshape,
      let source = reshape.operand(0), let permutation = transpose.permutation,
      let before = source.tensorType?.shape, let between = reshaped.tensorType?.shape,
      let result = operation.result()?.tensorType?.shape, !operation.refersToFunctionAttributes
    else { return .noMatch }
    guard let (long, kept) = before.longAxes(alikeIn: between) else { return .noMatch }
    if let shared = operation.otherUse(of: [reshaped, moved]) { return .blocked(shared) }
    let places = Dictionary(uniqueKeysWithValues: zip(kept, long))
    let order = before.indices.filter { before[$0] == .known(1) } + permutation.compactMap { places[$0] }
    guard order.count == before.count, let target = FixReshapeTarget.target(for: result, of: order.map { before[$0] })
    else { return .blocked("no constant says the shape") }
    let transposed = try context.rewriter.insertValue(
      .transpose, [source], ["perm": .ints(order.map { Int64($0) })], before: operation, name: moved.name)
    try context.reshape(transposed, to: target, at: operation)
    return .rewritten
  }
}

/// Works on rows before they are counted otherwise, so that two reshapes meet.
///
///     %r = Reshape(%x, [-1, 1, 768])                 with %x : f32[1, n, 768]
///     %m = MatMul(%r, %w)                            with %w : f32[768, 512]
///     %y = Reshape(%m, [-1, 8, 64])
///   ->
///     %m = MatMul(%x, %w)
///     %y = Reshape(%m, [-1, 8, 64])
///
/// The same for transposes that leave the last axis where it is, and with Add, Mul and others beside a vector, and
/// operators of one element in between; where these are all there is, also across reshapes of the last axis. Conditions: each value between has one use.
struct MeetAcrossRows: RewritePattern {
  static let roots: [OpDefinition] = CancelReshapes.reshapes + [.transpose]
  static let numerics = Numerics.exact

  /// Longer chains are not walked.
  private static let mostRows = 8

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let operand = operation.operand(0), !operation.refersToFunctionAttributes else { return .noMatch }
    var chain: [(operation: Operation, index: Int)] = []
    var current = operand
    while chain.count < Self.mostRows, current.hasOneUse, let row = current.definingOperation,
      let index = row.rowOperand,
      let next = row.operand(index)
    {
      chain.append((row, index))
      current = next
    }
    guard !chain.isEmpty, current.hasOneUse, let first = current.definingOperation, let source = first.operand(0),
      let before = source.tensorType?.shape, let shape = current.tensorType?.shape, !first.refersToFunctionAttributes
    else { return .noMatch }
    let isFree = chain.allSatisfy { $0.operation.treatsElementsAlike(beside: $0.index) }
    guard isFree || before.count > 1 && shape.count > 1 && before.last?.isEqual(to: shape[shape.count - 1]) == true
    else { return .noMatch }
    if operation.is(.transpose) {
      guard first.is(.transpose), let inner = first.permutation, let outer = operation.permutation,
        inner.last == inner.count - 1, inner.count == outer.count
      else { return .noMatch }
      let rows = try repeated(chain.reversed(), on: source, before: operation, context)
      let perm = outer.map { Int64(inner[$0]) }
      let transposed = try context.rewriter.insert(.transpose, [rows], ["perm": .ints(perm)], before: operation)
      try context.rewriter.replace(operation, with: transposed.presentResults)
      return .rewritten
    }
    guard first.isReshape || first.is(.transpose) && first.permutation?.movesOnlyOnes(of: before) == true else {
      return .noMatch
    }
    let rowShape = isFree ? before : before.dropLast() + (operand.tensorType?.shape?.suffix(1) ?? [])
    guard let result = operation.result()?.tensorType?.shape,
      let target = FixReshapeTarget.target(for: result, of: rowShape)
    else { return .blocked("no constant says the result's shape") }
    let rows = try repeated(chain.reversed(), on: source, before: operation, context)
    try context.reshape(rows, to: target, at: operation)
    return .rewritten
  }

  /// The operations of `chain`, one after the other, done to `value`.
  private func repeated(
    _ chain: [(operation: Operation, index: Int)], on value: Value, before anchor: Operation, _ context: PassContext
  ) throws -> Value {
    var value = value
    for (row, index) in chain {
      var operands = row.operands
      operands[index] = value
      let copy = try context.rewriter.insert(
        row.definition, operands, row.attributes, before: anchor, names: row.presentResults.map(\.name))
      copy.location.name = row.location.name
      guard let result = copy.result() else { return value }
      value = result
    }
    return value
  }
}

extension Operation {
  /// The operand whose rows (the elements along its last axis) this operation treats each alone and alike, whatever the
  /// axes before are; `nil` where it is no such operation.
  fileprivate var rowOperand: Int? {
    guard results.count == 1, !refersToFunctionAttributes, let rank = result()?.tensorType?.rank else { return nil }
    if self.is(.matMul) {
      guard operand(1)?.tensorType?.rank == 2, operand(1)?.constantLiteral != nil else { return nil }
      return 0
    }
    if self.is(.layerNormalization) || self.is(.softmax) || self.is(.logSoftmax) {
      return axis(rankOf: result()) == rank - 1 && int("axis").map { $0 < 0 } == true ? 0 : nil
    }
    guard has([.pure, .elementwise]), !has(.random) else { return nil }
    if operandCount == 1 { return 0 }
    guard operandCount == 2, Self.rowwise.contains(where: { self.is($0) }) else { return nil }
    for index in 0...1 {
      guard let other = operand(1 - index), other.constantLiteral != nil, let otherRank = other.tensorType?.rank,
        otherRank <= 1, operand(index)?.constantLiteral == nil, let rows = operand(index),
        result()?.certainlyHasShape(of: rows) == true
      else { continue }
      return index
    }
    return nil
  }

  /// Whether all elements of the operand at `index` are treated alike, wherever they are.
  fileprivate func treatsElementsAlike(beside index: Int) -> Bool {
    guard has([.pure, .elementwise]), !has(.random) else { return false }
    return operands.enumerated().allSatisfy { $0 == index || $1 == nil || $1?.constantLiteral?.elementCount == 1 }
  }

  private static let rowwise: [OpDefinition] = [.add, .div, .max, .min, .mul, .pow, .sub]
}

extension Shape {
  /// The axes of this and of `other` that are longer than 1, or may be, where they are the same; else `nil`.
  fileprivate func longAxes(alikeIn other: Shape) -> (own: [Int], others: [Int])? {
    let own = indices.filter { self[$0] != .known(1) }
    let others = other.indices.filter { other[$0] != .known(1) }
    guard own.count == others.count, zip(own, others).allSatisfy({ self[$0].isEqual(to: other[$1]) == true }) else {
      return nil
    }
    return (own, others)
  }
}

extension [Int] {
  /// Whether a transpose by this permutation keeps the order of all axes of `shape` that may be longer than 1.
  func movesOnlyOnes(of shape: Shape) -> Bool {
    let long = filter { shape.indices.contains($0) && shape[$0] != .known(1) }
    return count == shape.count && long == long.sorted() && self != Array(indices)
  }
}

extension PassContext {
  /// Puts a Reshape of `value` by the constant `target` in the place of `operation`.
  func reshape(_ value: Value, to target: [Int], at operation: Operation) throws {
    let name = operation.operand(1)?.name ?? operation.result()?.name ?? "shape"
    let shape = try rewriter.insertConstant(TensorLiteral.integers(target), name: name, before: operation)
    let reshaped = try rewriter.insert(.reshape, [value, shape], before: operation)
    try rewriter.replace(operation, with: reshaped.presentResults)
  }
}
