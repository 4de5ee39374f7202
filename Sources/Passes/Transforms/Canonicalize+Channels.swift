import Evaluator
import IR

extension Canonicalize {
  /// Scales and shifts of channels, folded into the operation before.
  static let channelPatterns: [any RewritePattern] = [
    FoldChannelsIntoConvolution(), FoldChannelsIntoProduct(), FoldChannelsIntoNormalization(),
  ]
}

/// Folds a scale and a shift of each channel into the convolution before.
///
///     %c = Conv(%x, %w, %b)
///     %y = BatchNormalization(%c, %scale, %bias, %mean, %variance)
///   ->
///     %y = Conv(%x, k * %w, k * %b + d)         k = %scale / sqrt(%variance + epsilon), d = %bias - k * %mean
///
/// The same for Mul, Div, Add and Sub with a constant that has one element a channel or one in all, and for
/// ConvTranspose. Conditions: outside training; all parameters constant; the convolution has this one use, and its
/// weight too; no scaled weight overflows, and none vanishes. The weight is scaled when it is written, not copied.
/// Numerics: `rounding`; where the convolution alone would overflow, the folded one may not.
struct FoldChannelsIntoConvolution: RewritePattern {
  static let roots = ChannelAffineOperation.definitions
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let tail = ChannelAffineOperation(operation), let convolution = tail.input.definingOperation,
      convolution.is(.conv) || convolution.is(.convTranspose), !convolution.refersToFunctionAttributes
    else { return .noMatch }
    guard tail.input.hasOneUse else { return .blocked(convolution.otherUse(besides: operation)) }
    guard let weight = FoldableWeight(convolution.operand(1)) else {
      return .blocked(FoldableWeight.refusal(of: convolution))
    }
    guard let layout = Self.channels(of: weight.literal, convolution), let bias = try Bias(convolution, layout.count)
    else { return .blocked("the bias of \(convolution.place) is not constant") }
    guard let affine = try tail.affine(axis: 1, rank: weight.literal.dimensions.count, channels: layout.count) else {
      return .blocked("it does more than to scale and shift channels")
    }
    let factors = layout.table.map { affine.factors[$0] }
    guard let folded = try bias.after(affine, weight.literal.elementType),
      let scaled = try affine.isShift ? weight.literal : weight.scaled(by: factors, along: layout.elements, context)
    else { return .blocked("the folded weights would overflow or vanish") }
    let constants = FoldedConstants(
      weight: scaled, bias: bias.value == nil && tail.onlyScales ? nil : folded,
      biasName: bias.value?.name ?? tail.parameters.last?.name ?? operation.definition.name)
    try constants.replace(convolution, weight, at: operation, context)
    return .rewritten
  }

  /// How the channels of the output lie in the weight.
  private struct OutputChannels {
    let count: Int
    let elements: ChannelLayout
    /// The output channel of each channel of `elements`.
    let table: [Int]
  }

  private static func channels(of weight: TensorLiteral, _ convolution: Operation) -> OutputChannels? {
    let dimensions = weight.dimensions
    guard dimensions.count >= 3, let group = convolution.int("group"), group > 0 else { return nil }
    if convolution.is(.conv) {
      guard let layout = ChannelLayout(dimensions, axis: 0) else { return nil }
      return OutputChannels(count: dimensions[0], elements: layout, table: Array(0..<dimensions[0]))
    }
    // [inputs, outputs / group, kernel ...]: the block of inputs tells the group.
    let (inputs, outputs) = (dimensions[0], dimensions[1])
    guard inputs > 0, inputs.isMultiple(of: group),
      let layout = ChannelLayout([inputs * outputs] + dimensions[2...], axis: 0)
    else { return nil }
    let table = (0..<inputs * outputs).map { $0 / outputs / (inputs / group) * outputs + $0 % outputs }
    return OutputChannels(count: outputs * group, elements: layout, table: table)
  }
}

/// Folds a scale and a shift of each column into the matrix product before.
///
///     %c = Gemm(%x, %w, %b)
///     %y = Mul(%c, %k)
///   ->
///     %y = Gemm(%x, %w * %k, %b * %k)
///
/// The same for BatchNormalization, Div, Add and Sub after a Gemm, and for Mul and Div after a MatMul whose right
/// operand is a constant matrix. Conditions and numerics as for convolutions; Gemm's beta is 1.
struct FoldChannelsIntoProduct: RewritePattern {
  static let roots = ChannelAffineOperation.definitions
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let tail = ChannelAffineOperation(operation), let product = tail.input.definingOperation,
      product.is(.gemm) || product.is(.matMul), !product.refersToFunctionAttributes
    else { return .noMatch }
    guard tail.input.hasOneUse else { return .blocked(product.otherUse(besides: operation)) }
    guard let weight = FoldableWeight(product.operand(1)), weight.literal.dimensions.count == 2,
      let rank = tail.input.tensorType?.rank
    else { return .blocked(FoldableWeight.refusal(of: product)) }
    let axis = product.flag("transB") ? 0 : 1
    let columns = weight.literal.dimensions[axis]
    guard let affine = try tail.affine(axis: rank - 1, rank: rank, channels: columns),
      let layout = ChannelLayout(weight.literal.dimensions, axis: axis)
    else { return .blocked("it does more than to scale and shift columns") }
    guard product.is(.gemm) || tail.onlyScales, let bias = try Bias(product, columns) else {
      return .blocked("\(product.place) has no place for the shift")
    }
    guard let folded = try bias.after(affine, weight.literal.elementType),
      let scaled = try affine.isShift ? weight.literal : weight.scaled(by: affine.factors, along: layout, context)
    else { return .blocked("the folded weights would overflow or vanish") }
    let constants = FoldedConstants(
      weight: scaled, bias: bias.value == nil && tail.onlyScales ? nil : folded,
      biasName: bias.value?.name ?? tail.parameters.last?.name ?? operation.definition.name)
    try constants.replace(product, weight, at: operation, context)
    return .rewritten
  }
}

/// Folds a scale and a shift of each channel into the batch normalization before.
///
///     %a = BatchNormalization(%x, %scale, %bias, %mean, %variance)
///     %y = Mul(%a, %k)
///   ->
///     %y = BatchNormalization(%x, %scale * %k, %bias * %k, %mean, %variance)
///
/// Conditions: outside training; all parameters constant; the normalization has this one use.
struct FoldChannelsIntoNormalization: RewritePattern {
  static let roots = ChannelAffineOperation.definitions
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let tail = ChannelAffineOperation(operation),
      let normalization = tail.input.definingOperation, normalization.is(.batchNormalization)
    else { return .noMatch }
    guard tail.input.hasOneUse else { return .blocked(normalization.otherUse(besides: operation)) }
    guard ChannelAffineOperation(normalization) != nil else {
      return .blocked("the parameters of \(normalization.place) are not constant")
    }
    guard let rank = tail.input.tensorType?.rank, let scale = normalization.operand(1),
      let bias = normalization.operand(2),
      let scales = try scale.constantLiteral?.realNumbers(), let biases = try bias.constantLiteral?.realNumbers(),
      let type = scale.tensorType?.elementType, scales.count == biases.count,
      let affine = try tail.affine(axis: 1, rank: rank, channels: scales.count)
    else { return .blocked("it does more than to scale and shift channels") }
    let newScales = try TensorLiteral.of(zip(scales, affine.factors).map { $0 * $1 }, type, [scales.count])
    let newBiases = try TensorLiteral.of(
      biases.indices.map { biases[$0] * affine.factors[$0] + affine.offsets[$0] }, type, [scales.count])
    guard try newScales.realNumbers()?.allSatisfy(\.isFinite) == true,
      try newBiases.realNumbers()?.allSatisfy(\.isFinite) == true
    else { return .blocked("the folded parameters would overflow") }
    var operands = normalization.operands
    operands[1] = try context.rewriter.insertConstant(newScales, name: scale.name, before: operation)
    operands[2] = try context.rewriter.insertConstant(newBiases, name: bias.name, before: operation)
    let merged = try context.rewriter.insert(
      .batchNormalization, operands, normalization.attributes, before: operation)
    try context.rewriter.replace(operation, with: merged.presentResults)
    return .rewritten
  }
}
