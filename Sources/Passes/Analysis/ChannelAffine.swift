import Evaluator
import IR

/// `factor * x + offset`, one of each a channel.
struct ChannelAffine: Hashable, Sendable {
  let factors: [Double]
  let offsets: [Double]

  var isFinite: Bool { factors.allSatisfy(\.isFinite) && offsets.allSatisfy(\.isFinite) }
  var isShift: Bool { factors.allSatisfy { $0 == 1 } }
  var isScaling: Bool { offsets.allSatisfy { $0 == 0 } }

  /// Of `channels` channels; a single one stands for all.
  init(factors: [Double], offsets: [Double], channels: Int) {
    self.factors = factors.count == 1 ? Array(repeating: factors[0], count: channels) : factors
    self.offsets = offsets.count == 1 ? Array(repeating: offsets[0], count: channels) : offsets
  }
}

/// An operation that scales and shifts the channels of one operand by constants: BatchNormalization outside training,
/// or Add, Sub, Mul or Div with a constant.
struct ChannelAffineOperation {
  /// The operators that may be one.
  static let definitions: [OpDefinition] = [.add, .batchNormalization, .div, .mul, .sub]

  let operation: Operation
  let input: Value
  /// The operands that give the factors and offsets; the last one gives offsets where any does.
  let parameters: [Value]

  /// `nil` where `operation` is something else, or its parameters are not constant.
  init?(_ operation: Operation) {
    guard !operation.refersToFunctionAttributes, let input = operation.operand(0) else { return nil }
    self.operation = operation
    if operation.is(.batchNormalization) {
      guard operation.int("training_mode") == 0,
        !operation.results.dropFirst().contains(where: { $0?.hasUses ?? false })
      else { return nil }
      self.input = input
      parameters = [3, 4, 1, 2].compactMap { operation.operand($0) }
      guard parameters.count == 4, parameters.allSatisfy({ $0.constantLiteral != nil }) else { return nil }
      return
    }
    guard Self.definitions.contains(where: { operation.is($0) }), operation.operandCount == 2,
      let other = operation.operand(1)
    else { return nil }
    let isConstant = (input.constantLiteral != nil, other.constantLiteral != nil)
    switch isConstant {
    case (false, true):
      self.input = input
      parameters = [other]
    case (true, false) where operation.has(.commutative):
      self.input = other
      parameters = [input]
    case (true, false), (true, true), (false, false): return nil
    }
  }

  /// Whether nothing is added, not even a zero: that would make +0 of -0.
  var onlyScales: Bool { operation.is(.mul) || operation.is(.div) }

  /// What the operation does to `channels` channels along `axis` of an input of `rank` axes; `nil` where it tells
  /// elements of one channel apart, enlarges its input, or the numbers are not finite.
  func affine(axis: Int, rank: Int, channels: Int) throws -> ChannelAffine? {
    let affine =
      operation.is(.batchNormalization)
      ? try normalization(axis: axis, channels: channels) : try arithmetic(axis: axis, rank: rank, channels: channels)
    guard let affine, affine.isFinite, affine.factors.count == channels, affine.offsets.count == channels else {
      return nil
    }
    return affine
  }

  private func normalization(axis: Int, channels: Int) throws -> ChannelAffine? {
    guard axis == 1, let epsilon = operation.float("epsilon") else { return nil }
    let numbers = try parameters.compactMap { try $0.constantLiteral?.realNumbers() }
    guard numbers.count == 4, numbers.allSatisfy({ $0.count == channels }) else { return nil }
    let (mean, variance, scale, bias) = (numbers[0], numbers[1], numbers[2], numbers[3])
    let factors = zip(scale, variance).map { $0 / ($1 + Double(epsilon)).squareRoot() }
    let offsets = (0..<channels).map { bias[$0] - mean[$0] * factors[$0] }
    return ChannelAffine(factors: factors, offsets: offsets, channels: channels)
  }

  private func arithmetic(axis: Int, rank: Int, channels: Int) throws -> ChannelAffine? {
    guard let literal = parameters[0].constantLiteral, literal.dimensions.count <= rank else { return nil }
    // Aligned at the end, as broadcasting does it: a constant of shape [C] lies along the last axis.
    for (index, extent) in literal.dimensions.enumerated() {
      let inputAxis = rank - literal.dimensions.count + index
      guard extent == 1 || (inputAxis == axis && extent == channels) else { return nil }
    }
    guard let numbers = try literal.realNumbers(), !numbers.isEmpty else { return nil }
    if operation.is(.add) { return ChannelAffine(factors: [1], offsets: numbers, channels: channels) }
    if operation.is(.sub) { return ChannelAffine(factors: [1], offsets: numbers.map { -$0 }, channels: channels) }
    if operation.is(.mul) { return ChannelAffine(factors: numbers, offsets: [0], channels: channels) }
    return ChannelAffine(factors: numbers.map { 1 / $0 }, offsets: [0], channels: channels)
  }
}
