extension OpCatalog {
  static let activationFamily: [OpDefinition] = [
    .celu, .clip, .elu, .gelu, .hardmax, .hardSigmoid, .hardSwish, .leakyRelu, .logSoftmax, .mish, .prelu, .relu, .selu,
    .shrink, .sigmoid, .softmax, .softplus, .softsign, .swiGLU, .swish, .thresholdedRelu,
  ]
}

extension OpDefinition {
  /// `max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))`. ONNX Celu-28.
  package static let celu = unary(
    "Celu", versions: [12, 28], "max(x, 0) + min(0, alpha * (exp(x / alpha) - 1)) of each element.",
    attributes: [.float("alpha", default: 1)])

  /// Limits elements to `min ... max`; an absent bound is none. ONNX Clip-13.
  package static let clip = OpDefinition(
    "Clip", versions: [1, 6, 11, 12, 13], "Limits each element to an interval.",
    operands: [
      .required("input", .numeric), .optional("min", sameElementTypeAs: "input"),
      .optional("max", sameElementTypeAs: "input"),
    ],
    results: [.required("output", sameElementTypeAs: "input")], traits: [.pure, .elementwise],
    infer: { try $0.inferClip() })

  /// `x` where it is positive, else `alpha * (exp(x) - 1)`. ONNX Elu-22.
  package static let elu = unary(
    "Elu", versions: [1, 6, 22], "x where it is positive, else alpha * (exp(x) - 1).",
    attributes: [.float("alpha", default: 1)])

  /// The Gaussian error linear unit, exact or by tanh. ONNX Gelu-20.
  package static let gelu = unary(
    "Gelu", versions: [20], "The Gaussian error linear unit of each element.",
    attributes: [.string("approximate", default: "none")], verify: oneOf("approximate", ["none", "tanh"]))

  /// 1 for the first largest element along `axis`, 0 for all others. ONNX Hardmax-13.
  package static let hardmax = alongAxis(
    "Hardmax", versions: [1, 11, 13], "1 for the first largest element along an axis, 0 for all others.")

  /// `max(0, min(1, alpha * x + beta))`. ONNX HardSigmoid-22.
  package static let hardSigmoid = unary(
    "HardSigmoid", versions: [1, 6, 22], "max(0, min(1, alpha * x + beta)) of each element.",
    attributes: [.float("alpha", default: 0.2), .float("beta", default: 0.5)])

  /// `x * max(0, min(1, x / 6 + 1 / 2))`. ONNX HardSwish-22.
  package static let hardSwish = unary(
    "HardSwish", versions: [14, 22], "x * max(0, min(1, x / 6 + 1 / 2)) of each element.")

  /// `x` where it is not negative, else `alpha * x`. ONNX LeakyRelu-16.
  package static let leakyRelu = unary(
    "LeakyRelu", versions: [1, 6, 16], "x where it is not negative, else alpha * x.",
    attributes: [.float("alpha", default: 0.01)])

  /// The logarithm of `softmax`. ONNX LogSoftmax-13.
  package static let logSoftmax = alongAxis(
    "LogSoftmax", versions: [1, 11, 13], "The logarithm of the softmax along an axis.")

  /// `x * tanh(log(1 + exp(x)))`. ONNX Mish-22.
  package static let mish = unary("Mish", versions: [18, 22], "x * tanh(log(1 + exp(x))) of each element.")

  /// `x` where it is not negative, else `slope * x`; the slope is broadcast to the input. ONNX PRelu-16.
  package static let prelu = OpDefinition(
    "PRelu", versions: [1, 6, 7, 9, 16], "x where it is not negative, else slope * x.",
    operands: [.required("X", .accumulable), .required("slope", sameElementTypeAs: "X")],
    results: [.required("Y", sameElementTypeAs: "X")], traits: [.pure, .elementwise],
    infer: { try $0.inferParametricRelu() })

  /// Sets negative elements to zero. ONNX Relu-14.
  package static let relu = unary(
    "Relu", versions: [1, 6, 13, 14], "Sets negative elements to zero.", [.float, .signedInteger], traits: .idempotent,
    contents: { .maximum($0, .known(0)) })

  /// `gamma * x` where it is positive, else `gamma * alpha * (exp(x) - 1)`. ONNX Selu-22.
  package static let selu = unary(
    "Selu", versions: [1, 6, 22], "gamma * x where it is positive, else gamma * alpha * (exp(x) - 1).",
    attributes: [
      .float("alpha", default: 1.67326319217681884765625), .float("gamma", default: 1.05070102214813232421875),
    ])

  /// Moves elements toward zero by `bias`, those within `lambd` of it to zero. ONNX Shrink-9.
  package static let shrink = unary(
    "Shrink", versions: [9], "Moves each element toward zero by bias, and to zero where it is within lambd of it.",
    operand: "input", .numericBeforeBFloat16, result: "output",
    attributes: [.float("bias", default: 0), .float("lambd", default: 0.5)])

  /// `1 / (1 + exp(-x))`. ONNX Sigmoid-13.
  package static let sigmoid = unary("Sigmoid", versions: [1, 6, 13], "1 / (1 + exp(-x)) of each element.")

  /// Exponentials that add up to 1 along `axis`. ONNX Softmax-13.
  package static let softmax = alongAxis(
    "Softmax", versions: [1, 11, 13], "Exponentials, divided by their sum along an axis.")

  /// `log(1 + exp(x))`. ONNX Softplus-22.
  package static let softplus = unary("Softplus", versions: [1, 22], "log(1 + exp(x)) of each element.")

  /// `x / (1 + |x|)`. ONNX Softsign-22.
  package static let softsign = unary(
    "Softsign", versions: [1, 22], "x / (1 + |x|) of each element.", operand: "input", result: "output")

  /// `A * sigmoid(alpha * A) * B`; both of one shape, nothing is broadcast. ONNX SwiGLU-28.
  package static let swiGLU = OpDefinition(
    "SwiGLU", versions: [28], "A * sigmoid(alpha * A) * B, element by element.",
    operands: [.required("A", .float), .required("B", sameElementTypeAs: "A")],
    results: [.required("Y", sameElementTypeAs: "A")],
    attributes: [.float("alpha", default: 1)], traits: [.pure, .elementwise],
    infer: { try $0.inferEqualOperands() })

  /// `x * sigmoid(alpha * x)`. ONNX Swish-24.
  package static let swish = unary(
    "Swish", versions: [24], "x * sigmoid(alpha * x) of each element.", attributes: [.float("alpha", default: 1)])

  /// `x` where it is greater than `alpha`, else 0. ONNX ThresholdedRelu-22.
  package static let thresholdedRelu = unary(
    "ThresholdedRelu", versions: [10, 22], "x where it is greater than alpha, else 0.",
    attributes: [.float("alpha", default: 1)])

  /// An operator that treats all lines along `axis` alike and keeps the shape.
  private static func alongAxis(_ name: ByteString, versions: [Int], _ summary: String) -> OpDefinition {
    OpDefinition(
      name, versions: versions, summary, operands: [.required("input", .float)],
      results: [.required("output", sameElementTypeAs: "input")], attributes: [.int("axis", default: -1)],
      infer: { try $0.inferAlongAxis() }, inferLegacy: { $0.set($0.type(0)) })
  }
}

extension TypeInference {
  /// Infers a result of the first operand's type, whose attribute `axis` must be one of its axes.
  mutating func inferAlongAxis() throws {
    if let rank = shape(0)?.count, let axis = operation.int("axis") { _ = try self.axis(axis, rank: rank) }
    set(type(0))
  }

  fileprivate mutating func inferClip() throws {
    guard let elementType = sharedElementType(0..<3) else { return }
    for index in 1...2 {
      guard let shape = shape(index), shape.elementCount.isEqual(to: .known(1)) == false else { continue }
      throw ModelError(.invalidModel, "bound \(index) has shape \(shape), but must be one element")
    }
    set(.tensor(elementType, shape(0)))
    guard let low = bound(1, or: .min), let high = bound(2, or: .max) else { return }
    setContents(contents(0)?.map { .minimum(high, .maximum($0, low)) })
  }

  /// The one element of a bound, or `limit` where the bound is absent.
  private func bound(_ index: Int, or limit: Int) -> Dimension? {
    operation.operand(index) == nil ? .known(limit) : contents(index)?.first
  }

  fileprivate mutating func inferEqualOperands() throws {
    guard let type = type(0).merged(with: type(1)) else {
      throw ModelError(.invalidModel, "operands \(type(0)) and \(type(1)) must be of one type")
    }
    set(type)
  }

  fileprivate mutating func inferParametricRelu() throws {
    guard let elementType = sharedElementType(0..<2) else { return }
    guard let shape = shape(0) else { return set(.tensor(elementType, nil)) }
    if let slope = self.shape(1), slope.count > shape.count || shape.broadcast(with: slope) == nil {
      throw ModelError(.invalidModel, "slope \(slope) does not broadcast to \(shape)")
    }
    set(.tensor(elementType, shape))
  }
}
