import IR

/// Sets the smallest-magnitude weights to zero.
///
///     %w = constant [0.9, -0.01, 0.4, 0.02] : f32[4]
///   ->                                                    prune{sparsity=0.5}
///     %w = constant [0.9, 0, 0.4, 0] : f32[4]
///
/// Weights are the constant operands of matrix products, convolutions, recurrent layers and embeddings, also behind
/// operations that only move elements; biases, scales, tables of positions and masks stay. Elements go in the order of
/// |w|, ties in the order of their positions; the others keep their bits. Error: with `max-error = e`, ||w - w'|| <= e
/// * ||w|| (Euclidean norms), and one more element would exceed it, but for a few millionths that the sums may be off.
/// `sparsity = s` makes exactly floor(s * n) of n elements zero, those that were zero before included.
package struct Prune: Pass {
  package static let name = "prune"
  package static let summary = "sets the smallest weights to zero"
  package static let details = """
    Weights are the constant operands of matrix products, convolutions, recurrent layers and embeddings. The smallest \
    magnitudes go first, ties by position; the others keep their bits. Without an option, prune{max-error=0.05}. Zeros save \
    nothing in a dense .onnx file, but they do in .mcb and in anything that compresses.
    """
  package static let options: [PassOption<Self>] = [
    .init("max-error", \.maxError, in: 0...1, "the norm of what is lost, at most, as a fraction of the weight's norm"),
    .init("sparsity", \.sparsity, in: 0...1, "the fraction of elements set to zero, exactly"),
    .init("threshold", \.threshold, in: 0..., "all magnitudes below it are set to zero"),
    .init("scope", \.scope, "choose the smallest of each tensor, or of all together"),
    .init("min-elements", \.minElements, in: 0..., "leave smaller weights alone"),
    .init("include", \.include, "only operations or weights whose name matches"),
    .init("exclude", \.exclude, "no operations or weights whose name matches"),
  ]
  package static let requires: [Requirement] = [.inferenceModel]

  /// What the smallest elements are chosen among.
  package enum Scope: String, CaseIterable, Sendable, OptionValue {
    case tensor, global
  }

  var maxError: Double?
  var sparsity: Double?
  var threshold: Double?
  var scope = Scope.tensor
  var minElements = 1024
  var include: [Glob] = []
  var exclude: [Glob] = []

  /// Without data or retraining a fraction of zeros costs a trained model much more than a small bounded error does.
  private static let defaultMaxError = 0.05

  package init() {}

  package func validate() throws(OptionError) {
    guard [maxError, sparsity, threshold].compactMap({ $0 }).count <= 1 else {
      throw OptionError("takes one of max-error, sparsity and threshold")
    }
  }

  package func run(on module: Module, _ context: PassContext) throws {
    let filter = try NameFilter(include: include, exclude: exclude, in: module)
    let candidates = WeightCandidates(in: module, elementTypes: FloatWidening.sources, minElements: minElements, filter)
    let weights = candidates.eligible
    guard !weights.isEmpty else { return context.note("nothing to prune: \(candidates.summary)") }
    let groups = scope == .global ? [weights] : weights.map { [$0] }
    let zeros = try groups.reduce(0) { try $0 + prune($1, context) }
    let elements = weights.reduce(0) { $0 + ($1.literal?.elementCount ?? 0) }
    context.note("\(zeros.grouped) of \(elements.grouped) elements set to zero")
  }

  /// Prunes some weights together, and returns how many elements are set to zero.
  private func prune(_ weights: [Operation], _ context: PassContext) throws -> Int {
    let literals = weights.compactMap(\.literal)
    let ranges = ChannelRangesAlongside(weights)
    let result: MagnitudeSelection.Result
    do {
      result = try MagnitudeSelection(
        literals, goal: goal(elements: literals.reduce(0) { $0 + $1.elementCount }), threads: context.threads,
        alongside: ranges.visitor(for:)
      ).run()
    } catch MagnitudeSelection.Refusal.notANumber(let index) {
      throw ModelError(
        .invalidModel, place: weights[index].place,
        "holds NaN, which has no magnitude; prune{exclude=...} leaves it out")
    }
    ranges.store(in: context.analyses)
    if let reason = reasonToKeep(result) {
      for weight in weights { context.missed(reason, at: weight) }
      return 0
    }
    var start = 0
    for (weight, literal) in zip(weights, literals) where context.mayRewrite {
      try mask(weight, literal, result, start, isWhole: weights.count == 1, context)
      start += literal.elementCount
    }
    context.count("elements set to zero", result.cut.count)
    return result.cut.count
  }

  private func reasonToKeep(_ result: MagnitudeSelection.Result) -> String? {
    if result.cut.count == 0 { return "nothing is below the budget" }
    if !result.squares.isFinite, sparsity == nil, threshold == nil { return "its norm is not finite" }
    return nil
  }

  private func goal(elements count: Int) -> MagnitudeGoal {
    if let sparsity { return .count(min(Int((sparsity * Double(count)).rounded(.down)), count)) }
    if let threshold { return .below(Float(threshold)) }
    return .relativeError(maxError ?? Self.defaultMaxError)
  }

  private func mask(
    _ weight: Operation, _ literal: TensorLiteral, _ result: MagnitudeSelection.Result, _ start: Int, isWhole: Bool,
    _ context: PassContext
  ) throws {
    let mask = MagnitudeMask(elementType: literal.elementType, cut: result.cut, start: start)
    let masked = try TensorLiteral(literal.elementType, literal.dimensions, .elementwise(mask, literal))
    try context.rewriter.setLiteral(of: weight, to: masked)
    ChannelRanges.derive(for: masked, from: literal, cut: result.cut, in: context.analyses)
    if isWhole {
      context.weightErrors.record(
        lost: result.cut.squares, left: result.squares - result.cut.squares, of: weight.result()?.name.text ?? "")
      context.applied("\(result.cut.count) of \(literal.elementCount) elements set to zero", at: weight)
    } else {
      context.applied("pruned with all others below magnitude \(Float(bitPattern: result.cut.magnitude))", at: weight)
    }
  }
}
