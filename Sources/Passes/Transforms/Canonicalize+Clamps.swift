import Evaluator
import IR

extension Canonicalize {
  /// Bounds on elements, said in fewer operations.
  static let clampPatterns: [any RewritePattern] = [
    MergeClamps(), RecognizeRelu(), RecognizeLeakyRelu(), RecognizeHardSigmoid(), RecognizeHardSwish(),
  ]
}

/// Bounds once instead of twice.
///
///     %a = Relu(%x)
///     %b = Clip(%a, -1, 6)
///     %y = Min(%b, 4)
///   ->
///     %y = Clip(%x, 0, 4)
///
/// Relu, Clip, and Max and Min with a constant that is one number. Conditions: floating-point numbers; the bounds are
/// constant and in order; the first clamp has this one use. Numerics: `rounding`, for runtimes differ in what they make
/// of NaN and of the sign of a zero.
struct MergeClamps: RewritePattern {
  static let roots = Clamp.definitions
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let outer = Clamp(operation), let producer = outer.input.definingOperation, let inner = Clamp(producer) else {
      return .noMatch
    }
    guard outer.input.hasOneUse else { return .blocked(producer.otherUse(besides: operation)) }
    guard let type = inner.input.tensorType?.elementType else { return .noMatch }
    let lower = min(max(inner.lower, outer.lower), outer.upper)
    let upper = min(max(inner.upper, outer.lower), outer.upper)
    if lower == 0, upper == .infinity {
      let relu = try context.rewriter.insert(.relu, [inner.input], before: operation)
      try context.rewriter.replace(operation, with: relu.presentResults)
      return .rewritten
    }
    let bounds = try [lower, upper].map { bound -> Value? in
      guard bound.isFinite else { return nil }
      return try context.rewriter.insertConstant(.of([bound], type, []), name: "bound", before: operation)
    }
    let clip = try context.rewriter.insert(.clip, [inner.input] + bounds, before: operation)
    try context.rewriter.replace(operation, with: clip.presentResults)
    return .rewritten
  }
}

/// An operation that keeps elements between two constant bounds.
private struct Clamp {
  static let definitions: [OpDefinition] = [.clip, .max, .min, .relu]

  let input: Value
  let lower: Double
  let upper: Double

  init?(_ operation: Operation) {
    guard let result = operation.result(), let type = result.tensorType?.elementType, Self.types.contains(type),
      !operation.refersToFunctionAttributes
    else { return nil }
    if operation.is(.relu) {
      guard let input = operation.operand(0) else { return nil }
      (self.input, lower, upper) = (input, 0, .infinity)
    } else if operation.is(.clip) {
      guard let input = operation.operand(0), let lower = Self.bound(operation.operand(1), absent: -.infinity),
        let upper = Self.bound(operation.operand(2), absent: .infinity), lower <= upper
      else { return nil }
      (self.input, self.lower, self.upper) = (input, lower, upper)
    } else {
      guard operation.is(.max) || operation.is(.min), let (input, bound) = operation.operandAndUniformConstant,
        !bound.isNaN
      else { return nil }
      self.input = input
      lower = operation.is(.max) ? bound : -.infinity
      upper = operation.is(.max) ? .infinity : bound
    }
  }

  /// Those that Clip has had from the first.
  private static let types: Set<ElementType> = [.float16, .float32, .float64]

  private static func bound(_ operand: Value?, absent: Double) -> Double? {
    guard let operand else { return absent }
    guard let number = operand.uniformConstant, !number.isNaN else { return nil }
    return number
  }
}

/// `Max(%x, 0)` is `Relu(%x)`.
struct RecognizeRelu: RewritePattern {
  static let roots: [OpDefinition] = [.max]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let (input, bound) = operation.operandAndUniformConstant, bound == 0,
      let type = input.tensorType?.elementType, ElementTypes.float.contains(type), type != .bfloat16
    else { return .noMatch }
    let relu = try context.rewriter.insert(.relu, [input], before: operation)
    try context.rewriter.replace(operation, with: relu.presentResults)
    return .rewritten
  }
}

/// `Max(%x, %x * a)` is `LeakyRelu(%x) {alpha = a}` for a between 0 and 1.
struct RecognizeLeakyRelu: RewritePattern {
  static let roots: [OpDefinition] = [.max]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard operation.operandCount == 2 else { return .noMatch }
    for position in 0...1 {
      guard let product = operation.producer(position, .mul), let (input, slope) = product.operandAndUniformConstant,
        operation.operand(1 - position) === input, (0..<1).contains(slope),
        let type = input.tensorType?.elementType, ElementTypes.float.contains(type), type != .bfloat16
      else { continue }
      guard operation.operand(position)?.hasOneUse == true else {
        return .blocked(product.otherUse(besides: operation))
      }
      let leaky = try context.rewriter.insert(.leakyRelu, [input], ["alpha": .float(Float(slope))], before: operation)
      try context.rewriter.replace(operation, with: leaky.presentResults)
      return .rewritten
    }
    return .noMatch
  }
}

/// `Clip(%x + 3, 0, 6) / 6` is `HardSigmoid(%x) {alpha = 1/6, beta = 0.5}`: a clamp between 0 and u of a value, shifted
/// perhaps, divided by u.
struct RecognizeHardSigmoid: RewritePattern {
  static let roots: [OpDefinition] = [.div, .mul]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let (clamped, number) = operation.operandAndUniformConstant, number > 0, number != 1,
      operation.is(.mul) || operation.operand(0) === clamped,
      let clip = clamped.definingOperation, let clamp = Clamp(clip), clamp.lower == 0, clamp.upper.isFinite,
      let type = clamped.tensorType?.elementType, ElementTypes.float.contains(type), type != .bfloat16
    else { return .noMatch }
    let scale = operation.is(.mul) ? number : 1 / number
    guard abs(scale * clamp.upper - 1) < 1e-6 else { return .noMatch }
    if let shared = operation.otherUse(of: [clamped]) { return .blocked(shared) }
    let (input, shift) = Self.shifted(clamp.input) ?? (clamp.input, 0)
    let attributes: Attributes = ["alpha": .float(Float(scale)), "beta": .float(Float(shift * scale))]
    let sigmoid = try context.rewriter.insert(.hardSigmoid, [input], attributes, before: operation)
    try context.rewriter.replace(operation, with: sigmoid.presentResults)
    return .rewritten
  }

  /// What `value` is a sum of, where nothing else needs it.
  private static func shifted(_ value: Value) -> (Value, Double)? {
    guard value.hasOneUse, let sum = value.definingOperation, sum.is(.add) else { return nil }
    return sum.operandAndUniformConstant
  }
}

/// `%x * HardSigmoid(%x) {alpha = 1/6, beta = 0.5}` is `HardSwish(%x)`, from opset 14 on; so is `%x * Clip(%x + 3, 0, 6) / 6`
/// with the division last. Where it went elsewhere, into the weights of what comes next, it is `HardSwish(%x) * 6`.
struct RecognizeHardSwish: RewritePattern {
  static let roots: [OpDefinition] = [.div, .mul]
  static let numerics = Numerics.rounding

  /// What computes a HardSwish times a factor, but for the operation itself.
  private typealias Spelling = (input: Value, inner: [Value], factor: Double)

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let (input, inner, factor) = Self.ofSigmoid(operation) ?? Self.ofScaled(operation) ?? Self.ofClamp(operation)
    else { return .noMatch }
    guard context.rewriter.module.target.admits(.hardSwish) else {
      return .blocked("the target opset has no HardSwish")
    }
    if let shared = operation.otherUse(of: inner) { return .blocked(shared) }
    guard let type = input.tensorType?.elementType, type != .bfloat16 else { return .noMatch }
    let rewriter = context.rewriter
    var value = try rewriter.insertValue(
      .hardSwish, [input], before: operation, name: operation.result()?.name ?? input.name)
    if factor != 1 {
      let constant = try rewriter.insertConstant(.of([factor], type, []), name: "factor", before: operation)
      value = try rewriter.insertValue(.mul, [value, constant], before: operation, name: value.name)
    }
    try rewriter.replace(operation, with: [value])
    return .rewritten
  }

  private static func ofSigmoid(_ operation: Operation) -> Spelling? {
    guard operation.is(.mul), operation.operandCount == 2 else { return nil }
    for position in 0...1 {
      guard let sigmoid = operation.producer(position, .hardSigmoid), let value = sigmoid.result(),
        let input = sigmoid.operand(0), operation.operand(1 - position) === input,
        let alpha = sigmoid.float("alpha"), abs(alpha - 1 / 6) < 1e-6, sigmoid.float("beta") == 0.5
      else { continue }
      return (input, [value], 1)
    }
    return nil
  }

  private static func ofScaled(_ operation: Operation) -> Spelling? {
    guard let scaled = sixth(operation), let product = scaled.definingOperation,
      let (input, inner) = clampedProduct(product)
    else { return nil }
    return (input, [scaled] + inner, 1)
  }

  private static func ofClamp(_ operation: Operation) -> Spelling? {
    // Its sixth is looked at for itself.
    if let user = operation.result()?.onlyUse?.owner, sixth(user) != nil { return nil }
    return clampedProduct(operation).map { ($0, $1, 6) }
  }

  /// What `operation` takes a sixth of.
  private static func sixth(_ operation: Operation) -> Value? {
    guard roots.contains(where: { operation.is($0) }), let (scaled, number) = operation.operandAndUniformConstant,
      operation.is(.div) ? number == 6 && operation.operand(0) === scaled : abs(number - 1 / 6) < 1e-6
    else { return nil }
    return scaled
  }

  /// Of `%x * Clip(%x + 3, 0, 6)`: the input, and the values between.
  private static func clampedProduct(_ product: Operation) -> (Value, [Value])? {
    guard product.is(.mul), product.operandCount == 2 else { return nil }
    for position in 0...1 {
      guard let clipped = product.operand(position), let clip = clipped.definingOperation, let clamp = Clamp(clip),
        clamp.lower == 0, clamp.upper == 6, let sum = clamp.input.definingOperation, sum.is(.add),
        let (input, shift) = sum.operandAndUniformConstant, shift == 3, product.operand(1 - position) === input
      else { continue }
      return (input, [clipped, clamp.input])
    }
    return nil
  }
}
