import IR

/// What `torch.autocast` does to operands, of which a program shows nothing but the types of results; and what the
/// target has not for half precision.
enum MixedPrecision {
  /// The operators that autocast computes in half precision.
  private static let products: Set<String> = [
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "bilinear", "bmm", "chain_matmul", "conv1d", "conv2d", "conv3d",
    "conv_tbc", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "convolution", "_convolution", "einsum",
    "gru", "gru_cell", "inner", "linalg_matmul", "linalg_multi_dot", "linear", "lstm", "lstm_cell", "matmul", "mm",
    "mv", "prelu", "rnn_relu", "rnn_relu_cell", "rnn_tanh", "rnn_tanh_cell", "scaled_dot_product_attention",
    "tensordot",
  ]

  /// The type that an operation's operands of floating point are converted to first; `nil` where they are what they
  /// are.
  ///
  /// - Parameter result: the declared type of the first result.
  static func conversion(of node: Node, result: ElementType) -> ElementType? {
    let parts = node.operatorName.split(separator: ".")
    guard parts.count >= 2, parts[0] == "aten" else { return nil }
    if isHalf(result) { return products.contains(String(parts[1])) ? result : nil }
    guard result == .float32 else { return nil }
    // Each of several results has the type of the operand that it is made of.
    if case .tensors? = node.outputs.first { return nil }
    // Whoever asks for a type converts by itself.
    let asks = node.inputs.contains { if case .elementType = $0.argument { true } else { false } }
    return asks ? nil : .float32
  }

  static func isHalf(_ type: ElementType) -> Bool { type == .float16 || type == .bfloat16 }

  /// Whether operands of the type `type` become `wanted`: autocast leaves double precision alone.
  static func converts(_ type: ElementType, to wanted: ElementType) -> Bool {
    type != wanted && (isHalf(type) || type == .float32)
  }
}

extension Call {
  /// The operands, in single precision where the target has the operator not for the half precision of theirs: so
  /// PyTorch computes them too, and rounds the result.
  ///
  /// - Returns: the operands, and the type that the results have; `nil` where nothing is converted.
  func widened(_ definition: OpDefinition, _ operands: [Value?]) throws -> (operands: [Value?], type: ElementType)? {
    guard definition !== OpDefinition.cast else { return nil }
    let types = operands.map { $0?.tensorType?.elementType }
    let last = definition.operands.count - 1
    guard
      let type = zip(types.indices, types).lazy.compactMap({ index, type -> ElementType? in
        guard let type, MixedPrecision.isHalf(type) else { return nil }
        let feature = OperatorHistory.Feature.operandTypes(min(index, last), ElementTypes(type))
        return builder.module.target.admits(definition, feature) ? nil : type
      }).first
    else { return nil }
    let wide = try operands.map { operand in
      try operand.map { $0.tensorType?.elementType == type ? try cast($0, to: .float32) : $0 }
    }
    return (wide, type)
  }
}
