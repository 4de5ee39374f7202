import IR

/// Brings a model into a form with fewer operations: patterns, applied until none matches.
///
///     %a = Transpose(%x) {perm = [1, 0]}
///     %b = Transpose(%a) {perm = [1, 0]}
///     %c = Conv(%b, %w)
///     %d = BatchNormalization(%c, %scale, %bias, %mean, %variance)
///   ->
///     %d = Conv(%x, k * %w, %shift)
///
/// The patterns stand beside this file, a family a file, each with its conditions and with the numerics class that it
/// needs. None adds an operation, and none adds bytes beyond a constant of one element a channel or an axis.
struct Canonicalize: Pass {
  static let name = "canonicalize"
  static let summary = "applies patterns that make a model smaller, until none matches"
  static let details = """
    Removes operations that change nothing, cancels and merges those that undo or repeat each other, and folds scales and \
    shifts of channels (BatchNormalization among them) into the convolution before. Each pattern declares how far it may \
    move numbers; -numerics= sets the limit.
    """

  static let patterns: [any RewritePattern] =
    noOpPatterns + selectionPatterns + loopPatterns + sequencePatterns + targetPatterns + movementPatterns
    + transposePatterns + blockPatterns + partPatterns + splitPatterns + gatheredSplitPatterns + splitMovementPatterns
    + axisPatterns + dilationPatterns + arithmeticPatterns + quantizationPatterns + scalarPatterns + clampPatterns
    + activationPatterns + reductionPatterns + windowPatterns + channelPatterns + rmsNormalizationPatterns
    + shiftPatterns + scalePatterns + productPatterns + reshapedProductPatterns + parallelProductPatterns
    + recognitionPatterns + groupPatterns + softmaxGuardPatterns + attentionPatterns + rotationPatterns
    + recurrencePatterns

  func run(on module: Module, _ context: PassContext) throws {
    let before = context.rewriter.mutationCount
    try GreedyDriver(Self.patterns).run(on: module, context)
    if context.rewriter.mutationCount == before { context.note("nothing to do: no pattern matches") }
  }
}
