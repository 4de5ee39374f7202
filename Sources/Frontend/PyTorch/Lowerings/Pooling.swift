import IR

extension Lowering {
  static let pooling: [String: Lowering] = [
    "aten.max_pool1d": maximum(1), "aten.max_pool2d": maximum(2), "aten.max_pool3d": maximum(3),
    "aten.max_pool1d_with_indices": maximum(1), "aten.max_pool2d_with_indices": maximum(2),
    "aten.max_pool3d_with_indices": maximum(3),
    "aten.avg_pool1d": mean(1), "aten.avg_pool2d": mean(2), "aten.avg_pool3d": mean(3),
  ]

  private static func maximum(_ axes: Int) -> Lowering { .values { try $0.maximumPool(axes) } }
  private static func mean(_ axes: Int) -> Lowering { .one { try $0.meanPool(axes) } }
}

/// Where the windows of a pool lie.
private struct Windows {
  var kernel: [Int]
  var strides: [Int]
  var padding: [Int]
  var dilations: [Int]
  /// Elements beyond the padding that the last window takes where the extents are rounded up.
  var excess: [Int]
  /// Whether the excess is left to ONNX's own rounding, since the extents are not known.
  var roundsUp = false

  var attributes: Attributes {
    var attributes: Attributes = [
      "kernel_shape": .ints(kernel.map { Int64($0) }), "strides": .ints(strides.map { Int64($0) }),
      "pads": .ints((padding + zip(padding, excess).map { $0 + $1 }).map { Int64($0) }),
    ]
    if dilations.contains(where: { $0 != 1 }) { attributes["dilations"] = .ints(dilations.map { Int64($0) }) }
    if roundsUp { attributes["ceil_mode"] = .int(1) }
    return attributes
  }
}

extension Call {
  private func windows(_ input: Value, _ axes: Int) throws -> Windows {
    let kernel = try sizes("kernel_size", axes)
    let strides = try (optionalInts("stride") ?? []).isEmpty ? kernel : sizes("stride", axes)
    let dilations = try sizes("dilation", axes, default: 1)
    guard !(kernel + strides + dilations).contains(0) else {
      throw ModelError(.invalidModel, "has a window that is none")
    }
    var windows = Windows(
      kernel: kernel, strides: strides, padding: try sizes("padding", axes, default: 0), dilations: dilations,
      excess: Array(repeating: 0, count: axes))
    guard try bool("ceil_mode", default: false) else { return windows }
    let shape = try shape(input)
    for axis in 0..<axes {
      let span = dilations[axis] * (kernel[axis] - 1) + 1
      guard shape[shape.count - axes + axis].value != nil else {
        // A window that would begin in the padding is left out, which not every runtime does.
        guard windows.padding[axis] == 0, strides[axis] <= span else {
          throw UnsupportedForm("rounds up an extent that is not known")
        }
        windows.roundsUp = true
        continue
      }
      let extent = try knownExtent(input, shape.count - axes + axis)
      let padded = extent + 2 * windows.padding[axis]
      var count = (padded - span + strides[axis] - 1) / strides[axis] + 1
      if (count - 1) * strides[axis] >= extent + windows.padding[axis] { count -= 1 }
      windows.excess[axis] = max((count - 1) * strides[axis] + span - padded, 0)
    }
    return windows
  }

  fileprivate func maximumPool(_ axes: Int) throws -> [Value?] {
    let input = try input()
    let isBatch = try hasBatch(input, axes: axes)
    let batch = isBatch ? input : try unsqueeze(input, [0])
    let attributes = try windows(batch, axes).attributes
    func restored(_ value: Value) throws -> Value { isBatch ? value : try squeeze(value, [0]) }
    guard isUsed(1) else { return [try restored(op(.maxPool, batch, attributes: attributes)), nil] }
    let results = try ops(.maxPool, [batch], attributes, results: 2)
    // ONNX counts positions in the whole tensor, PyTorch in each channel.
    let spatial = try extents(of: batch).suffix(axes)
    let plane = try element(vector(product(Array(spatial))))
    return [try restored(results[0]), try restored(op(.mod, results[1], plane))]
  }

  fileprivate func meanPool(_ axes: Int) throws -> Value {
    try withBatch(input(), axes: axes) { batch in
      var windows = try windows(batch, axes)
      var value = batch
      let divisor = try optionalInt("divisor_override")
      let countsPadding = try bool("count_include_pad", default: true) || divisor != nil
      // The padding counts as elements, what lies beyond it does not.
      if countsPadding, windows.padding.contains(where: { $0 != 0 }), windows.excess.contains(where: { $0 != 0 }) {
        value = try op(.pad, value, constant([0, 0] + windows.padding + [0, 0] + windows.padding))
        windows.padding = Array(repeating: 0, count: axes)
      }
      var attributes = windows.attributes
      let hasPadding = windows.padding.contains { $0 != 0 }
      if hasPadding, countsPadding { attributes["count_include_pad"] = .int(1) }
      guard let divisor else { return try op(.averagePool, value, attributes: attributes) }
      guard divisor != 0 else { throw ModelError(.invalidModel, "divides by 0") }
      if windows.excess.contains(where: { $0 != 0 }) { attributes["count_include_pad"] = .int(1) }
      let mean = try op(.averagePool, value, attributes: attributes)
      let factor = Double(windows.kernel.reduce(1) { $0 &* $1 }) / Double(divisor)
      return try op(.mul, mean, scalar(factor, elementType(mean)))
    }
  }
}
