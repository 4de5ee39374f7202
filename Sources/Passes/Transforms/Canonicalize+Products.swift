import Evaluator
import IR

extension Canonicalize {
  /// Products of matrices.
  static let productPatterns: [any RewritePattern] = [FoldAddIntoGemm(), MultiplyRowsDirectly()]
}

/// Adds while multiplying.
///
///     %a = MatMul(%x, %w)
///     %y = Add(%a, %b)
///   ->
///     %y = Gemm(%x, %w, %b)
///
/// The same for a Gemm that adds nothing yet. Conditions: matrices of rank 2, of floating-point numbers (no runtime has
/// a Gemm of integers); the sum has the product's shape; the product has this one use.
struct FoldAddIntoGemm: RewritePattern {
  static let roots: [OpDefinition] = [.add]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    for position in 0...1 {
      guard let product = operation.producer(position, .matMul) ?? operation.producer(position, .gemm),
        product.operand(2) == nil, let product = product.result(), let definition = product.definingOperation,
        let addend = operation.operand(1 - position), let type = product.tensorType
      else { continue }
      guard ElementTypes.float.contains(type.elementType), Self.areMatrices(definition),
        definition.is(.matMul) || definition.float("beta") == 1
      else { continue }
      guard product.hasOneUse else { return .blocked("\(definition.place) has another use") }
      guard let rank = addend.tensorType?.rank, rank <= 2, operation.result()?.certainlyHasShape(of: product) == true
      else { return .blocked("the sum may be larger than the product") }
      let operands = [definition.operand(0), definition.operand(1), addend]
      let gemm = try context.rewriter.insert(.gemm, operands, definition.attributes, before: operation)
      try context.rewriter.replace(operation, with: gemm.presentResults)
      return .rewritten
    }
    return .noMatch
  }

  private static func areMatrices(_ product: Operation) -> Bool {
    (0...1).allSatisfy { product.operand($0)?.tensorType?.rank == 2 }
  }
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
/// transposed, it is constant and has this one use: it is turned when it is written. The product and its operand have
/// one use.
struct MultiplyRowsDirectly: RewritePattern {
  static let roots = CancelReshapes.reshapes
  static let numerics = Numerics.rounding

  /// Turned weights are made as a whole before they are written.
  private static let largestWeight = 64 << 20

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let gemm = operation.producer(0, .gemm), let rows = gemm.operand(0), let reshape = rows.definingOperation,
      CancelReshapes.reshapes.contains(where: { reshape.is($0) }), let source = reshape.operand(0),
      let shape = source.tensorType?.shape, shape.count > 1, let result = operation.result()?.tensorType?.shape
    else { return .noMatch }
    guard let depth = rows.tensorType?.shape?.last, shape.last?.isEqual(to: depth) == true,
      result.count == shape.count,
      zip(shape.dropLast(), result.dropLast()).allSatisfy({ $0.isEqual(to: $1) == true }),
      result.last?.isEqual(to: gemm.result()?.tensorType?.shape?.last ?? .unknown) == true
    else { return .noMatch }
    guard rows.hasOneUse, gemm.result()?.hasOneUse == true else { return .blocked("a value between has another use") }
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
}
