import IR

extension Canonicalize {
  /// Products of one matrix with several.
  static let parallelProductPatterns: [any RewritePattern] = [MergeParallelProducts(), AddEqualProducts()]
}

/// Multiplies once instead of once for each of queries, keys and values.
///
///     %q = Add(MatMul(%x, %wq), %bq)
///     %k = Add(MatMul(%x, %wk), %bk)
///     %v = Add(MatMul(%x, %wv), %bv)
///   ->
///     %m = MatMul(%x, [%wq %wk %wv])
///     %a = Add(%m, [%bq %bk %bv])
///     %q, %k, %v = Split(%a, [768, 768, 768]) {axis = -1}
///
/// The same without the sums. Conditions: constant matrices and vectors, each with this one use; the products have no
/// other use than the sums, and are not taken apart into steps, each direction of a recurrent network for itself; there are
/// fewer operations afterwards. The weights are joined when they are written.
struct MergeParallelProducts: RewritePattern {
  static let roots: [OpDefinition] = [.matMul]
  static let numerics = Numerics.rounding

  /// Values with more uses are not looked at.
  private static let mostUses = 64
  /// Joined weights are made as a whole before they are written.
  private static let largestWeight = 64 << 20

  private struct Branch {
    let product: Operation
    let weight: TensorLiteral
    let sum: (operation: Operation, bias: TensorLiteral)?

    /// The last value.
    var end: Operation { sum?.operation ?? product }
  }

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let source = operation.operand(0), source.constantLiteral == nil, source.useCount > 1,
      source.useCount <= Self.mostUses, let first = Self.branch(operation), let rank = source.tensorType?.rank, rank > 1
    else { return .noMatch }
    var branches: [Branch] = []
    for use in source.uses where use.index == 0 && use.owner.is(.matMul) && use.owner.parent === operation.parent {
      guard let branch = Self.branch(use.owner), (branch.sum == nil) == (first.sum == nil),
        branch.weight.dimensions[0] == first.weight.dimensions[0],
        branch.weight.elementType == first.weight.elementType, !branch.end.isTakenApartInSteps
      else { continue }
      branches.append(branch)
    }
    branches.sort { $0.product.isBefore($1.product) }
    let isGain = first.sum == nil ? branches.count > 2 : branches.count > 1
    guard branches.first?.product === operation, isGain else { return .noMatch }
    guard branches.reduce(0, { $0 + $1.weight.byteCount }) <= Self.largestWeight else {
      return .blocked("the joined weights would be too large")
    }
    guard let weight = try TensorLiteral.joining(branches.map(\.weight), along: 1) else { return .noMatch }
    let biases = branches.compactMap { $0.sum?.bias }
    guard let bias = try biases.isEmpty ? weight : TensorLiteral.joining(biases, along: 0) else { return .noMatch }
    try merge(branches, of: source, axis: rank - 1, weight: weight, bias: biases.isEmpty ? nil : bias, context)
    return .rewritten
  }

  private func merge(
    _ branches: [Branch], of source: Value, axis: Int, weight: TensorLiteral, bias: TensorLiteral?,
    _ context: PassContext
  ) throws {
    let anchor = branches[0].product
    let rewriter = context.rewriter
    let joined = try rewriter.insertConstant(
      weight, name: anchor.operand(1)?.name ?? "weights", before: anchor)
    var value = try rewriter.insertValue(
      .matMul, [source, joined], before: anchor, name: anchor.result()?.name ?? "product")
    if let bias {
      let constant = try rewriter.insertConstant(bias, name: "biases", before: anchor)
      value = try rewriter.insertValue(
        .add, [value, constant], before: anchor, name: branches[0].end.result()?.name ?? "sum")
    }
    let sizes = try rewriter.insertConstant(
      TensorLiteral.integers(branches.map { $0.weight.dimensions[1] }), name: "parts", before: anchor)
    let split = try rewriter.insert(
      .split, [value, sizes], ["axis": .int(Int64(axis))], before: anchor, resultCount: branches.count)
    for (branch, part) in zip(branches, split.presentResults) {
      try rewriter.replace(branch.end, with: [part])
      if branch.end !== branch.product { rewriter.erase(branch.product) }
    }
  }

  private static func branch(_ product: Operation) -> Branch? {
    guard let weight = FoldableWeight(product.operand(1)), weight.literal.dimensions.count == 2,
      let result = product.result()
    else { return nil }
    let columns = weight.literal.dimensions[1]
    if let sum = result.onlyUse?.owner, sum.is(.add), sum.operandCount == 2,
      sum.parent === product.parent
    {
      for index in 0...1 {
        guard let operand = sum.operand(index), operand.hasOneUse, let bias = operand.constantLiteral,
          bias.dimensions == [columns], sum.operand(1 - index) === result
        else { continue }
        return Branch(product: product, weight: weight.literal, sum: (sum, bias))
      }
    }
    return Branch(product: product, weight: weight.literal, sum: nil)
  }
}

/// `%x * %w + %x * %w` is `%x * (2 * %w)`: a product that is added to itself is doubled in its weight.
struct AddEqualProducts: RewritePattern {
  static let roots: [OpDefinition] = [.add]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard operation.operandCount == 2, let product = operation.producer(0, .matMul), let result = product.result(),
      operation.operand(1) === result
    else { return .noMatch }
    if let shared = operation.otherUse(of: [result]) { return .blocked(shared) }
    guard let weight = FoldableWeight(product.operand(1)), weight.literal.dimensions.count == 2,
      let layout = ChannelLayout(weight.literal.dimensions, axis: 1)
    else { return .blocked(FoldableWeight.refusal(of: product)) }
    let doubled = Array(repeating: 2.0, count: layout.channels)
    guard let scaled = try weight.scaled(by: doubled, along: layout, context) else {
      return .blocked("the doubled weights would overflow")
    }
    try context.rewriter.setLiteral(of: weight.constant, to: scaled)
    try context.rewriter.replace(operation, with: [result], takingNames: false)
    return .rewritten
  }
}

extension Operation {
  /// Whether everything that uses the result cuts its first axis, as the steps of an unrolled recurrent network do.
  fileprivate var isTakenApartInSteps: Bool {
    guard let result = result(), result.hasUses else { return false }
    return result.uses.allSatisfy { use in
      use.index == 0
        && (ConstantSlice(use.owner)?.axes == [0] || use.owner.is(.split) && use.owner.axis(rankOf: result) == 0)
    }
  }
}
