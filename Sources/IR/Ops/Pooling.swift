extension OpCatalog {
  static let poolingFamily: [OpDefinition] = [
    .averagePool, .globalAveragePool, .globalLpPool, .globalMaxPool, .lpPool, .maxPool, .maxRoiPool, .maxUnpool,
    .roiAlign,
  ]
}

extension OpDefinition {
  /// The mean of each window. ONNX AveragePool-22.
  package static let averagePool = pooling(
    "AveragePool", versions: [1, 7, 10, 11, 19, 22], "The mean of each window.",
    attributes: [.int("count_include_pad", default: 0)])

  /// The mean over all spatial axes. ONNX GlobalAveragePool-22.
  package static let globalAveragePool = globalPooling(
    "GlobalAveragePool", versions: [1, 22], "The mean over all spatial axes.")

  /// The p-norm over all spatial axes. ONNX GlobalLpPool-22.
  package static let globalLpPool = globalPooling(
    "GlobalLpPool", versions: [1, 2, 22], "The p-norm over all spatial axes.", attributes: [.int("p", default: 2)])

  /// The largest element over all spatial axes. ONNX GlobalMaxPool-22.
  package static let globalMaxPool = globalPooling(
    "GlobalMaxPool", versions: [1, 22], "The largest element over all spatial axes.")

  /// The p-norm of each window. ONNX LpPool-22.
  package static let lpPool = pooling(
    "LpPool", versions: [1, 2, 11, 18, 22], "The p-norm of each window.", attributes: [.int("p", default: 2)])

  /// The largest element of each window, padding being smaller than any, and where it was found. ONNX MaxPool-22.
  package static let maxPool = pooling(
    "MaxPool", versions: [1, 8, 10, 11, 12, 22], "The largest element of each window, and where it was found.",
    [.float, .byte], attributes: [.int("storage_order", default: 0)], results: [.optional("Indices", .fixed(.int64))])

  /// The largest element of each cell of a grid laid over each region. ONNX MaxRoiPool-22.
  package static let maxRoiPool = OpDefinition(
    "MaxRoiPool", versions: [1, 22], "The largest element of each cell of a grid laid over each region.",
    operands: [.required("X", .float), .required("rois", sameElementTypeAs: "X")],
    results: [.required("Y", sameElementTypeAs: "X")],
    attributes: [.required("pooled_shape", .ints), .float("spatial_scale", default: 1)],
    infer: { inference in
      let grid = try inference.operation.integers("pooled_shape", count: 2, atLeast: 1)
      inference.set(elementTypeOf: 0, try inference.regionShape(grid: grid))
    })

  /// Puts each element back to where MaxPool found it, and zeros elsewhere. ONNX MaxUnpool-22.
  package static let maxUnpool = OpDefinition(
    "MaxUnpool", versions: [9, 11, 22], "Puts each element back to where MaxPool found it, and zeros elsewhere.",
    operands: [.required("X", .float), .required("I", .int64), .optional("output_shape", .int64)],
    results: [.required("output", sameElementTypeAs: "X")],
    attributes: [.required("kernel_shape", .ints), .ints("pads"), .ints("strides")],
    infer: { $0.set(elementTypeOf: 0, try $0.unpoolingShape()) })

  /// Samples a grid laid over each region, without rounding coordinates. ONNX RoiAlign-22.
  package static let roiAlign = OpDefinition(
    "RoiAlign", versions: [10, 16, 22], "Samples a grid laid over each region, without rounding coordinates.",
    operands: [.required("X", .float), .required("rois", sameElementTypeAs: "X"), .required("batch_indices", .int64)],
    results: [.required("Y", sameElementTypeAs: "X")],
    attributes: [
      .string("coordinate_transformation_mode", default: "half_pixel"), .string("mode", default: "avg"),
      .int("output_height", default: 1), .int("output_width", default: 1), .int("sampling_ratio", default: 0),
      .float("spatial_scale", default: 1),
    ],
    infer: { inference in
      let grid = try ["output_height", "output_width"].map { try inference.operation.integer($0, atLeast: 1) ?? 1 }
      inference.set(elementTypeOf: 0, try inference.regionShape(grid: grid))
    },
    verify: oneOf("mode", ["avg", "max"]))

  /// An operator that makes one element of each position of a window.
  private static func pooling(
    _ name: ByteString, versions: [Int], _ summary: String, _ types: ElementTypes = .float,
    attributes: [AttributeDefinition], results: [ResultDefinition] = []
  ) -> OpDefinition {
    OpDefinition(
      name, versions: versions, summary, operands: [.required("X", types)],
      results: [.required("Y", sameElementTypeAs: "X")] + results,
      attributes: (windowOfPooling + attributes).sorted { $0.name < $1.name },
      infer: { inference in
        let shape = try inference.poolingShape()
        inference.set(elementTypeOf: 0, shape)
        inference.set(1, .tensor(.int64, shape))
      })
  }

  private static let windowOfPooling: [AttributeDefinition] = [
    .string("auto_pad", default: "NOTSET"), .int("ceil_mode", default: 0), .ints("dilations", each: 1),
    .required("kernel_shape", .ints), .ints("pads"), .ints("strides"),
  ]

  /// An operator that makes one element of all spatial axes.
  private static func globalPooling(
    _ name: ByteString, versions: [Int], _ summary: String, attributes: [AttributeDefinition] = []
  ) -> OpDefinition {
    OpDefinition(
      name, versions: versions, summary, operands: [.required("X", .float)],
      results: [.required("Y", sameElementTypeAs: "X")], attributes: attributes,
      infer: { inference in
        let shape = try inference.shape(0).map { x -> Shape in
          guard x.count >= 2 else {
            throw ModelError(.invalidModel, "an input of shape \(x) has no batch and channels")
          }
          return Array(x[..<2]) + Array(repeating: .known(1), count: x.count - 2)
        }
        inference.set(elementTypeOf: 0, shape)
      })
  }
}

extension TypeInference {
  fileprivate func poolingShape() throws -> Shape? {
    guard let extents = operation.ints("kernel_shape") else { return nil }
    let window = try SpatialWindow(operation, kernel: extents.map { .known($0) })
    let unknown: Shape = Array(repeating: .unknown, count: extents.count + 2)
    let x = shape(0) ?? unknown
    guard x.count == unknown.count else {
      throw ModelError(.invalidModel, "kernel_shape \(extents) does not fit an input of rank \(x.count)")
    }
    return x[..<2] + (try window.positions(over: Array(x[2...])))
  }

  fileprivate func unpoolingShape() throws -> Shape? {
    guard let extents = operation.ints("kernel_shape") else { return nil }
    let window = try SpatialWindow(operation, kernel: extents.map { .known($0) })
    guard let x = shape(0) else { return nil }
    guard x.count == extents.count + 2 else {
      throw ModelError(.invalidModel, "kernel_shape \(extents) does not fit an input of rank \(x.count)")
    }
    if operation.operand(2) != nil {
      guard let wanted = contents(2) else { return Array(repeating: .unknown, count: x.count) }
      guard wanted.count == x.count else {
        throw ModelError(.invalidModel, "output_shape \(wanted) is not of the input's rank \(x.count)")
      }
      return wanted
    }
    let spatial = extents.indices.map { axis in
      let spread = Dimension.known(window.strides[axis]) * (x[axis + 2] - .known(1)) + window.extent(axis)
      return spread - .known(window.before[axis]) - .known(window.after[axis])
    }
    return x[..<2] + spatial
  }

  /// One grid of cells for each region: the regions are the rows of operand 1.
  fileprivate func regionShape(grid: [Int]) throws -> Shape {
    for (index, name) in ["X", "rois"].enumerated() {
      guard let shape = shape(index), shape.count != (index == 0 ? 4 : 2) else { continue }
      throw ModelError(.invalidModel, "\(name) has shape \(shape), which is not of rank \(index == 0 ? 4 : 2)")
    }
    return [shape(1)?.first ?? .unknown, shape(0)?[1] ?? .unknown] + grid.map { .known($0) }
  }
}
