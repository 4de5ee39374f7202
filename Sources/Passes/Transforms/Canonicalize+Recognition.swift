import Evaluator
import IR

extension Canonicalize {
  /// Operators that exporters of older opsets spelled out, where the target has them.
  static let recognitionPatterns: [any RewritePattern] = [RecognizeGelu(), RecognizeLayerNormalization()]
}

/// One Gelu for the operations that it is spelled in.
///
///     %d = Div(%x, 1.4142135)
///     %e = Erf(%d)
///     %a = Add(%e, 1)
///     %m = Mul(%x, %a)
///     %y = Mul(%m, 0.5)
///   ->
///     %y = Gelu(%x)
///
/// The factors may stand in any order. The same for `0.5 * x * (1 + Tanh(0.797885 * (x + 0.044715 * x^3)))`, which is the
/// Gelu that is approximated by tanh. Conditions: the target has Gelu; no value between has another use.
struct RecognizeGelu: RewritePattern {
  static let roots: [OpDefinition] = [.mul]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let product = Product(operation), abs(product.number - 0.5) < 1e-6, product.values.count == 2 else {
      return .noMatch
    }
    for (index, value) in product.values.enumerated() {
      let input = product.values[1 - index]
      guard let sum = value.definingOperation, sum.is(.add), let (curve, one) = sum.operandAndUniformConstant, one == 1,
        let function = curve.definingOperation, let argument = function.operand(0),
        let scaling = argument.definingOperation, let (scaled, factor) = scaling.operandAndUniformConstant,
        scaling.is(.mul) || scaling.is(.div) && scaling.operand(0) === scaled
      else { continue }
      let number = scaling.is(.mul) ? factor : 1 / factor
      let isExact = function.is(.erf) && scaled === input && abs(number - 0.5.squareRoot()) < 1e-5
      let isNearTangent = function.is(.tanh) && abs(number - (2 / Double.pi).squareRoot()) < 1e-5
      let polynomial = isNearTangent ? Self.cubic(scaled, of: input) : nil
      guard isExact || polynomial != nil else { continue }
      let inside = [value, curve, argument] + (polynomial ?? [])
      let attributes: Attributes = isExact ? Attributes() : ["approximate": .string("tanh")]
      guard context.rewriter.module.target.admits(.gelu) else { return .blocked("the target opset has no Gelu") }
      if let shared = operation.otherUse(of: product.inner + inside) { return .blocked(shared) }
      let gelu = try context.rewriter.insert(.gelu, [input], attributes, before: operation)
      try context.rewriter.replace(operation, with: gelu.presentResults)
      return .rewritten
    }
    return .noMatch
  }

  /// The values inside `value` where that is `input + 0.044715 * input ^ 3`, itself included.
  private static func cubic(_ value: Value, of input: Value) -> [Value]? {
    guard let sum = value.definingOperation, sum.is(.add), sum.operandCount == 2,
      let index = (0...1).first(where: { sum.operand($0) === input }), let term = sum.operand(1 - index),
      let product = term.definingOperation, product.is(.mul), let (cube, factor) = product.operandAndUniformConstant,
      abs(factor - 0.044715) < 1e-6, let power = cube.definingOperation
    else { return nil }
    if power.is(.pow) {
      return power.operand(0) === input && power.operand(1)?.uniformConstant == 3 ? [value, term, cube] : nil
    }
    guard power.is(.mul), power.operandCount == 2, let place = (0...1).first(where: { power.operand($0) === input }),
      let square = power.operand(1 - place), let inner = square.definingOperation, inner.isSquare,
      inner.operand(0) === input
    else { return nil }
    return [value, term, cube, square]
  }

  /// A product of values and numbers, products inside taken apart.
  private struct Product {
    private(set) var number = 1.0
    private(set) var values: [Value] = []
    /// The products inside.
    private(set) var inner: [Value] = []

    /// `nil` where it has more than two values.
    init?(_ operation: Operation) {
      var pending = operation.operands
      while let next = pending.popLast() {
        guard let value = next else { return nil }
        if let factor = value.uniformConstant {
          number *= factor
        } else if let product = value.definingOperation, product.is(.mul), inner.count < 2 {
          inner.append(value)
          pending += product.operands
        } else {
          values.append(value)
        }
        guard values.count <= 2 else { return nil }
      }
    }
  }
}

/// One LayerNormalization for the operations that it is spelled in.
///
///     %m = ReduceMean(%x, [-1])
///     %d = Sub(%x, %m)
///     %p = Pow(%d, 2)
///     %v = ReduceMean(%p, [-1])
///     %e = Add(%v, epsilon)
///     %s = Sqrt(%e)
///     %n = Div(%d, %s)
///     %k = Mul(%n, %scale)
///     %y = Add(%k, %bias)
///   ->
///     %y = LayerNormalization(%x, %scale, %bias) {axis = -1, epsilon = epsilon}
///
/// Conditions: the target has it; means along the last axis; the scale and the bias are vectors as long as that; no value
/// between has another use.
struct RecognizeLayerNormalization: RewritePattern {
  static let roots: [OpDefinition] = [.add]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    for position in 0...1 {
      guard let scaled = operation.producer(position, .mul), let bias = operation.operand(1 - position) else {
        continue
      }
      for index in 0...1 {
        guard let quotient = scaled.producer(index, .div), let scale = scaled.operand(1 - index),
          let spelled = SpelledNormalization(quotient)
        else { continue }
        return try replace(operation, scaled, spelled, scale, bias, context)
      }
    }
    return .noMatch
  }

  private func replace(
    _ operation: Operation, _ scaled: Operation, _ spelled: SpelledNormalization, _ scale: Value, _ bias: Value,
    _ context: PassContext
  ) throws -> Outcome {
    guard context.rewriter.module.target.admits(.layerNormalization) else {
      return .blocked("the target opset has no LayerNormalization")
    }
    guard let type = spelled.input.tensorType, type.elementType == .float32, let length = type.shape?.last,
      [scale, bias].allSatisfy({ vector in
        vector.tensorType?.rank == 1 && vector.tensorType?.shape?[0].isEqual(to: length) == true
      })
    else { return .blocked("the scale or the bias is no vector along the last axis") }
    if let shared = operation.otherUse(of: spelled.inner + [scaled.result()]) { return .blocked(shared) }
    let attributes: Attributes = ["axis": .int(-1), "epsilon": .float(Float(spelled.epsilon))]
    let normalization = try context.rewriter.insert(
      .layerNormalization, [spelled.input, scale, bias], attributes, before: operation)
    try context.rewriter.replace(operation, with: normalization.presentResults)
    return .rewritten
  }
}

/// `(x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon)`, along the last axis.
private struct SpelledNormalization {
  let input: Value
  let epsilon: Double
  /// The values inside, and the quotient.
  let inner: [Value?]

  init?(_ quotient: Operation) {
    guard let difference = quotient.producer(0, .sub), let centered = difference.result(),
      let input = difference.operand(0), let mean = difference.producer(1, .reduceMean), mean.operand(0) === input,
      mean.isMeanOfLastAxis,
      let root = quotient.producer(1, .sqrt), let sum = root.producer(0, .add),
      let (variance, epsilon) = sum.operandAndUniformConstant, epsilon > 0,
      let second = variance.definingOperation, second.is(.reduceMean), second.isMeanOfLastAxis,
      let square = second.operand(0)?.definingOperation, square.isSquare, square.operand(0) === centered
    else { return nil }
    self.input = input
    self.epsilon = epsilon
    inner = [quotient, difference, mean, root, sum, second, square].map { $0.result() }
  }
}

extension Operation {
  /// Whether this is a mean along the last axis, which stays with an extent of 1.
  var isMeanOfLastAxis: Bool {
    guard let rank = operand(0)?.tensorType?.rank, rank > 0, flag("keepdims"),
      let axes = operand(1)?.constantIntegers, axes.count == 1
    else { return false }
    return axes[0] == -1 || axes[0] == rank - 1
  }
}
