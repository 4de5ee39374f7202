import Evaluator
import IR

/// A constant weight that a rewrite may change in place: nothing else uses it, nor, where that matters, the result that it
/// goes into.
struct FoldableWeight {
  let constant: Operation
  let literal: TensorLiteral

  init?(of operation: Operation, operand: Int) {
    guard operation.result()?.hasOneUse == true else { return nil }
    self.init(operation.operand(operand))
  }

  /// `nil` where `value` is not a constant of real numbers with one use.
  init?(_ value: Value?) {
    guard let value, value.hasOneUse, let constant = value.definingOperation, let literal = value.literal,
      FloatWidening.sources.contains(literal.elementType)
    else { return nil }
    self.constant = constant
    self.literal = literal
  }

  /// Why the weight of an operation, its second operand, cannot be folded into.
  static func refusal(of operation: Operation) -> String {
    guard let weight = operation.operand(1), let constant = weight.definingOperation, weight.literal != nil else {
      return "the weight of \(operation.place) is not constant"
    }
    return weight.hasOneUse
      ? "the weight of \(operation.place) is no list of filters in floating point"
      : constant.otherUse(besides: operation)
  }

  /// The weight with each channel multiplied by its factor; `nil` where an element would overflow, or a whole channel
  /// lose digits below the smallest normal number.
  func scaled(by factors: [Double], along layout: ChannelLayout, _ context: PassContext) throws -> TensorLiteral? {
    let largest = try ChannelRanges.of(literal, layout, context).largest
    let (least, most) = literal.elementType.normalRange
    let isSafe = zip(largest, factors).allSatisfy { magnitude, factor in
      let scaled = Double(magnitude) * abs(factor)
      return scaled == 0 ? magnitude == 0 || factor == 0 : scaled >= least && scaled <= most
    }
    return isSafe ? try literal.scaled(by: factors, along: layout) : nil
  }
}

extension ElementType {
  /// The smallest normal number and the largest finite one of f32, f16 and bf16.
  fileprivate var normalRange: (least: Double, most: Double) {
    guard let format = FloatFormat(self) else {
      return (Double(Float.leastNormalMagnitude), Double(Float.greatestFiniteMagnitude))
    }
    return (format.decode(1 << UInt16(format.mantissaBits)), format.decode(format.largest))
  }
}

/// What a convolution or a Gemm adds to each channel.
struct Bias {
  /// The operand; `nil` where it is absent.
  let value: Value?
  /// One a channel.
  private let numbers: [Double]

  /// `nil` where it is not constant, or not one number a channel or one in all.
  init?(_ operation: Operation, _ channels: Int) throws {
    value = operation.operand(2)
    guard let value else {
      numbers = Array(repeating: 0, count: channels)
      return
    }
    guard let literal = value.constantLiteral, let given = try literal.realNumbers(),
      literal.dimensions.dropLast().allSatisfy({ $0 == 1 }), given.count == channels || given.count == 1,
      !operation.is(.gemm) || operation.float("beta") == 1
    else { return nil }
    numbers = given.count == channels ? given : Array(repeating: given[0], count: channels)
  }

  /// The bias that gives the same after `affine`, as a vector; `nil` where an element is too large.
  func after(_ affine: ChannelAffine, _ type: ElementType) throws -> TensorLiteral? {
    let folded = numbers.indices.map { affine.factors[$0] * numbers[$0] + affine.offsets[$0] }
    let literal = try TensorLiteral.of(folded, type, [folded.count])
    return try literal.realNumbers()?.allSatisfy(\.isFinite) == true ? literal : nil
  }
}

/// The constants of an operation that took another into itself.
struct FoldedConstants {
  let weight: TensorLiteral
  /// `nil` where the operation had none and needs none.
  let bias: TensorLiteral?
  /// What the bias is called where the operation had none.
  let biasName: ByteString

  /// Puts an operation like `operation`, but with these constants, in the place of `tail`. The weight keeps its name.
  func replace(
    _ operation: Operation, _ old: FoldableWeight, at tail: Operation, _ context: PassContext
  ) throws {
    try context.rewriter.setLiteral(of: old.constant, to: weight)
    var operands = operation.operands
    if let bias {
      let constant = try context.rewriter.insertConstant(bias, name: biasName, before: tail)
      if operands.count > 2 { operands[2] = constant } else { operands.append(constant) }
    }
    let folded = try context.rewriter.insert(operation.definition, operands, operation.attributes, before: tail)
    try context.rewriter.replace(tail, with: folded.presentResults)
    // At once, so that the weight has one use again when the next operation is folded.
    context.rewriter.erase(operation)
  }
}
