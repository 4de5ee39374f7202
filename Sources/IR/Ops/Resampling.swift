extension OpCatalog {
  static let resamplingFamily: [OpDefinition] = [.affineGrid, .centerCropPad, .col2Im, .gridSample, .resize]
}

extension OpDefinition {
  /// The positions that affine matrices give to the points of a regular grid. ONNX AffineGrid-20.
  package static let affineGrid = OpDefinition(
    "AffineGrid", versions: [20], "The positions that affine matrices give to the points of a regular grid.",
    operands: [.required("theta", .float), .required("size", .int64)],
    results: [.required("grid", sameElementTypeAs: "theta")], attributes: [.int("align_corners", default: 0)],
    infer: { $0.set(elementTypeOf: 0, try $0.affineGridShape()) })

  /// Crops or pads axes to given extents, around the center. ONNX CenterCropPad-18.
  package static let centerCropPad = OpDefinition(
    "CenterCropPad", versions: [18], "Crops or pads axes to given extents, around the center.",
    operands: [.required("input_data", .classic), .required("shape", .indices)],
    results: [.required("output_data", sameElementTypeAs: "input_data")], attributes: [.ints("axes")],
    traits: [.pure, .dataMovement],
    infer: { inference in
      let wanted = inference.contents(1)
      inference.set(elementTypeOf: 0, try inference.resizedShape { _, index in wanted?.dimension(index) ?? .unknown })
    })

  /// Adds columns of blocks up to an image. ONNX Col2Im-18.
  package static let col2Im = OpDefinition(
    "Col2Im", versions: [18], "Adds columns of blocks up to an image.",
    operands: [.required("input", .classic), .required("image_shape", .int64), .required("block_shape", .int64)],
    results: [.required("output", sameElementTypeAs: "input")],
    attributes: [.ints("dilations"), .ints("pads"), .ints("strides")],
    infer: { $0.set(elementTypeOf: 0, try $0.imageShape()) })

  /// Samples a tensor at the positions that a grid holds. ONNX GridSample-22.
  package static let gridSample = OpDefinition(
    "GridSample", versions: [16, 20, 22], "Samples a tensor at the positions that a grid holds.",
    operands: [.required("X", .classic), .required("grid", .float)],
    results: [.required("Y", sameElementTypeAs: "X")],
    attributes: [
      .int("align_corners", default: 0), .string("mode", default: "linear"), .string("padding_mode", default: "zeros"),
    ],
    infer: { $0.set(elementTypeOf: 0, try $0.sampleShape()) }, verify: oneOf("mode", ["linear", "nearest", "cubic"]))

  /// Interpolates a tensor to other extents, given as scales or sizes. ONNX Resize-19.
  package static let resize = OpDefinition(
    "Resize", versions: [10, 11, 13, 18, 19], "Interpolates a tensor to other extents, given as scales or sizes.",
    operands: [
      .required("X", .classic), .optional("roi", ElementTypes(.float64, .float32, .float16)),
      .optional("scales", .float32), .optional("sizes", .int64),
    ],
    results: [.required("Y", sameElementTypeAs: "X")],
    attributes: [
      .int("antialias", default: 0), .ints("axes"), .string("coordinate_transformation_mode", default: "half_pixel"),
      .float("cubic_coeff_a", default: -0.75), .int("exclude_outside", default: 0),
      .float("extrapolation_value", default: 0), .string("keep_aspect_ratio_policy", default: "stretch"),
      .string("mode", default: "nearest"), .string("nearest_mode", default: "round_prefer_floor"),
    ],
    infer: { $0.set(elementTypeOf: 0, try $0.resizeShape()) }, verify: oneOf("mode", ["nearest", "linear", "cubic"]))
}

extension TypeInference {
  /// The input's shape, where each of the attribute `axes` (all, where it is absent) becomes what `extent` makes of it
  /// and its place among them.
  fileprivate func resizedShape(_ extent: (Dimension, Int) throws -> Dimension) throws -> Shape? {
    guard var shape = shape(0) else { return nil }
    let axes = try operation.ints("axes").map { try self.axes($0, rank: shape.count) } ?? Array(shape.indices)
    for (index, axis) in axes.enumerated() { shape[axis] = try extent(shape[axis], index) }
    return shape
  }

  fileprivate func resizeShape() throws -> Shape? {
    let scales = operation.operand(2)?.literal.flatMap(SmallFloats.values)
    let hasScales = operation.operand(2) != nil && scales?.isEmpty != true
    if operation.operand(3) != nil, !hasScales {
      let isExact = operation.string("keep_aspect_ratio_policy") == "stretch"
      let sizes = contents(3)
      return try resizedShape { _, index in isExact ? sizes?.dimension(index) ?? .unknown : .unknown }
    }
    guard hasScales else { throw ModelError(.invalidModel, "says neither scales nor sizes") }
    let isCropping = operation.string("coordinate_transformation_mode") == "tf_crop_and_resize"
    guard let scales, !isCropping else { return try resizedShape { _, _ in .unknown } }
    return try resizedShape { extent, index in
      guard scales.indices.contains(index) else {
        throw ModelError(.invalidModel, "scales has \(scales.count) elements, which are not one for each axis")
      }
      guard let scaled = extent.scaled(by: scales[index]) else {
        throw ModelError(.invalidModel, "scale \(scales[index]) of extent \(extent) is not possible")
      }
      return scaled
    }
  }

  fileprivate func affineGridShape() throws -> Shape? {
    guard let size = elements(1) else { return nil }
    guard size.count == 4 || size.count == 5 else {
      throw ModelError(.invalidModel, "size \(size) is neither of an image nor of a volume")
    }
    let batch = shape(0)?.first.map { size[0].merged(with: $0) ?? size[0] } ?? size[0]
    return [batch] + size[2...] + [.known(size.count - 2)]
  }

  fileprivate func sampleShape() throws -> Shape? {
    guard let x = shape(0), let grid = shape(1) else { return nil }
    guard x.count >= 3, grid.count == x.count else {
      throw ModelError(.invalidModel, "X has shape \(x) and grid \(grid), which are not of one rank from 3 on")
    }
    try expect(grid[grid.count - 1], equals: .known(x.count - 2), "grid has shape \(grid), but X \(x)")
    return Array(x[..<2] + grid[1..<(grid.count - 1)])
  }

  fileprivate func imageShape() throws -> Shape? {
    guard let image = elements(1) ?? unknownImage() else { return nil }
    for name in ["dilations", "strides"] as [ByteString] {
      _ = try operation.integers(name, count: image.count, atLeast: 1)
    }
    _ = try operation.integers("pads", count: 2 * image.count, atLeast: 0)
    let block = contents(2)?.elementCount ?? .unknown
    guard let x = shape(0) else { return nil }
    guard x.count == 3 else { throw ModelError(.invalidModel, "an input of shape \(x) is not of rank 3") }
    return [x[0], x[1].exactlyDivided(by: block)] + image
  }

  /// An image of as many axes as some attribute has numbers for.
  private func unknownImage() -> Shape? {
    let rank =
      operation.ints("dilations")?.count ?? operation.ints("strides")?.count
      ?? operation.ints("pads").map { $0.count / 2 }
    return rank.map { Array(repeating: .unknown, count: $0) }
  }
}

extension Dimension {
  /// The extent times `scale`, rounded down; `nil` where that is no extent.
  fileprivate func scaled(by scale: Float) -> Dimension? {
    guard scale > 0, scale.isFinite else { return nil }
    if let factor = Int(exactly: scale) { return self * .known(factor) }
    if let divisor = Int(exactly: 1 / scale), Float(1) / Float(divisor) == scale, divisor.nonzeroBitCount == 1 {
      return floorDivided(by: .known(divisor))
    }
    guard let extent = value else { return .unknown }
    return Int(exactly: (Float(extent) * scale).rounded(.down)).map { .known($0) }
  }
}

/// Reads small literals of single precision, which scales are made of.
package enum SmallFloats {
  /// The elements of a literal of at most `SmallIntegers.maximumCount` f32 elements; `nil` for any other.
  package static func values(of literal: TensorLiteral) -> [Float]? {
    guard literal.elementType == .float32, literal.elementCount <= SmallIntegers.maximumCount else { return nil }
    guard literal.elementCount > 0 else { return [] }
    return try? literal.withWindow(0..<literal.elementCount) { bytes in
      (0..<literal.elementCount).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
    }
  }
}
