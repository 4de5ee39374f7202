import Evaluator
import IR

extension Canonicalize {
  /// Normalizations of groups of channels, which exporters spell by way of InstanceNormalization.
  static let groupPatterns: [any RewritePattern] = [RecognizeGroupNormalization()]
}

/// One GroupNormalization for the operations that it is spelled in.
///
///     %g = Reshape(%x, [2, 8, -1])                       with %x : f32[2, 32, 7, 7]
///     %n = InstanceNormalization(%g, [1, ...], [0, ...])
///     %r = Reshape(%n, [2, 32, 7, 7])
///     %m = Mul(%r, %scale)                               with %scale = constant : f32[32, 1, 1]
///     %y = Add(%m, %bias)                                with %bias = constant : f32[32, 1, 1]
///   ->
///     %y = GroupNormalization(%x, %scale, %bias) {num_groups = 8}
///
/// Conditions: the target has it with a factor a channel (opset 21); the groups are as many channels each, of the same
/// samples; the scale and the bias are constants, one a channel; no value between has another use.
struct RecognizeGroupNormalization: RewritePattern {
  static let roots: [OpDefinition] = [.add]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    for position in 0...1 {
      guard let scaled = operation.producer(position, .mul) else { continue }
      for index in 0...1 {
        guard let spelled = SpelledGroupNormalization(scaled.operand(index)),
          let scale = spelled.channelNumbers(scaled.operand(1 - index)),
          let bias = spelled.channelNumbers(operation.operand(1 - position))
        else { continue }
        guard context.rewriter.module.target.admitsGroupNormalization else {
          return .blocked("the target opset has no GroupNormalization with a factor a channel")
        }
        if let shared = operation.otherUse(of: spelled.inside + [scaled.result()]) { return .blocked(shared) }
        let vectors = try [scale, bias].map { numbers in
          try context.rewriter.insertConstant(numbers.literal, name: numbers.name, before: operation)
        }
        let normalization = try context.rewriter.insert(
          .groupNormalization, [spelled.input] + vectors, spelled.attributes, before: operation)
        try context.rewriter.replace(operation, with: normalization.presentResults)
        return .rewritten
      }
    }
    return .noMatch
  }
}

/// What InstanceNormalization makes of groups of channels that a Reshape put side by side, in the shape of `input` again.
private struct SpelledGroupNormalization {
  let input: Value
  /// The values between the input and the scale.
  let inside: [Value?]
  private let groups: Int
  private let channels: Int
  private let rank: Int
  private let epsilon: Float

  init?(_ value: Value?) {
    guard let result = value, let back = result.definingOperation, back.is(.reshape),
      let normalization = back.producer(0, .instanceNormalization), let grouping = normalization.producer(0, .reshape),
      normalization.operand(1)?.uniformConstant == 1, normalization.operand(2)?.uniformConstant == 0,
      let epsilon = normalization.float("epsilon"), let input = grouping.operand(0),
      let shape = input.tensorType?.shape, let grouped = grouping.result()?.tensorType?.shape,
      shape.count >= 3, grouped.count == 3, let restored = result.tensorType?.shape, restored.count == shape.count,
      zip(shape, restored).allSatisfy({ $0.isEqual(to: $1) == true }), shape[0].isEqual(to: grouped[0]) == true,
      let channels = shape[1].value, let groups = grouped[1].value, groups > 0,
      channels.isMultiple(of: groups)
    else { return nil }
    self.input = input
    self.groups = groups
    self.channels = channels
    self.epsilon = epsilon
    rank = shape.count
    inside = [grouping, normalization, back].map { $0.result() }
  }

  var attributes: Attributes { ["epsilon": .float(epsilon), "num_groups": .int(Int64(groups))] }

  /// A constant of one number a channel, as a vector.
  func channelNumbers(_ value: Value?) -> (literal: TensorLiteral, name: ByteString)? {
    guard let value, let literal = value.constantLiteral, literal.elementCount == channels else { return nil }
    let axis = literal.dimensions.count - (rank - 1)
    guard (0...1).contains(axis), literal.dimensions[axis] == channels else { return nil }
    return (try? TensorLiteral(literal.elementType, [channels], literal.source)).map { ($0, value.name) }
  }
}

extension OpsetVersions {
  /// Opset 18 had a factor a group.
  fileprivate var admitsGroupNormalization: Bool {
    (self[""] ?? 0) >= OpDefinition.groupNormalization.versions.last ?? .max
  }
}
