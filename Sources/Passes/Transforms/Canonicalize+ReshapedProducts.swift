import IR

extension Canonicalize {
  /// Products whose operands are counted otherwise, only to be multiplied.
  static let reshapedProductPatterns: [any RewritePattern] = [MultiplyRowsDirectly(), MultiplyBatchesDirectly()]
}

/// Multiplies rows where they are, instead of counting them otherwise for a Gemm.
///
///     %r = Reshape(%x, [-1, 768])                    with %x : f32[batch, n, 768]
///     %g = Gemm(%r, %w, %b)
///     %y = Reshape(%g, [-1, n, 512])
///   ->
///     %m = MatMul(%x, %w)
///     %y = Add(%m, %b)
///
/// Conditions: the second reshape undoes the first; a constant bias of one element a column; where the weight is stored
/// transposed, it is constant and has this one use: it is turned when it is written. The product has one use, and so
/// has its operand, or all its uses are such products: those of queries, keys and values.
struct MultiplyRowsDirectly: RewritePattern {
  static let roots = CancelReshapes.reshapes
  static let numerics = Numerics.rounding

  /// Turned weights are made as a whole before they are written.
  private static let largestWeight = 64 << 20
  /// Rows with more uses are not looked at.
  private static let mostUses = 64

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let gemm = operation.producer(0, .gemm), let rows = gemm.operand(0),
      let source = Self.source(of: rows), Self.undoes(operation, gemm, source)
    else { return .noMatch }
    if let shared = operation.otherUse(of: [gemm.result()]) { return .blocked(shared) }
    guard rows.useCount <= Self.mostUses, rows.uses.allSatisfy({ Self.isUndone($0.owner, source) }) else {
      return .blocked(rows.definingOperation?.otherUse(besides: gemm) ?? "its rows have another use")
    }
    guard !gemm.flag("transA"), gemm.float("alpha") == 1, gemm.float("beta") == 1, var weight = gemm.operand(1) else {
      return .blocked("\(gemm.place) scales or transposes its operand")
    }
    if let bias = gemm.operand(2) {
      guard bias.constantLiteral != nil, bias.tensorType?.rank == 1 else {
        return .blocked("the bias of \(gemm.place) is no constant vector")
      }
    }
    if gemm.flag("transB") {
      guard let stored = FoldableWeight(weight), stored.literal.dimensions.count == 2,
        stored.literal.byteCount <= Self.largestWeight
      else { return .blocked("the weight of \(gemm.place) cannot be turned") }
      weight = try context.rewriter.insertConstant(
        stored.literal.transposedMatrix(), name: weight.name, before: operation)
    }
    let name = gemm.result()?.name ?? "product"
    var value = try context.rewriter.insertValue(.matMul, [source, weight], before: operation, name: name)
    if let bias = gemm.operand(2) {
      value = try context.rewriter.insertValue(.add, [value, bias], before: operation, name: name)
    }
    try context.rewriter.replace(operation, with: [value])
    return .rewritten
  }

  /// What the rows of a matrix were before they were counted as one axis.
  private static func source(of rows: Value) -> Value? {
    guard let reshape = rows.definingOperation, reshape.isReshape,
      let source = reshape.operand(0), let shape = source.tensorType?.shape, shape.count > 1,
      let depth = rows.tensorType?.shape?.last, shape.last?.isEqual(to: depth) == true
    else { return nil }
    return source
  }

  /// Whether a reshape of the product has the axes of `source` again, but for the last.
  private static func undoes(_ reshape: Operation, _ product: Operation, _ source: Value) -> Bool {
    guard let shape = source.tensorType?.shape, let result = reshape.result()?.tensorType?.shape,
      shape.dropLast().isCertainly(result.dropLast())
    else { return false }
    return result.last?.isEqual(to: product.result()?.tensorType?.shape?.last ?? .unknown) == true
  }

  /// Whether all that becomes of rows is a product that is reshaped to the axes of `source` again.
  private static func isUndone(_ user: Operation, _ source: Value) -> Bool {
    guard user.is(.gemm), let product = user.result(), product.useCount <= 1 else { return false }
    return product.uses.allSatisfy { $0.owner.isReshape && undoes($0.owner, user, source) }
  }
}

/// Multiplies batches where they are, instead of counting them as one axis.
///
///     %p = Reshape(%a, [-1, n, 64])                  with %a : f32[batch, heads, n, 64]
///     %q = Reshape(%b, [-1, 64, m])                  with %b : f32[batch, heads, 64, m]
///     %y = MatMul(%p, %q)
///   ->
///     %m = MatMul(%a, %b)
///     %y = Reshape(%m, [-1, n, m])
///
/// A reshape that only undoes the other two goes as well. Conditions: the axes before the last two are the same in both
/// operands, but for axes of extent 1 before the others; the reshapes have this one use.
struct MultiplyBatchesDirectly: RewritePattern {
  static let roots: [OpDefinition] = [.matMul]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let left = Self.source(of: operation.operand(0)), let right = Self.source(of: operation.operand(1)),
      let result = operation.result(), let shape = result.tensorType?.shape,
      let batches = Self.batches(left, right)
    else { return .noMatch }
    if let shared = operation.otherUse(of: [operation.operand(0), operation.operand(1)]) { return .blocked(shared) }
    let direct = batches + shape.suffix(2)
    if let user = Self.undoing(result, to: direct) {
      let product = try context.rewriter.insert(.matMul, [left, right], before: operation)
      try context.rewriter.replace(user, with: product.presentResults)
      return .rewritten
    }
    guard let target = FixReshapeTarget.target(for: shape, of: direct) else {
      return .blocked("two extents of the result are not known, or one is 0")
    }
    let product = try context.rewriter.insertValue(.matMul, [left, right], before: operation, name: result.name)
    let constant = try context.rewriter.insertConstant(
      TensorLiteral.integers(target), name: result.name, before: operation)
    let reshaped = try context.rewriter.insert(.reshape, [product, constant], before: operation)
    try context.rewriter.replace(operation, with: reshaped.presentResults)
    return .rewritten
  }

  /// What a batch of matrices was before its batches were counted as one axis.
  private static func source(of batches: Value?) -> Value? {
    guard let shape = batches?.tensorType?.shape, shape.count == 3, let reshape = batches?.definingOperation,
      reshape.isReshape, let source = reshape.operand(0),
      let before = source.tensorType?.shape, before.count > 3,
      before.suffix(2).isCertainly(shape.suffix(2))
    else { return nil }
    return source
  }

  /// The axes before the last two of the product of two values.
  private static func batches(_ left: Value, _ right: Value) -> Shape? {
    guard let a = left.tensorType?.shape?.dropLast(2), let b = right.tensorType?.shape?.dropLast(2) else { return nil }
    let (long, short) = a.count >= b.count ? (a, b) : (b, a)
    guard long.suffix(short.count).isCertainly(short),
      long.dropLast(short.count).allSatisfy({ $0 == .known(1) })
    else { return nil }
    return Shape(long)
  }

  /// The reshape to `shape`, where it is all that becomes of the product.
  private static func undoing(_ product: Value, to shape: Shape) -> Operation? {
    guard let use = product.onlyUse, use.index == 0, use.owner.isReshape,
      let result = use.owner.result()?.tensorType?.shape, result.isCertainly(shape)
    else { return nil }
    return use.owner
  }
}
