import IR

extension Canonicalize {
  /// Products of matrices.
  static let productPatterns: [any RewritePattern] = [FoldAddIntoGemm()]
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
