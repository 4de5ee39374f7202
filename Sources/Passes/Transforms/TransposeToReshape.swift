import IR

/// Says a transpose that moves only axes of extent 1 as a reshape, which moves no element.
///
///     %y = Transpose(%x) {perm = [0, 3, 1, 2]}       with %x : f32[n, 28, 28, 1]
///   ->
///     %y = Reshape(%x, [-1, 1, 28, 28])
///
/// Runtimes copy a transposed tensor and leave a reshaped one where it is. A transpose can meet others and cancel, which is
/// why `canonicalize` leaves it.
struct TransposeToReshape: Pass {
  static let name = "transpose-to-reshape"
  static let summary = "says transposes that move no element as reshapes"
  static let details = """
    A transpose that changes the place of nothing but axes of extent 1 is a reshape, as those of images with one channel \
    are. Run it when no more transposes are to cancel each other.
    """

  func run(on module: Module, _ context: PassContext) throws {
    let before = context.rewriter.mutationCount
    try GreedyDriver([ReshapeInsteadOfAnyTranspose()]).run(on: module, context)
    if context.rewriter.mutationCount == before { context.note("nothing to do: no transpose can be said as a reshape") }
  }
}

/// The rewrite of `TransposeToReshape`. Condition: a constant can say the shape.
struct ReshapeInsteadOfAnyTranspose: RewritePattern {
  static let roots: [OpDefinition] = [.transpose]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    try context.reshapeInsteadOfTranspose(operation)
  }
}

extension PassContext {
  /// Puts a Reshape in the place of a Transpose that moves only axes of extent 1.
  func reshapeInsteadOfTranspose(_ transpose: Operation) throws -> Outcome {
    guard let source = transpose.operand(0), let shape = source.tensorType?.shape,
      let permutation = transpose.permutation, permutation.movesOnlyOnes(of: shape)
    else { return .noMatch }
    guard let target = FixReshapeTarget.target(for: permutation.map { shape[$0] }, of: shape) else {
      return .blocked("no constant says the transposed shape")
    }
    try reshape(source, to: target, at: transpose)
    return .rewritten
  }
}
