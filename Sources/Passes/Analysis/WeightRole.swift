import IR

/// What a constant is to an operation that computes with it, and how its elements divide into channels.
package struct WeightRole {
  package enum Kind: Hashable, Sendable {
    /// One factor of a matrix product or convolution.
    case factor
    /// A table from which rows are gathered.
    case table
    /// All gates of a recurrent layer.
    case gates
  }

  /// The operation, and which of its operands the constant is.
  package let user: Operation
  package let operandIndex: Int
  package let kind: Kind
  /// The axis along which each channel may have a scale of its own; `nil` where the whole tensor must have one.
  package let axis: Int?

  /// Whether rows are gathered, each of them a channel.
  package var isTable: Bool { kind == .table && axis != nil }

  /// The channels of a weight with `dimensions`. The gates of a recurrent layer are seen as a matrix of directions and
  /// gates by inputs.
  package func layout(_ dimensions: [Int]) -> ChannelLayout {
    axis.flatMap { ChannelLayout(matrix(dimensions), axis: $0) } ?? ChannelLayout(whole: dimensions.reduce(1, *))
  }

  /// The dimensions with which the weight is encoded.
  package func matrix(_ dimensions: [Int]) -> [Int] {
    guard kind == .gates, dimensions.count == 3 else { return dimensions }
    return [dimensions[0] * dimensions[1], dimensions[2]]
  }
}

extension WeightRole {
  /// One operand of one operator that is a weight.
  private struct Rule: Sendable {
    let definition: OpDefinition
    let operand: Int
    let kind: Kind
    let axis: @Sendable (Operation, _ rank: Int) -> Int?
  }

  private static let rules: [Rule] = [
    Rule(definition: .conv, operand: 1, kind: .factor) { _, _ in 0 },
    // The channels are shared by the groups.
    Rule(definition: .convTranspose, operand: 1, kind: .factor) { _, _ in 1 },
    Rule(definition: .gemm, operand: 1, kind: .factor) { user, _ in user.flag("transB") ? 0 : 1 },
    Rule(definition: .gemm, operand: 0, kind: .factor) { user, _ in user.flag("transA") ? 1 : 0 },
    Rule(definition: .matMul, operand: 1, kind: .factor) { _, rank in rank >= 2 ? rank - 1 : nil },
    Rule(definition: .matMul, operand: 0, kind: .factor) { _, rank in rank >= 2 ? rank - 2 : nil },
    Rule(definition: .gather, operand: 0, kind: .table) { user, _ in user.int("axis") == 0 ? 0 : nil },
    Rule(definition: .lstm, operand: 1, kind: .gates) { _, _ in 0 },
    Rule(definition: .lstm, operand: 2, kind: .gates) { _, _ in 0 },
    Rule(definition: .gru, operand: 1, kind: .gates) { _, _ in 0 },
    Rule(definition: .gru, operand: 2, kind: .gates) { _, _ in 0 },
    Rule(definition: .rnn, operand: 1, kind: .gates) { _, _ in 0 },
    Rule(definition: .rnn, operand: 2, kind: .gates) { _, _ in 0 },
  ]

  private static let rulesByDefinition: [ObjectIdentifier: [Rule]] = Dictionary(
    grouping: rules, by: { ObjectIdentifier($0.definition) })

  /// The role that the value at `use` plays; `nil` where it is no weight there.
  package static func role(of use: Use) -> WeightRole? {
    let candidates = rulesByDefinition[ObjectIdentifier(use.owner.definition)] ?? []
    guard let rule = candidates.first(where: { $0.operand == use.index }), let rank = use.value?.tensorType?.rank else {
      return nil
    }
    return WeightRole(user: use.owner, operandIndex: use.index, kind: rule.kind, axis: rule.axis(use.owner, rank))
  }
}

extension Value {
  /// The roles in which operations use this value directly, in the order of the uses.
  package var weightRoles: [WeightRole] { uses.compactMap { WeightRole.role(of: $0) } }

  /// Whether an operation uses this value as a weight, directly or behind operations that only move elements.
  package var isWeight: Bool {
    var frontier = [self]
    var seen: Set<Value> = [self]
    while let value = frontier.popLast() {
      for use in value.uses {
        if WeightRole.role(of: use) != nil { return true }
        guard use.index == 0, use.owner.has(.dataMovement), let result = use.owner.result(),
          seen.insert(result).inserted
        else { continue }
        frontier.append(result)
      }
    }
    return false
  }
}
