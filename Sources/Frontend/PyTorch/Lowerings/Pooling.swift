import IR

extension Lowering {
  static let pooling: [String: Lowering] = [
    "aten.max_pool1d": maximum(1), "aten.max_pool2d": maximum(2), "aten.max_pool3d": maximum(3),
    "aten.max_pool1d_with_indices": maximum(1), "aten.max_pool2d_with_indices": maximum(2),
    "aten.max_pool3d_with_indices": maximum(3),
    "aten.avg_pool1d": mean(1), "aten.avg_pool2d": mean(2), "aten.avg_pool3d": mean(3),
    "aten.adaptive_avg_pool1d": .one { try $0.adaptiveMean(1) },
    "aten.adaptive_avg_pool2d": .one { try $0.adaptiveMean(2) },
    "aten.adaptive_avg_pool3d": .one { try $0.adaptiveMean(3) },
    "aten._adaptive_avg_pool2d": .one { try $0.adaptiveMean(2) },
    "aten._adaptive_avg_pool3d": .one { try $0.adaptiveMean(3) },
    "aten.adaptive_max_pool1d": .values { try $0.adaptiveMaximum(1) },
    "aten.adaptive_max_pool2d": .values { try $0.adaptiveMaximum(2) },
    "aten.adaptive_max_pool3d": .values { try $0.adaptiveMaximum(3) },
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

  // MARK: Pools of a wanted extent

  /// The wanted extents of the last axes: an absent one is what it was.
  private func wantedExtents(_ input: Value, _ axes: Int) throws -> [Int] {
    let wanted = try perAxis("output_size", axes)
    guard wanted.allSatisfy({ (1...1 << 16).contains($0) }) else { throw UnsupportedForm("pools to \(wanted)") }
    return wanted
  }

  /// The kernel with which a pool of equal windows gives the wanted extents; `nil` where none does.
  private func evenKernel(_ input: Value, _ wanted: [Int]) throws -> [Int]? {
    let extents = try shape(input).suffix(wanted.count)
    let kernel = zip(extents, wanted).compactMap { extent, wanted -> Int? in
      guard let extent = extent.value, extent > 0, extent % wanted == 0 else { return nil }
      return extent / wanted
    }
    return kernel.count == wanted.count ? kernel : nil
  }

  private func evenAttributes(_ kernel: [Int]) -> Attributes {
    ["kernel_shape": .ints(kernel.map { Int64($0) }), "strides": .ints(kernel.map { Int64($0) })]
  }

  fileprivate func adaptiveMean(_ axes: Int) throws -> Value {
    try withBatch(input(), axes: axes) { batch in
      let wanted = try wantedExtents(batch, axes)
      if wanted.allSatisfy({ $0 == 1 }) { return try op(.globalAveragePool, batch) }
      if let kernel = try evenKernel(batch, wanted) {
        return kernel.allSatisfy { $0 == 1 } ? batch : try op(.averagePool, batch, attributes: evenAttributes(kernel))
      }
      // The mean of a window is the mean along each axis, and that is a product with a matrix.
      let rank = axes + 2
      return try wanted.enumerated().reduce(batch) { value, item in
        let axis = item.offset + 2
        let matrix = try means(extent(of: batch, axis), item.element, elementType(batch))
        return try transpose(op(.matMul, transpose(value, axis, rank - 1), matrix), axis, rank - 1)
      }
    }
  }

  /// The ends of the windows that cut `extent` elements into `wanted` overlapping parts.
  private static func windows(_ extent: Int, _ wanted: Int) -> [Range<Int>] {
    (0..<wanted).map { $0 * extent / wanted..<(($0 + 1) * extent + wanted - 1) / wanted }
  }

  private func means(_ length: Extent, _ wanted: Int, _ type: ElementType) throws -> Value {
    guard let extent = length.known else {
      // The same from positions: rows inside of each column's window, divided by how many these are.
      let parts = try range(to: .known(wanted))
      let last = try op(.mul, op(.add, parts, builder.constant(1)), vector(length))
      let starts = try op(.div, op(.mul, parts, vector(length)), constant([wanted]))
      let ends = try op(.div, op(.add, last, constant([wanted - 1])), constant([wanted]))
      let rows = try unsqueeze(range(to: length), [1])
      let isInside = try op(.and, op(.greaterOrEqual, rows, starts), op(.less, rows, ends))
      return try op(.div, cast(isInside, to: type), cast(op(.sub, ends, starts), to: type))
    }
    guard extent <= 1 << 18, wanted <= 1 << 18, extent * wanted <= 1 << 18 else {
      throw UnsupportedForm("pools \(extent) to \(wanted)")
    }
    var elements = Array(repeating: Float(0), count: extent * wanted)
    for (column, window) in Self.windows(extent, wanted).enumerated() {
      for row in window { elements[row * wanted + column] = 1 / Float(window.count) }
    }
    let bytes = elements.withUnsafeBytes { Array($0) }
    return try cast(builder.constant(TensorLiteral(.float32, [extent, wanted], bytes: bytes)), to: type)
  }

  fileprivate func adaptiveMaximum(_ axes: Int) throws -> [Value?] {
    let input = try input()
    let wanted = try wantedExtents(input, axes)
    let isBatch = try hasBatch(input, axes: axes)
    let batch = isBatch ? input : try unsqueeze(input, [0])
    func restored(_ value: Value) throws -> Value { isBatch ? value : try squeeze(value, [0]) }
    if wanted.allSatisfy({ $0 == 1 }), !isUsed(1) { return [try restored(op(.globalMaxPool, batch)), nil] }
    if let kernel = try evenKernel(batch, wanted) {
      let results = try ops(.maxPool, [batch], evenAttributes(kernel), results: isUsed(1) ? 2 : 1)
      guard results.count == 2 else { return [try restored(results[0]), nil] }
      let plane = try element(vector(product(Array(extents(of: batch).suffix(axes)))))
      return [try restored(results[0]), try restored(op(.mod, results[1], plane))]
    }
    // Along the last axis first, so that of equal elements the first row's is taken.
    var (value, places): (Value, Value?) = (batch, nil)
    for (side, wanted) in wanted.enumerated().reversed() {
      (value, places) = try unevenMaximum(value, places, side + 2, wanted, in: batch)
    }
    return try [restored(value), places.map { try restored($0) }]
  }

  /// The largest elements in the windows along one axis, and where they are in the plane, if that is asked for.
  ///
  /// - Parameter places: where the elements of `value` are in the planes of `input`; `nil` where they have not moved.
  private func unevenMaximum(
    _ value: Value, _ places: Value?, _ axis: Int, _ wanted: Int, in input: Value
  ) throws -> (Value, Value?) {
    let windows = Self.windows(try knownExtent(value, axis), wanted)
    guard windows.count <= 1 << 10 else { throw UnsupportedForm("pools to \(wanted)") }
    let parts = try windows.map { try slice(value, axis, from: $0.lowerBound, to: $0.upperBound) }
    let result = try concat(parts.map { try reduce(.reduceMax, $0, [axis], keepsAxes: true) }, axis)
    guard isUsed(1) else { return (result, nil) }
    let along: Attributes = ["axis": .int(Int64(axis)), "keepdims": .int(1)]
    let chosen = try concat(
      zip(parts, windows).map { part, window in
        try op(.add, op(.argMax, part, attributes: along), builder.constant(window.lowerBound))
      }, axis)
    let rank = try rank(input)
    let step = try element(vector(product((axis + 1..<rank).map { try extent(of: input, $0) })))
    let own = try op(.mul, chosen, step)
    guard let places else { return (result, own) }
    let inner = try op(.gatherElements, places, chosen, attributes: ["axis": .int(Int64(axis))])
    return (result, try op(.add, own, inner))
  }
}
