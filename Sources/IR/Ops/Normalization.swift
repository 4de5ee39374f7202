extension OpCatalog {
  static let normalizationFamily: [OpDefinition] = [
    .batchNormalization, .groupNormalization, .instanceNormalization, .layerNormalization, .lpNormalization, .lrn,
    .meanVarianceNormalization, .rmsNormalization,
  ]
}

extension OpDefinition {
  /// `(X - mean) / sqrt(var + epsilon) * scale + B`, one of each a channel. Training updates the statistics. ONNX
  /// BatchNormalization-15.
  package static let batchNormalization = OpDefinition(
    "BatchNormalization", versions: [1, 6, 7, 9, 14, 15],
    "(X - mean) / sqrt(var + epsilon) * scale + B, one of each a channel.",
    operands: [
      .required("X", .float), .required("scale", .float), .required("B", sameElementTypeAs: "scale"),
      .required("input_mean", .float), .required("input_var", sameElementTypeAs: "input_mean"),
    ],
    results: [
      .required("Y", sameElementTypeAs: "X"), .optional("running_mean", .same(asOperand: "input_mean")),
      .optional("running_var", .same(asOperand: "input_mean")),
    ],
    attributes: [
      .float("epsilon", default: 1e-5), .float("momentum", default: 0.9), .int("training_mode", default: 0),
    ],
    infer: { inference in
      try inference.expectVectors(1..<5, of: "channels", inference.shape(0)?.dimension(1))
      inference.set(elementTypeOf: 0, inference.shape(0))
      let channels = inference.shape(0)?.dimension(1) ?? inference.shape(3)?.first ?? .unknown
      for index in 1...2 { inference.set(index, elementTypeOf: 3, [channels]) }
    })

  /// Normalizes each group of channels of each sample, then scales and shifts each channel. ONNX GroupNormalization-21.
  package static let groupNormalization = OpDefinition(
    "GroupNormalization", versions: [18, 21],
    "Normalizes each group of channels of each sample, then scales and shifts each channel.",
    operands: [
      .required("X", .float), .required("scale", sameElementTypeAs: "X"), .required("bias", sameElementTypeAs: "X"),
    ],
    results: [.required("Y", sameElementTypeAs: "X")],
    attributes: [.float("epsilon", default: 1e-5), .required("num_groups", .int), .int("stash_type", default: 1)],
    infer: { inference in
      let channels = inference.shape(0)?.dimension(1)
      try inference.expectVectors(1..<3, of: "channels", channels)
      if let groups = try inference.operation.integer("num_groups", atLeast: 1), let count = channels?.value,
        !count.isMultiple(of: groups)
      {
        throw ModelError(.invalidModel, "\(count) channels cannot be divided into \(groups) groups")
      }
      inference.set(elementTypeOf: 0, inference.shape(0))
    }, inferLegacy: { $0.set($0.type(0)) })

  /// Normalizes each channel of each sample, then scales and shifts it. ONNX InstanceNormalization-22.
  package static let instanceNormalization = OpDefinition(
    "InstanceNormalization", versions: [1, 6, 22], "Normalizes each channel of each sample, then scales and shifts it.",
    operands: [
      .required("input", .float), .required("scale", sameElementTypeAs: "input"),
      .required("B", sameElementTypeAs: "input"),
    ],
    results: [.required("output", sameElementTypeAs: "input")], attributes: [.float("epsilon", default: 1e-5)],
    infer: { inference in
      try inference.expectVectors(1..<3, of: "channels", inference.shape(0)?.dimension(1))
      inference.set(elementTypeOf: 0, inference.shape(0))
    })

  /// Normalizes over the axes from `axis` on, then scales and shifts. ONNX LayerNormalization-17.
  package static let layerNormalization = OpDefinition(
    "LayerNormalization", versions: [17], "Normalizes over the axes from one on, then scales and shifts.",
    operands: [
      .required("X", .float), .required("Scale", sameElementTypeAs: "X"), .optional("B", sameElementTypeAs: "X"),
    ],
    results: [.required("Y", sameElementTypeAs: "X"), .optional("Mean"), .optional("InvStdDev")],
    attributes: [.int("axis", default: -1), .float("epsilon", default: 1e-5), .int("stash_type", default: 1)],
    infer: { inference in
      inference.set(elementTypeOf: 0, inference.shape(0))
      let statistics = try inference.statisticsShape()
      guard let type = try inference.elementType(attribute: "stash_type") else { return }
      for index in 1...2 { inference.set(index, .tensor(type, statistics)) }
    })

  /// Divides by the norm along `axis`. ONNX LpNormalization-22.
  package static let lpNormalization = OpDefinition(
    "LpNormalization", versions: [1, 22], "Divides by the norm along an axis.", operands: [.required("input", .float)],
    results: [.required("output", sameElementTypeAs: "input")],
    attributes: [.int("axis", default: -1), .int("p", default: 2)],
    infer: { try $0.inferAlongAxis() })

  /// Divides each element by a power of the sum of squares of its neighbors among the channels. ONNX LRN-13.
  package static let lrn = OpDefinition(
    "LRN", versions: [1, 13],
    "Divides each element by a power of the sum of squares of its neighbors among the channels.",
    operands: [.required("X", .float)], results: [.required("Y", sameElementTypeAs: "X")],
    attributes: [
      .float("alpha", default: 1e-4), .float("beta", default: 0.75), .float("bias", default: 1),
      .required("size", .int),
    ],
    infer: { inference in
      _ = try inference.operation.integer("size", atLeast: 1)
      inference.set(elementTypeOf: 0, inference.shape(0))
    })

  /// Subtracts the mean and divides by the standard deviation over `axes`. ONNX MeanVarianceNormalization-13.
  package static let meanVarianceNormalization = OpDefinition(
    "MeanVarianceNormalization", versions: [9, 13],
    "Subtracts the mean and divides by the standard deviation over axes.",
    operands: [.required("X", .float)], results: [.required("Y", sameElementTypeAs: "X")],
    attributes: [.ints("axes", default: [0, 2, 3])],
    infer: { inference in
      if let rank = inference.shape(0)?.count, let axes = inference.operation.ints("axes") {
        _ = try inference.axes(axes, rank: rank)
      }
      inference.set(elementTypeOf: 0, inference.shape(0))
    })

  /// Divides by the root of the mean of squares over the axes from `axis` on, then scales. ONNX RMSNormalization-23.
  package static let rmsNormalization = OpDefinition(
    "RMSNormalization", versions: [23],
    "Divides by the root of the mean of squares over the axes from one on, then scales.",
    operands: [.required("X", .float), .required("scale", .float)],
    results: [.required("Y", sameElementTypeAs: "scale")],
    attributes: [.int("axis", default: -1), .float("epsilon", default: 1e-5), .int("stash_type", default: 1)],
    infer: { inference in
      _ = try inference.statisticsShape()
      inference.set(elementTypeOf: 1, inference.shape(0))
    })
}

extension TypeInference {
  /// The input's shape with 1 from the attribute `axis` on.
  fileprivate func statisticsShape() throws -> Shape? {
    guard let x = shape(0), let written = operation.int("axis") else { return nil }
    let axis = try self.axis(written, rank: x.count)
    return x[..<axis] + Array(repeating: .known(1), count: x.count - axis)
  }

  /// Refuses operands that are no vectors of one element for each of the input's `extent`.
  fileprivate func expectVectors(_ indices: Range<Int>, of extentName: String, _ extent: Dimension?) throws {
    for index in indices {
      guard let shape = shape(index) else { continue }
      let name = operation.definition.operands[index].name
      guard shape.count == 1 else { throw ModelError(.invalidModel, "\(name) has shape \(shape), not one axis") }
      guard let extent else { continue }
      try expect(shape[0], equals: extent, "\(name) has \(shape[0]) elements for \(extent) \(extentName)")
    }
  }
}

extension Shape {
  /// The extent along `axis`; unknown where there is no such axis.
  func dimension(_ axis: Int) -> Dimension { indices.contains(axis) ? self[axis] : .unknown }
}
