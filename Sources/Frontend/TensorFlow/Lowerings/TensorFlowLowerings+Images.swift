import IR

extension TensorFlowLowerings {
  /// What is done to images: all have their channels last.
  static let images: OperatorTable.Family = [
    "ResizeBilinear": .value { node in try node.resize(mode: "linear", [:]) },
    "ResizeNearestNeighbor": .value { node in
      // Where pixels have centers, TensorFlow takes the one that the point lies in.
      let rounding: ByteString =
        node.node.flag("half_pixel_centers") || node.node.flag("align_corners") ? "round_prefer_ceil" : "floor"
      return try node.resize(mode: "nearest", ["nearest_mode": .string(rounding)])
    },
    "ResizeBicubic": .value { node in
      if let sampled = try node.cubicallySampled() { return sampled }
      let isKeys = node.node.flag("half_pixel_centers")
      return try node.resize(
        mode: "cubic",
        ["cubic_coeff_a": .float(isKeys ? -0.5 : -0.75), "exclude_outside": .int(isKeys ? 1 : 0)])
    },
    "ResizeArea": .value { node in
      let x = try node.operand(0)
      let (extents, sizes) = (try node.shape(x), try node.integers(1, "the size"))
      guard extents.count == 4, sizes.count == 2, let height = extents[1].value, let width = extents[2].value,
        sizes.allSatisfy({ $0 > 0 })
      else { throw UnsupportedForm("images whose extents vary") }
      let alignsCorners = node.node.flag("align_corners")
      guard !alignsCorners, height.isMultiple(of: sizes[0]), width.isMultiple(of: sizes[1]) else {
        return try node.sampled(
          AxisSampling(areasOf: height, into: sizes[0], alignsCorners: alignsCorners),
          AxisSampling(areasOf: width, into: sizes[1], alignsCorners: alignsCorners))
      }
      var attributes: Attributes = [:]
      attributes.set("kernel_shape", [height / sizes[0], width / sizes[1]])
      attributes.set("strides", [height / sizes[0], width / sizes[1]])
      let pixels = try node.transpose(try node.cast(x, .float32), [0, 3, 1, 2])
      return try node.transpose(try node.build(.averagePool, pixels, attributes: attributes), [0, 2, 3, 1])
    },
    "ScaleAndTranslate": .value { node in
      let (extents, sizes) = (try node.shape(try node.operand(0)), try node.integers(1, "the size"))
      guard extents.count == 4, sizes.count == 2, let height = extents[1].value, let width = extents[2].value else {
        return try node.antialiased()
      }
      guard let kernel = SamplingKernel(rawValue: node.node.text("kernel_type")?.text ?? "lanczos3"),
        let scale = node.knownFloats(try node.operand(2)), let translation = node.knownFloats(try node.operand(3)),
        scale.count == 2, translation.count == 2
      else { throw UnsupportedForm("a scale that is not constant") }
      let antialiases = node.node.flag("antialias") || !node.node.has("antialias")
      return try node.sampled(
        AxisSampling(
          kernel, of: height, into: sizes[0], scale: scale[0], translation: translation[0], antialiases: antialiases),
        AxisSampling(
          kernel, of: width, into: sizes[1], scale: scale[1], translation: translation[1], antialiases: antialiases))
    },
    "CropAndResize": .value { try $0.cropAndResize() },
    "AdjustContrastv2": .value { node in
      let x = try node.operand(0)
      let rank = try node.rank(x)
      let mean = try node.build(.reduceMean, x, try node.build.constant([rank - 3, rank - 2]))
      let scaled = try node.build(
        .mul, try node.build(.sub, x, mean), try node.cast(try node.operand(1), try node.elementType(x)))
      return try node.build(.add, scaled, mean)
    },
    "DepthToSpace": blocks(.depthToSpace, ["mode": .string("DCR")]), "SpaceToDepth": blocks(.spaceToDepth, [:]),
  ]

  private static func blocks(_ definition: OpDefinition, _ attributes: Attributes) -> NodeLowering {
    .value { node in
      let axes = try SpatialAxes(node, count: 2)
      var attributes = attributes
      attributes["blocksize"] = .int(Int64(node.node.integer("block_size") ?? 1))
      let images = try axes.channelsFirst(try node.operand(0), node)
      return try axes.restored(try node.build(definition, images, attributes: attributes), node)
    }
  }
}

extension NodeContext {
  /// Tables of weights are smaller than this where an operator of ONNX says nearly the same.
  private static let mostWeights = 1 << 19

  /// Images of known extents interpolated cubically just as TensorFlow does it; `nil` where they vary or are large.
  fileprivate func cubicallySampled() throws -> Value? {
    let extents = try shape(try operand(0))
    guard extents.count == 4, let sizes = try knownIntegers(1), sizes.count == 2,
      let inputs = Array(extents[1...2]).knownDimensions
    else { return nil }
    let counts = zip(inputs, sizes).map { $0.multipliedReportingOverflow(by: $1) }
    guard counts.allSatisfy({ !$0.overflow && $0.partialValue <= Self.mostWeights }) else { return nil }
    let samplings = try zip(inputs, sizes).map {
      try AxisSampling(
        cubesOf: $0, into: $1, alignsCorners: node.flag("align_corners"), hasCenters: node.flag("half_pixel_centers"))
    }
    return try sampled(samplings[0], samplings[1])
  }

  /// Images of any extents scaled to a size, where a kernel is one that ONNX has, too.
  fileprivate func antialiased() throws -> Value {
    guard try isRatioOfExtents(2), knownFloats(try operand(3)) == [0, 0] else {
      throw UnsupportedForm("images whose extents vary")
    }
    var attributes: Attributes = [
      "antialias": .int(node.flag("antialias") || !node.has("antialias") ? 1 : 0), "exclude_outside": .int(1),
    ]
    switch node.text("kernel_type")?.text {
    case "triangle": return try resize(mode: "linear", attributes, places: "half_pixel")
    case "keyscubic":
      attributes["cubic_coeff_a"] = .float(-0.5)
      return try resize(mode: "cubic", attributes, places: "half_pixel")
    default: throw UnsupportedForm("images whose extents vary")
    }
  }

  /// Whether an operand is the size that images are scaled to, over that which they have.
  private func isRatioOfExtents(_ index: Int) throws -> Bool {
    guard let ratio = try operand(index).definingOperation, ratio.is(.div), let size = ratio.operand(0),
      let extents = ratio.operand(1)?.definingOperation, extents.is(.cast), let known = extents.operand(0)?.contents,
      let sizes = knownFloats(size)
    else { return false }
    let own = try shape(try operand(0))
    return sizes == (try integers(1, "the size")).map { Float($0) } && known.count == 2
      && zip(known, own[1...2]).allSatisfy { $0.isEqual(to: $1) == true }
  }

  fileprivate func resize(mode: ByteString, _ extra: Attributes) throws -> Value {
    try resize(
      mode: mode, extra,
      places: node.flag("align_corners")
        ? "align_corners" : node.flag("half_pixel_centers") ? "half_pixel" : "asymmetric")
  }

  /// - Parameter places: where pixels are, as ONNX calls it.
  private func resize(mode: ByteString, _ extra: Attributes, places: ByteString) throws -> Value {
    var attributes = extra
    attributes["mode"] = .string(mode)
    attributes["coordinate_transformation_mode"] = .string(places)
    let x = try operand(0)
    let images = try transpose(mode == "nearest" ? x : try cast(x, .float32), [0, 3, 1, 2])
    let given = try int64(try operand(1))
    let size = given.tensorType?.shape?.knownDimensions == [2] ? given : try reshape(given, [2])
    // All axes are said, not the last two alone: runtimes that move transposes lose count of those.
    var resized: Value
    if mode == "cubic" || attributes["antialias"] != nil {
      // Runtimes that move transposes past a Resize would let it interpolate so along channels, which they cannot or do
      // wrongly: between reshapes it stays where it is.
      let flat = try reshape(images, [1, -1, 0, 0])
      resized = try build(
        .resize, flat, nil, nil, try resizedShape(flat, size), attributes: attributes)
      resized = try build(.reshape, resized, try resizedShape(images, try build.constant([0, 0])))
    } else if let factors = try wholeFactors(images, size) {
      let scales = try build.constant(TensorLiteral(float32s: [1, 1] + factors, [4]))
      resized = try build(.resize, images, nil, scales, attributes: attributes)
    } else {
      resized = try build(.resize, images, nil, nil, try resizedShape(images, size), attributes: attributes)
    }
    return try transpose(resized, [0, 2, 3, 1])
  }

  /// The shape of images with the last two extents changed to `size`.
  private func resizedShape(_ images: Value, _ size: Value) throws -> Value {
    if let known = size.contents?.knownDimensions, let outer = Array(try shape(images)[..<2]).knownDimensions {
      return try build.constant(outer + known)
    }
    return try concat([try part(try shapeValue(images), 0, 2, axis: 0), size], axis: 0)
  }

  /// How many times as large as before the last two axes are in `size`; `nil` where those are not known to be whole numbers.
  private func wholeFactors(_ images: Value, _ size: Value) throws -> [Float]? {
    let extents = try shape(images)
    guard extents.count == 4, let sizes = size.contents, sizes.count == 2 else { return nil }
    let factors = zip(extents[2...], sizes).compactMap { extent, size in
      (1...Self.largestFactor).first { (extent * .known($0)).isEqual(to: size) == true }
    }
    return factors.count == 2 ? factors.map(Float.init) : nil
  }

  private static let largestFactor = 64

  /// Boxes of images, each interpolated to one size; a point outside of its image is `extrapolation_value`.
  fileprivate func cropAndResize() throws -> Value {
    let isNearest = node.text("method") == "nearest"
    let size = try integers(3, "the size")
    guard size.count == 2, size.allSatisfy({ $0 > 0 && $0 < 1 << 16 }) else {
      throw UnsupportedForm("a size of \(size)")
    }
    let images = try cast(try operand(0), .float32)
    guard try rank(images) == 4 else { throw ModelError(.invalidModel, "takes no images of this rank") }
    let boxes = try operand(1)
    let chosen = try build(.gather, try transpose(images, [0, 3, 1, 2]), try operand(2))
    let shape = try build(.cast, try shapeValue(images), attributes: ["to": .elementType(.float32)])
    let one = try scalar(1, like: boxes)
    // For each axis the points in pixels, as a row for each box, and whether they lie inside.
    func points(_ axis: Int) throws -> (normalized: Value, isInside: Value) {
      let last = try build(.sub, try build(.gather, shape, try build.constant(axis + 1)), one)
      let low = try build(.mul, try part(boxes, axis, axis + 1, axis: 1), last)
      let high = try build(.mul, try part(boxes, axis + 2, axis + 3, axis: 1), last)
      let count = size[axis]
      let pixels: Value
      if count == 1 {
        pixels = try build(.mul, try build(.add, low, high), try scalar(0.5, like: boxes))
      } else {
        let steps = (0..<count).flatMap { step in withUnsafeBytes(of: Float(step)) { Array($0) } }
        let row = try build.constant(try TensorLiteral(.float32, [1, count], bytes: steps))
        let width = try build(.div, try build(.sub, high, low), try scalar(Double(count - 1), like: boxes))
        pixels = try build(.add, low, try build(.mul, row, width))
      }
      let isInside = try build(
        .and, try build(.greaterOrEqual, pixels, try scalar(0, like: boxes)), try build(.lessOrEqual, pixels, last))
      // Halves are rounded up.
      let exact = isNearest ? try build(.floor, try build(.add, pixels, try scalar(0.5, like: boxes))) : pixels
      let doubled = try build(.mul, exact, try scalar(2, like: boxes))
      let safe = try build(.max, last, one)
      return (try build(.sub, try build(.div, doubled, safe), one), isInside)
    }
    let (vertical, horizontal) = (try points(0), try points(1))
    let target = try concat(
      [try vector(try build(.gather, try build(.shape, boxes), try build.constant(0))), try build.constant(size)],
      axis: 0)
    let y = try build(.expand, try unsqueeze(vertical.normalized, [2]), target)
    let x = try build(.expand, try unsqueeze(horizontal.normalized, [1]), target)
    let grid = try concat([try unsqueeze(x, [3]), try unsqueeze(y, [3])], axis: 3)
    let sampled = try build(
      .gridSample, chosen, grid, attributes: ["align_corners": .int(1), "padding_mode": .string("border")])
    let isInside = try build(.and, try unsqueeze(vertical.isInside, [2]), try unsqueeze(horizontal.isInside, [1]))
    let outside = try build.constant(try TensorLiteral.scalar(Double(node.float("extrapolation_value") ?? 0), .float32))
    let result = try build(.where, try unsqueeze(isInside, [1]), sampled, outside)
    return try transpose(result, [0, 2, 3, 1])
  }
}
