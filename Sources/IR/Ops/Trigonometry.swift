extension OpCatalog {
  static let trigonometryFamily: [OpDefinition] = [
    .acos, .acosh, .asin, .asinh, .atan, .atanh, .cos, .cosh, .sin, .sinh, .tan, .tanh,
  ]
}

extension OpDefinition {
  /// The arc cosine. ONNX Acos-22.
  package static let acos = trigonometric("Acos", versions: [7, 22], "The arc cosine of each element.")

  /// The inverse hyperbolic cosine. ONNX Acosh-22.
  package static let acosh = trigonometric(
    "Acosh", versions: [9, 22], "The inverse hyperbolic cosine of each element.")

  /// The arc sine. ONNX Asin-22.
  package static let asin = trigonometric("Asin", versions: [7, 22], "The arc sine of each element.")

  /// The inverse hyperbolic sine. ONNX Asinh-22.
  package static let asinh = trigonometric("Asinh", versions: [9, 22], "The inverse hyperbolic sine of each element.")

  /// The arc tangent. ONNX Atan-22.
  package static let atan = trigonometric("Atan", versions: [7, 22], "The arc tangent of each element.")

  /// The inverse hyperbolic tangent. ONNX Atanh-22.
  package static let atanh = trigonometric(
    "Atanh", versions: [9, 22], "The inverse hyperbolic tangent of each element.")

  /// The cosine. ONNX Cos-22.
  package static let cos = trigonometric("Cos", versions: [7, 22], "The cosine of each element.")

  /// The hyperbolic cosine. ONNX Cosh-22.
  package static let cosh = trigonometric("Cosh", versions: [9, 22], "The hyperbolic cosine of each element.")

  /// The sine. ONNX Sin-22.
  package static let sin = trigonometric("Sin", versions: [7, 22], "The sine of each element.")

  /// The hyperbolic sine. ONNX Sinh-22.
  package static let sinh = trigonometric("Sinh", versions: [9, 22], "The hyperbolic sine of each element.")

  /// The tangent. ONNX Tan-22.
  package static let tan = trigonometric("Tan", versions: [7, 22], "The tangent of each element.")

  /// The hyperbolic tangent. ONNX Tanh-13.
  package static let tanh = trigonometric("Tanh", versions: [1, 6, 13], "The hyperbolic tangent of each element.")

  private static func trigonometric(_ name: ByteString, versions: [Int], _ summary: String) -> OpDefinition {
    unary(name, versions: versions, summary, operand: "input", result: "output")
  }
}
