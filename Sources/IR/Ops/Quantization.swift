extension OpCatalog {
  static let quantizationFamily: [OpDefinition] = [.dequantizeLinear, .dynamicQuantizeLinear, .quantizeLinear]
}

extension OpDefinition {
  /// `(x - x_zero_point) * x_scale`, by tensor, by slice along an axis, or by block. Of a constant: a weight kept
  /// encoded. ONNX DequantizeLinear-28.
  package static let dequantizeLinear = OpDefinition(
    "DequantizeLinear", versions: [10, 13, 19, 21, 23, 24, 25, 28],
    "(x - x_zero_point) * x_scale, by tensor, by slice along an axis, or by block.",
    operands: [
      .required("x", [.quantized, .int32]), .required("x_scale", [.halfOrSingle, ElementTypes(.float8e8m0)]),
      .optional("x_zero_point", sameElementTypeAs: "x"),
    ],
    results: [.required("y")],
    attributes: [.int("axis", default: 1), .int("block_size", default: 0), .int("output_dtype", default: 0)],
    traits: [.pure, .encodedConstant],
    infer: { inference in
      let written = try inference.elementType(attribute: "output_dtype", .halfOrSingle)
      try inference.checkGranularity()
      guard let type = written ?? inference.tensor(1)?.elementType else { return }
      inference.set(.tensor(type, inference.shape(0)))
    })

  /// Quantizes by the range that the elements turn out to have. ONNX DynamicQuantizeLinear-11.
  package static let dynamicQuantizeLinear = OpDefinition(
    "DynamicQuantizeLinear", versions: [11], "Quantizes by the range that the elements turn out to have.",
    operands: [.required("x", .float32)],
    results: [.required("y", .uint8), .required("y_scale", .float32), .required("y_zero_point", .uint8)],
    infer: { inference in
      inference.set(0, .tensor(.uint8, inference.shape(0)))
      inference.set(1, .tensor(.float32, []))
      inference.set(2, .tensor(.uint8, []))
    })

  /// `x / y_scale + y_zero_point`, rounded and limited to the type, by tensor, by slice along an axis, or by block.
  /// ONNX QuantizeLinear-28.
  package static let quantizeLinear = OpDefinition(
    "QuantizeLinear", versions: [10, 13, 19, 21, 23, 24, 25, 28],
    "x / y_scale + y_zero_point, rounded and limited to the type, by tensor, by slice along an axis, or by block.",
    operands: [
      .required("x", [.halfOrSingle, .int32]),
      .required("y_scale", [.halfOrSingle, .int32, ElementTypes(.float8e8m0)]),
      .optional("y_zero_point", .quantized),
    ],
    results: [.required("y")],
    attributes: [
      .int("axis", default: 1), .int("block_size", default: 0), .int("output_dtype", default: 0),
      .int("precision", default: 0), .int("saturate", default: 1),
    ],
    infer: { inference in
      let written = try inference.elementType(attribute: "output_dtype", .quantized)
      _ = try inference.elementType(attribute: "precision")
      try inference.checkGranularity()
      let ofZeroPoint = inference.tensor(2)?.elementType
      if let written, let ofZeroPoint, written != ofZeroPoint {
        throw ModelError(
          .invalidModel, "output_dtype is \(written.rawValue), but the zero point is of \(ofZeroPoint.rawValue)")
      }
      let isKnown = ofZeroPoint != nil || inference.operation.operand(2) == nil
      guard let type = written ?? ofZeroPoint ?? (isKnown ? .uint8 : nil) else { return }
      inference.set(.tensor(type, inference.shape(0)))
    })
}

extension TypeInference {
  /// Refuses scales and zero points whose shapes fit neither the tensor, nor a slice for each index along `axis`, nor
  /// blocks.
  fileprivate func checkGranularity() throws {
    let block = try operation.integer("block_size", atLeast: 0) ?? 0
    // One scale and one zero point are written as [] or as [1] as it comes.
    if let scale = shape(1), let zeroPoint = shape(2),
      [scale, zeroPoint].contains(where: { $0.elementCount.isEqual(to: .known(1)) == false }),
      scale.count != zeroPoint.count || !scale.isCompatible(with: zeroPoint)
    {
      throw ModelError(.invalidModel, "the scale has shape \(scale), the zero point \(zeroPoint)")
    }
    guard let x = shape(0), let scale = shape(1), !scale.isEmpty, x.count > 1 || block > 0,
      let written = operation.int("axis")
    else { return }
    if block == 0, scale.count == 1, scale[0] == .known(1) { return }
    let axis = try axis(written, rank: x.count)
    if block == 0 {
      guard scale.count == 1 else {
        throw ModelError(.invalidModel, "the scale has shape \(scale), but there is no block_size")
      }
      return try expect(scale[0], equals: x[axis], "\(scale[0]) scales for an extent of \(x[axis]) along axis \(axis)")
    }
    guard scale.count == x.count else {
      throw ModelError(.invalidModel, "the scale has shape \(scale), which is not of the input's rank \(x.count)")
    }
    for index in x.indices {
      let wanted = index == axis ? x[index].ceilingDivided(by: .known(block)) : x[index]
      try expect(
        scale[index], equals: wanted, "the scale \(scale) does not fit blocks of \(block) along axis \(axis) of \(x)")
    }
  }
}
