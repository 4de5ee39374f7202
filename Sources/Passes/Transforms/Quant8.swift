import IR

/// Encodes weights as int8 with a scale a channel.
///
///     %w = constant #w : f32[64, 3, 7, 7]
///     %y = Conv(%x, %w, %b)
///   ->
///     %w_int8 = constant #w_int8 : i8[64, 3, 7, 7]
///     %w_scale = constant #w_scale : f32[64]
///     %w_float = DequantizeLinear(%w_int8, %w_scale, _) {axis = 0}
///     %y = Conv(%x, %w_float, %b)
///
/// An embedding is gathered first and decoded after, row by row: Mul(Cast(Gather(int8 table)), Gather(scales)). The
/// gates of a recurrent layer are encoded as a matrix and reshaped. With `activations = dynamic`, matrix products and
/// convolutions compute in integers (see `DynamicQuantization`).
///
/// A weight is left alone where it is an output of the model, where it is small, and where the encoding would not make
/// the file smaller. A weight with several uses is encoded once. Error: |w - scale * q| <= scale * (1/2 + 2^-16), scale
/// = largest magnitude / 127 of the channel.
package struct Quant8: Pass {
  package static let name = "quant8"
  package static let summary = "stores weights as int8, with a scale a channel; weight-only: activations stay float"
  package static let details = """
    Weights of Conv, ConvTranspose, Gemm, MatMul, Gather, LSTM, GRU and RNN become int8 constants, decoded by DequantizeLinear: \
    a quarter of the size, for any runtime of opset 13. activations=float (the default) is for size: activations stay float, and a \
    runtime decodes the weights. activations=dynamic is for speed: matrix products and convolutions compute in integers, and \
    each run measures the range of their inputs.
    """
  package static let options: [PassOption<Self>] = [
    .init("activations", \.activations, "float: weight-only, for size; dynamic: integer arithmetic, for speed"),
    .init("granularity", \.granularity, "a scale for each channel, or one for the whole tensor"),
    .init("min-elements", \.minElements, in: 0..., "leave smaller weights alone"),
    .init("include", \.include, "only operations or weights whose name matches"),
    .init("exclude", \.exclude, "no operations or weights whose name matches"),
  ]
  package static let requires: [Requirement] = [.inferenceModel]

  package enum Activations: String, CaseIterable, Sendable, OptionValue {
    case float, dynamic
  }

  package enum Granularity: String, CaseIterable, Sendable, OptionValue {
    case channel, tensor
  }

  var activations = Activations.float
  var granularity = Granularity.channel
  var minElements = 1024
  var include: [Glob] = []
  var exclude: [Glob] = []

  package init() {}

  package func run(on module: Module, _ context: PassContext) throws {
    let filter = try NameFilter(include: include, exclude: exclude, in: module)
    var candidates = WeightCandidates(in: module, elementTypes: FloatWidening.sources, minElements: minElements, filter)
    {
      !$0.weightRoles.isEmpty
    }
    let granularity = try granularity(for: module, hasWeights: !candidates.eligible.isEmpty, context)
    var dynamic = DynamicQuantization(context)
    var encoded = 0
    for constant in candidates.eligible {
      guard let weight = try Int8Weight(encoding: constant, granularity, context) else {
        candidates.skip("that stay as they are")
        continue
      }
      if activations == .dynamic { try dynamic.rewriteUsers(of: weight) }
      try WeightDecoding(weight, context).rewriteUsers()
      context.rewriter.erase(constant)
      context.applied("\(weight.literal.byteCount) bytes become \(weight.byteCount)", at: weight.place)
      encoded += 1
    }
    context.count("weights stored as int8", encoded)
    if encoded == 0 {
      context.note("nothing to quantize: \(candidates.summary)")
    } else if activations == .float {
      context.note("weight-only: activations stay float")
    }
  }

  /// The granularity that the target can say: DequantizeLinear has an axis from opset 13 on. A target that nobody asked
  /// for is raised.
  private func granularity(for module: Module, hasWeights: Bool, _ context: PassContext) throws -> Granularity {
    let target = module.target[""] ?? OpCatalog.newestOpset
    guard granularity == .channel, hasWeights, target < Self.axisOpset else { return granularity }
    guard !module.isTargetPinned else {
      context.warn(
        "opset \(target) has no scale a channel: one scale a weight, at a higher error; -opset=\(Self.axisOpset) would do better"
      )
      return .tensor
    }
    context.warn(
      "the model is written at opset \(Self.axisOpset) instead of \(target), the first that has a scale a channel")
    context.rewriter.setTarget(domain: "", to: Self.axisOpset)
    return .channel
  }

  private static let axisOpset = 13
}
