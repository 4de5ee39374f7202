extension OpCatalog {
  static let unaryFamily: [OpDefinition] = [
    .abs, .bitwiseNot, .ceil, .erf, .exp, .floor, .isInf, .isNaN, .log, .neg, .not, .reciprocal, .round, .sign, .sqrt,
  ]
}

extension OpDefinition {
  /// The absolute value. ONNX Abs-13.
  package static let abs = unary(
    "Abs", versions: [1, 6, 13], "The absolute value of each element.", .numeric, traits: .idempotent,
    contents: { .maximum($0, .known(0) - $0) })

  /// Inverts every bit. ONNX BitwiseNot-18.
  package static let bitwiseNot = unary("BitwiseNot", versions: [18], "Inverts every bit of each element.", .integer)

  /// Rounds up. ONNX Ceil-13.
  package static let ceil = unary("Ceil", versions: [1, 6, 13], "Rounds each element up.", traits: .idempotent)

  /// The error function. ONNX Erf-13.
  package static let erf = unary(
    "Erf", versions: [9, 13], "The error function of each element.", operand: "input", result: "output")

  /// The exponential. ONNX Exp-13.
  package static let exp = unary(
    "Exp", versions: [1, 6, 13], "The exponential of each element.", operand: "input", result: "output")

  /// Rounds down. ONNX Floor-13.
  package static let floor = unary("Floor", versions: [1, 6, 13], "Rounds each element down.", traits: .idempotent)

  /// Whether an element is infinite; attributes say which infinities count. ONNX IsInf-20.
  package static let isInf = floatTest(
    "IsInf", versions: [10, 20], "Whether each element is infinite.",
    attributes: [.int("detect_negative", default: 1), .int("detect_positive", default: 1)])

  /// Whether an element is not a number. ONNX IsNaN-20.
  package static let isNaN = floatTest("IsNaN", versions: [9, 13, 20], "Whether each element is not a number.")

  /// The natural logarithm. ONNX Log-13.
  package static let log = unary(
    "Log", versions: [1, 6, 13], "The natural logarithm of each element.", operand: "input", result: "output")

  /// The opposite. ONNX Neg-13.
  package static let neg = unary(
    "Neg", versions: [1, 6, 13], "The opposite of each element.", [.float, .signedInteger], contents: { .known(0) - $0 }
  )

  /// The logical negation. ONNX Not-1.
  package static let not = unary(
    "Not", versions: [1], "The logical negation of each element.", .bool, contents: { Dimension($0.truth.map { !$0 }) })

  /// One over the element. ONNX Reciprocal-13.
  package static let reciprocal = unary("Reciprocal", versions: [1, 6, 13], "One over each element.")

  /// Rounds to the nearest integer, halves to the even one. ONNX Round-22.
  package static let round = unary(
    "Round", versions: [11, 22], "Rounds each element to the nearest integer, halves to the even one.",
    traits: .idempotent)

  /// -1, 0 or 1. ONNX Sign-13.
  package static let sign = unary(
    "Sign", versions: [9, 13], "The sign of each element: -1, 0 or 1.", operand: "input", .numeric, result: "output",
    traits: .idempotent)

  /// The square root. ONNX Sqrt-13.
  package static let sqrt = unary("Sqrt", versions: [1, 6, 13], "The square root of each element.")

  /// A question that is asked of each element of a float tensor.
  private static func floatTest(
    _ name: ByteString, versions: [Int], _ summary: String, attributes: [AttributeDefinition] = []
  ) -> OpDefinition {
    OpDefinition(
      name, versions: versions, summary, operands: [.required("X", [.float, .float8])],
      results: [.required("Y", .bool)],
      attributes: attributes, traits: [.pure, .elementwise], infer: { $0.set(.tensor(.bool, $0.shape(0))) })
  }
}
