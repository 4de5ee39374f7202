extension OpCatalog {
  static let arithmeticFamily: [OpDefinition] = [
    .add, .div, .max, .mean, .min, .mod, .mul, .pow, .sub, .sum,
  ]
}

extension OpDefinition {
  /// The sum of two tensors. ONNX Add-14.
  package static let add = binary(
    "Add", versions: [1, 6, 7, 13, 14], "The sum of two tensors.", .numeric, traits: .commutative, contents: { $0 + $1 }
  )

  /// The quotient of two tensors; of integers, rounded toward zero. ONNX Div-14.
  package static let div = binary(
    "Div", versions: [1, 6, 7, 13, 14], "The quotient of two tensors; of integers, rounded toward zero.", .numeric,
    contents: { .quotient($0, $1) })

  /// The largest element at each place. ONNX Max-13.
  package static let max = variadicElementwise(
    "Max", versions: [1, 6, 8, 12, 13], "The largest of the tensors' elements at each place.", .numeric, result: "max",
    contents: { .maximum($0, $1) })

  /// The mean at each place. ONNX Mean-13.
  package static let mean = variadicElementwise(
    "Mean", versions: [1, 6, 8, 13], "The mean of the tensors' elements at each place.", .float, result: "mean")

  /// The smallest element at each place. ONNX Min-13.
  package static let min = variadicElementwise(
    "Min", versions: [1, 6, 8, 12, 13], "The smallest of the tensors' elements at each place.", .numeric, result: "min",
    contents: { .minimum($0, $1) })

  /// What division leaves: with the divisor's sign, or with `fmod` the dividend's. ONNX Mod-28.
  package static let mod = OpDefinition(
    "Mod", versions: [10, 13, 28], "What division leaves: with the divisor's sign, or with fmod the dividend's.",
    operands: [.required("A", .numeric), .required("B", sameElementTypeAs: "A")],
    results: [.required("C", sameElementTypeAs: "A")],
    attributes: [.int("fmod", default: 0)], traits: [.pure, .elementwise],
    infer: { try $0.inferMod() })

  /// The product of two tensors. ONNX Mul-14.
  package static let mul = binary(
    "Mul", versions: [1, 6, 7, 13, 14], "The product of two tensors.", .numeric, traits: .commutative,
    contents: { $0 * $1 })

  /// `X` to the power of `Y`; the result is of X's element type. ONNX Pow-15.
  package static let pow = OpDefinition(
    "Pow", versions: [1, 7, 12, 13, 15], "X to the power of Y.",
    operands: [.required("X", [.float, .indices]), .required("Y", .numeric)],
    results: [.required("Z", sameElementTypeAs: "X")], traits: [.pure, .elementwise],
    infer: { $0.set(elementTypeOf: 0, try $0.broadcastShape(0..<2)) },
    inferLegacy: { $0.set($0.type(0)) })

  /// The difference of two tensors. ONNX Sub-14.
  package static let sub = binary(
    "Sub", versions: [1, 6, 7, 13, 14], "The difference of two tensors.", .numeric, contents: { $0 - $1 })

  /// The sum at each place. ONNX Sum-13.
  package static let sum = variadicElementwise(
    "Sum", versions: [1, 6, 8, 13], "The sum of the tensors' elements at each place.", .float, result: "sum")
}

extension TypeInference {
  fileprivate mutating func inferMod() throws {
    try inferBroadcast()
    guard let truncates = operation.int("fmod") else { return }
    setContents(combinedContents(truncates == 0 ? Dimension.modulus : Dimension.remainder))
  }
}
