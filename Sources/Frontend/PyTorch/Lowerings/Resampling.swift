import IR

extension Lowering {
  /// Images in other sizes.
  static let resampling: [String: Lowering] = {
    var table: [String: Lowering] = [
      "aten._upsample_bilinear2d_aa": antialiased("linear"), "aten._upsample_bicubic2d_aa": antialiased("cubic"),
      "aten.upsample_bicubic2d": .one { try $0.resized("cubic") },
      "aten.upsample_linear1d": .one { try $0.resized("linear") },
      "aten.upsample_bilinear2d": .one { try $0.resized("linear") },
      "aten.upsample_trilinear3d": .one { try $0.resized("linear") },
      "aten.grid_sampler": .one { try $0.sampled() }, "aten.grid_sampler_2d": .one { try $0.sampled() },
      "aten.grid_sampler_3d": .one { try $0.sampled() },
      "aten.affine_grid_generator": .one { call in
        try call.op(
          .affineGrid, call.value("theta"), call.shapeOperand(call.extents("size")),
          attributes: ["align_corners": .int(call.bool("align_corners") ? 1 : 0)])
      },
    ]
    for axes in 1...3 {
      table["aten.upsample_nearest\(axes)d"] = .one { try $0.nearest("asymmetric", "floor") }
      table["aten._upsample_nearest_exact\(axes)d"] = .one { try $0.nearest("half_pixel", "round_prefer_ceil") }
    }
    return table
  }()

  private static func antialiased(_ mode: ByteString) -> Lowering {
    .one { call in
      guard try !call.bool("align_corners", default: false) else {
        throw UnsupportedForm("smooths between aligned corners")
      }
      return try call.resized(mode, ["antialias": .int(1), "exclude_outside": .int(1), "cubic_coeff_a": .float(-0.5)])
    }
  }
}

extension Call {
  fileprivate func nearest(_ coordinates: ByteString, _ rounding: ByteString) throws -> Value {
    try resize([
      "mode": .string("nearest"), "coordinate_transformation_mode": .string(coordinates),
      "nearest_mode": .string(rounding),
    ])
  }

  fileprivate func resized(_ mode: ByteString, _ additional: Attributes = [:]) throws -> Value {
    guard try elementType(input()) != .uint8 else {
      // PyTorch resamples images of bytes in whole numbers of its own.
      throw UnsupportedForm("resamples bytes", advice: "convert the image to float before resizing")
    }
    var attributes = additional
    attributes["mode"] = .string(mode)
    attributes["coordinate_transformation_mode"] = .string(try bool("align_corners") ? "align_corners" : "half_pixel")
    return try resize(attributes)
  }

  /// Resizes by the scales where the program says any, for they decide where elements are sampled; else to the sizes.
  private func resize(_ attributes: Attributes) throws -> Value {
    let input = try input()
    let axes = try rank(input) - 2
    guard axes > 0 else { throw ModelError(.invalidModel, "has an operand that is no batch of images") }
    let wanted = try optionalExtents("output_size")
    if let scales = try scales(axes) {
      // Between aligned corners the sizes decide alone.
      if try bool("align_corners", default: false) {
        return try resize(attributes, to: wanted ?? scaledExtents(input, scales))
      }
      let all = [1, 1] + scales.map { Float($0) }
      let literal = try TensorLiteral(.float32, [all.count], bytes: all.withUnsafeBytes { Array($0) })
      let result = try op(.resize, input, nil, builder.constant(literal), attributes: attributes)
      guard let wanted, let known = result.tensorType?.shape else { return result }
      let distances = zip(known.suffix(axes), wanted).compactMap { a, b -> Int? in
        guard let a = a.value, let b = b.known else { return nil }
        return abs(a - b)
      }
      if distances.allSatisfy({ $0 == 0 }) { return result }
      // A product may have been rounded otherwise.
      guard distances.allSatisfy({ $0 <= 1 }) else {
        throw UnsupportedForm("has scales that are not those of its sizes")
      }
    }
    guard let wanted else { throw ModelError(.invalidModel, "says neither sizes nor scales") }
    return try resize(attributes, to: wanted)
  }

  private func resize(_ attributes: Attributes, to sizes: [Extent]) throws -> Value {
    let input = try input()
    guard try sizes.count == rank(input) - 2 else { throw ModelError(.invalidModel, "has sizes of other axes") }
    let target = try shapeOperand([extent(of: input, 0), extent(of: input, 1)] + sizes)
    return try op(.resize, input, nil, nil, target, attributes: attributes)
  }

  /// The extents of the last axes times their scales, rounded down.
  private func scaledExtents(_ input: Value, _ scales: [Double]) throws -> [Extent] {
    let rank = try rank(input)
    return try scales.enumerated().map { index, scale in
      let extent = try extent(of: input, rank - scales.count + index)
      if let known = extent.known {
        guard let size = Int(exactly: (Double(known) * scale).rounded(.down)) else {
          throw ModelError(.invalidModel, "scales by \(scale)")
        }
        return .known(size)
      }
      let product = try op(.mul, cast(vector(extent), to: .float64), scalar(scale, .float64))
      return .symbolic(try cast(op(.floor, product), to: .int64))
    }
  }

  private func scales(_ axes: Int) throws -> [Double]? {
    if case .floats(let scales)? = argument("scale_factors") { return scales.count == axes ? scales : nil }
    let names = axes == 1 ? ["scales"] : axes == 2 ? ["scales_h", "scales_w"] : ["scales_d", "scales_h", "scales_w"]
    let scales = try names.compactMap { try optionalFloat($0) }
    return scales.count == axes ? scales : nil
  }

  fileprivate func sampled() throws -> Value {
    let modes: [ByteString] = ["linear", "nearest", "cubic"]
    let paddings: [ByteString] = ["zeros", "border", "reflection"]
    let (mode, padding) = (try int("interpolation_mode"), try int("padding_mode"))
    guard modes.indices.contains(mode), paddings.indices.contains(padding) else {
      throw ModelError(.invalidModel, "samples in the mode \(mode), \(padding)")
    }
    return try op(
      .gridSample, value("input"), value("grid"),
      attributes: [
        "mode": .string(modes[mode]), "padding_mode": .string(paddings[padding]),
        "align_corners": .int(bool("align_corners", default: false) ? 1 : 0),
      ])
  }
}
