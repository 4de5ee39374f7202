import Evaluator
import IR

extension Canonicalize {
  /// Products of matrices.
  static let productPatterns: [any RewritePattern] = [
    FoldAddIntoGemm(), FoldTransposeIntoGemm(), MultiplyInsteadOfEinsum(),
  ]
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
      guard product.hasOneUse else { return .blocked(definition.otherUse(besides: operation)) }
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

/// Transposes a matrix while multiplying.
///
///     %t = Transpose(%x) {perm = [1, 0]}
///     %y = Gemm(%t, %w, %b)
///   ->
///     %y = Gemm(%x, %w, %b) {transA = 1}
///
/// The same for the right operand, for a MatMul, which becomes a Gemm, and for a constant that would be transposed when it is
/// written: it stays as its file has it. Conditions: matrices of floating-point numbers; the transpose has this one use.
struct FoldTransposeIntoGemm: RewritePattern {
  static let roots: [OpDefinition] = [.gemm, .matMul]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard !operation.refersToFunctionAttributes, operation.operand(0)?.tensorType?.rank == 2,
      operation.operand(1)?.tensorType?.rank == 2
    else { return .noMatch }
    for (index, attribute) in (["transA", "transB"] as [ByteString]).enumerated() {
      guard let operand = operation.operand(index), let transpose = operand.definingOperation,
        let type = operand.tensorType?.elementType
      else { continue }
      let stored = transpose.literal?.untransposed
      guard transpose.is(.transpose) && transpose.permutation == [1, 0] || stored != nil else { continue }
      guard ElementTypes.float.contains(type) else { return .blocked("no runtime has a Gemm of \(type.rawValue)") }
      guard operand.hasOneUse else { return .blocked(transpose.otherUse(besides: operation)) }
      var operands = operation.operands
      operands[index] =
        try stored.map { try context.rewriter.insertConstant($0, name: operand.name, before: operation) }
        ?? transpose.operand(0)
      var attributes = operation.attributes
      let isTransposed = operation.is(.gemm) && operation.flag(attribute)
      attributes[attribute] = isTransposed ? nil : .int(1)
      let gemm = try context.rewriter.insert(.gemm, operands, attributes, before: operation)
      try context.rewriter.replace(operation, with: gemm.presentResults)
      return .rewritten
    }
    return .noMatch
  }
}

/// `Einsum(%x, %y) {equation = "bij,bjk->bik"}` is `MatMul(%x, %y)`, and `Einsum(%x) {equation = "ij->ji"}` is
/// `Transpose(%x)`: what other patterns know.
///
/// Conditions: the letters before the last two are the same in all, or absent in the right operand, and stand for equal
/// extents.
struct MultiplyInsteadOfEinsum: RewritePattern {
  static let roots: [OpDefinition] = [.einsum]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let text = operation.string("equation"), let equation = try? EinsumEquation(text),
      !(equation.operands.joined() + equation.result).contains(.ellipsis),
      equation.operands.count == operation.operandCount,
      equation.operands.allSatisfy({ Set($0).count == $0.count }),
      let type = operation.operand(0)?.tensorType?.elementType, ElementTypes.float.contains(type)
    else { return .noMatch }
    let replacement: Operation
    if equation.operands.count == 1, equation.operands[0].count == equation.result.count {
      let places = equation.result.compactMap { equation.operands[0].firstIndex(of: $0) }
      guard places.count == equation.result.count else { return .noMatch }
      replacement = try context.rewriter.insert(
        .transpose, operation.operands, ["perm": .ints(places.map { Int64($0) })], before: operation)
    } else {
      guard Self.isProduct(equation), Self.batchesAreEqual(operation, equation) else { return .noMatch }
      replacement = try context.rewriter.insert(.matMul, operation.operands, before: operation)
    }
    try context.rewriter.replace(operation, with: replacement.presentResults)
    return .rewritten
  }

  private static func isProduct(_ equation: EinsumEquation) -> Bool {
    guard equation.operands.count == 2, equation.result.count >= 2 else { return false }
    let (left, right, result) = (equation.operands[0], equation.operands[1], equation.result)
    guard left.count == result.count, right.count >= 2, left.dropLast() == result.dropLast(),
      left.last == right[right.count - 2], right.last == result.last, left.last != result.last
    else { return false }
    let batch = right.dropLast(2)
    return batch.isEmpty || batch == left.dropLast(2)
  }

  /// Whether no extent of 1 is broadcast where the equation and MatMul might see it differently.
  private static func batchesAreEqual(_ operation: Operation, _ equation: EinsumEquation) -> Bool {
    guard let left = operation.operand(0)?.tensorType?.shape, let right = operation.operand(1)?.tensorType?.shape,
      left.count == equation.operands[0].count, right.count == equation.operands[1].count
    else { return false }
    let batch = right.dropLast(2)
    return zip(left, batch).allSatisfy { $0.isEqual(to: $1) == true }
      && left[left.count - 1].isEqual(to: right[right.count - 2]) == true
  }
}
