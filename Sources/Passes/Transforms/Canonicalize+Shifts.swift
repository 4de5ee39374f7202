import Evaluator
import IR

extension Canonicalize {
  /// Shifts that a product nearby can take into its bias.
  static let shiftPatterns: [any RewritePattern] = [FoldChannelsIntoNextProduct()]
}

/// Folds a scale and a shift of each channel into the convolution that comes next.
///
///     %s = Sub(%x, %mean)
///     %n = Div(%s, %deviation)
///     %y = Conv(%n, %w, %b)
///   ->
///     %y = Conv(%x, %w / %deviation, %b - sum(%w * %mean / %deviation))
///
/// The same for BatchNormalization, Add and Mul, and for Gemm. Conditions: nothing is padded, for the padding would not
/// be shifted; all parameters constant; the normalization and the weight have this one use; no scaled weight overflows or
/// vanishes. Scales alone are `FoldScaleIntoNextProduct`'s.
struct FoldChannelsIntoNextProduct: RewritePattern {
  static let roots: [OpDefinition] = [.conv, .gemm]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard !operation.refersToFunctionAttributes, let normalization = operation.operand(0)?.definingOperation,
      let head = ChannelAffineOperation(normalization), let rank = head.input.tensorType?.rank,
      normalization.result().map({ $0.certainlyHasShape(of: head.input) }) == true
    else { return .noMatch }
    if let shared = operation.otherUse(of: [normalization.result()]) { return .blocked(shared) }
    guard let weight = FoldableWeight(operation.operand(1)) else {
      return .blocked(FoldableWeight.refusal(of: operation))
    }
    guard let inputs = InputChannels(of: weight.literal, operation),
      let affine = try head.affine(axis: 1, rank: rank, channels: inputs.count)
    else { return .blocked("\(normalization.place) does more than to scale and shift channels") }
    guard !affine.isScaling else { return .noMatch }
    guard !operation.pads else { return .blocked("\(operation.place) pads with zeros, which are not shifted") }
    guard operation.is(.conv) || (operation.float("alpha") == 1 && operation.float("beta") == 1),
      let bias = try Bias(operation, inputs.outputs)
    else {
      return .blocked("the bias of \(operation.place) is not constant, or scaled")
    }
    let sums = try inputs.products(of: weight.literal, with: affine.offsets, context)
    let shift = ChannelAffine(factors: [1], offsets: sums, channels: inputs.outputs)
    let factors = inputs.table.map { affine.factors[$0] }
    guard let folded = try bias.after(shift, weight.literal.elementType),
      let scaled = try affine.isShift ? weight.literal : weight.scaled(by: factors, along: inputs.layout, context)
    else { return .blocked("the folded weights would overflow or vanish") }
    try context.rewriter.setLiteral(of: weight.constant, to: scaled)
    let name = bias.value?.name ?? head.parameters.last?.name ?? "bias"
    let constant = try context.rewriter.insertConstant(folded, name: name, before: operation)
    let operands = [head.input, operation.operand(1), constant]
    let product = try context.rewriter.insert(operation.definition, operands, operation.attributes, before: operation)
    try context.rewriter.replace(operation, with: product.presentResults)
    return .rewritten
  }
}

extension Operation {
  /// Whether a convolution reads zeros beyond the borders of its input, or may do so.
  fileprivate var pads: Bool {
    guard self.is(.conv) else { return false }
    switch string("auto_pad") {
    case nil, "NOTSET": return ints("pads")?.allSatisfy { $0 == 0 } == false
    case "VALID": return false
    default: return true
    }
  }
}
