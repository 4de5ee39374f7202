import IR

/// Encodes weights as int8 with a scale a channel.
///
///     %w = constant #w : f32[64, 3, 7, 7]
///     %y = Conv(%x, %w, %b)
///   ->
///     %w_int8 = constant #w_int8 : i8[64, 3, 7, 7]
///     %w_scale = constant #w_scale : f32[64]
///     %w = DequantizeLinear(%w_int8, %w_scale, _) {axis = 0}
///     %y = Conv(%x, %w, %b)
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
    let isWholeOnly = module.isTargetPinned && target(of: module) < Opset.scaleOfChannel.rawValue
    var needed: Set<Opset> = []
    var dynamic = DynamicQuantization(context)
    var encoded = 0
    for constant in candidates.eligible where context.mayRewrite {
      let isTable = constant.result()?.isTableOnly ?? false
      guard let weight = try Int8Weight(encoding: constant, isWholeOnly && !isTable ? .tensor : granularity, context)
      else {
        candidates.skip("that stay as they are")
        continue
      }
      if activations == .dynamic, try dynamic.rewriteUsers(of: weight) { needed.insert(.dynamic) }
      if try WeightDecoding(weight, context).rewriteUsers() {
        needed.insert(weight.axis == nil ? .scaleOfTensor : .scaleOfChannel)
      }
      context.rewriter.erase(constant)
      context.applied("\(weight.literal.byteCount) bytes become \(weight.byteCount)", at: weight.place)
      encoded += 1
    }
    if isWholeOnly, granularity == .channel, needed.contains(.scaleOfTensor) {
      context.warn(
        "opset \(target(of: module)) has no scale a channel: one scale a weight, at a higher error; "
          + "-opset=\(Opset.scaleOfChannel.rawValue) would do better")
    }
    if let needed = needed.max() { raiseTarget(of: module, to: needed, context) }
    context.count("weights stored as int8", encoded)
    if encoded == 0 {
      context.note("nothing to quantize: \(candidates.summary)")
    } else if activations == .float {
      context.note("weight-only: activations stay float")
    }
  }

  private func target(of module: Module) -> Int { module.target[""] ?? OpCatalog.newestOpset }

  /// Raises a target that nobody asked for to what the encoding needs.
  private func raiseTarget(of module: Module, to needed: Opset, _ context: PassContext) {
    let target = target(of: module)
    guard target < needed.rawValue, !module.isTargetPinned else { return }
    context.warn(
      "the model is written at opset \(needed.rawValue) instead of \(target), the first that has \(needed.novelty)")
    context.rewriter.setTarget(domain: "", to: needed.rawValue)
  }

  /// The opsets of ONNX from which on an encoding can be said.
  private enum Opset: Int, Comparable {
    case scaleOfTensor = 10
    case dynamic = 11
    case scaleOfChannel = 13

    /// What this opset has and the one before has not.
    var novelty: String {
      switch self {
      case .scaleOfTensor: "int8 weights"
      case .dynamic: "DynamicQuantizeLinear"
      case .scaleOfChannel: "a scale a channel"
      }
    }

    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }
}

extension Value {
  /// Whether rows are gathered from this value, and nothing else is done with it.
  fileprivate var isTableOnly: Bool { weightRoles.count { $0.isTable } == useCount }
}
