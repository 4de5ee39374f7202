import IR

extension Lowering {
  /// Pools of a wanted extent, whose windows may differ in size by one and overlap.
  static let adaptivePooling: [String: Lowering] = [
    "aten.adaptive_avg_pool1d": .one { try $0.adaptiveMean(1) },
    "aten.adaptive_avg_pool2d": .one { try $0.adaptiveMean(2) },
    "aten.adaptive_avg_pool3d": .one { try $0.adaptiveMean(3) },
    "aten._adaptive_avg_pool2d": .one { try $0.adaptiveMean(2) },
    "aten._adaptive_avg_pool3d": .one { try $0.adaptiveMean(3) },
    "aten.adaptive_max_pool1d": .values { try $0.adaptiveMaximum(1) },
    "aten.adaptive_max_pool2d": .values { try $0.adaptiveMaximum(2) },
    "aten.adaptive_max_pool3d": .values { try $0.adaptiveMaximum(3) },
  ]
}

extension Call {
  /// The wanted extents of the last axes: an absent one is what it was.
  private func wantedExtents(_ axes: Int) throws -> [Extent] {
    let wanted = try extents("output_size")
    guard wanted.count == axes || wanted.count == 1 else {
      throw ModelError(.invalidModel, "has \(wanted.count) of 'output_size' for \(axes) axes")
    }
    for case let extent? in wanted.map(\.known) where !(1...1 << 16).contains(extent) {
      throw UnsupportedForm("pools to \(extent)")
    }
    return wanted.count == axes ? wanted : Array(repeating: wanted[0], count: axes)
  }

  /// The kernel with which a pool of equal windows gives the wanted extents; `nil` where none does.
  private func evenKernel(_ input: Value, _ wanted: [Extent]) throws -> [Int]? {
    let extents = try shape(input).suffix(wanted.count)
    let kernel = zip(extents, wanted).compactMap { extent, wanted -> Int? in
      if extent.isEqual(to: wanted.dimension) == true { return 1 }
      guard let extent = extent.value, let wanted = wanted.known, extent > 0, extent % wanted == 0 else { return nil }
      return extent / wanted
    }
    return kernel.count == wanted.count ? kernel : nil
  }

  private func evenAttributes(_ kernel: [Int]) -> Attributes {
    ["kernel_shape": .ints(kernel.map { Int64($0) }), "strides": .ints(kernel.map { Int64($0) })]
  }

  fileprivate func adaptiveMean(_ axes: Int) throws -> Value {
    try withBatch(input(), axes: axes) { batch in
      let wanted = try wantedExtents(axes)
      if wanted.allSatisfy({ $0.known == 1 }) { return try op(.globalAveragePool, batch) }
      if let kernel = try evenKernel(batch, wanted) {
        return kernel.allSatisfy { $0 == 1 } ? batch : try op(.averagePool, batch, attributes: evenAttributes(kernel))
      }
      // The mean of a window is the mean along each axis, and that is a product with a matrix.
      let (rank, shape) = (axes + 2, try shape(batch))
      return try wanted.enumerated().reduce(batch) { value, item in
        let axis = item.offset + 2
        if shape[axis].isEqual(to: item.element.dimension) == true { return value }
        let matrix = try means(extent(of: batch, axis), item.element, elementType(batch))
        return try transpose(op(.matMul, transpose(value, axis, rank - 1), matrix), axis, rank - 1)
      }
    }
  }

  /// The windows that cut `extent` elements into `wanted` overlapping parts.
  private static func windows(_ extent: Int, _ wanted: Int) -> [Range<Int>] {
    (0..<wanted).map { $0 * extent / wanted..<(($0 + 1) * extent + wanted - 1) / wanted }
  }

  /// The same where an extent is not known: vectors of where they start and end.
  private func windows(_ extent: Extent, _ wanted: Extent) throws -> (starts: Value, ends: Value) {
    let (parts, count) = (try range(to: wanted), try vector(wanted))
    let last = try op(.mul, op(.add, parts, builder.constant(1)), vector(extent))
    let starts = try op(.div, op(.mul, parts, vector(extent)), count)
    return (starts, try op(.div, op(.add, last, op(.sub, count, constant([1]))), count))
  }

  private func means(_ length: Extent, _ wanted: Extent, _ type: ElementType) throws -> Value {
    guard let extent = length.known, let wanted = wanted.known else {
      // Rows inside of each column's window, divided by how many these are.
      let (starts, ends) = try windows(length, wanted)
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
    let wanted = try wantedExtents(axes)
    let isBatch = try hasBatch(input, axes: axes)
    let batch = isBatch ? input : try unsqueeze(input, [0])
    func restored(_ value: Value) throws -> Value { isBatch ? value : try squeeze(value, [0]) }
    if wanted.allSatisfy({ $0.known == 1 }), !isUsed(1) { return [try restored(op(.globalMaxPool, batch)), nil] }
    if let kernel = try evenKernel(batch, wanted) {
      let results = try ops(.maxPool, [batch], evenAttributes(kernel), results: isUsed(1) ? 2 : 1)
      guard results.count == 2 else { return [try restored(results[0]), nil] }
      let plane = try element(vector(product(Array(extents(of: batch).suffix(axes)))))
      return [try restored(results[0]), try restored(op(.mod, results[1], plane))]
    }
    // Along the last axis first, so that of equal elements the first row's is taken.
    var (value, places): (Value, Value?) = (batch, nil)
    for (side, wanted) in wanted.enumerated().reversed() {
      let (result, chosen) = try maximum(value, side + 2, wanted)
      places = try chosen.map { try place($0, places, side + 2, in: batch) }
      value = result
    }
    return try [restored(value), places.map { try restored($0) }]
  }

  /// The largest elements in the windows along one axis, and at which positions along it they are, if that is asked for.
  private func maximum(_ value: Value, _ axis: Int, _ wanted: Extent) throws -> (Value, Value?) {
    guard try extent(of: value, axis).known != nil, let wanted = wanted.known else {
      return try openMaximum(value, axis, wanted)
    }
    guard wanted <= 1 << 10 else { throw UnsupportedForm("pools to \(wanted)") }
    let windows = Self.windows(try knownExtent(value, axis), wanted)
    let parts = try windows.map { try slice(value, axis, from: $0.lowerBound, to: $0.upperBound) }
    let result = try concat(parts.map { try reduce(.reduceMax, $0, [axis], keepsAxes: true) }, axis)
    guard isUsed(1) else { return (result, nil) }
    let along: Attributes = ["axis": .int(Int64(axis)), "keepdims": .int(1)]
    let chosen = try zip(parts, windows).map { part, window in
      try op(.add, op(.argMax, part, attributes: along), builder.constant(window.lowerBound))
    }
    return (result, try concat(chosen, axis))
  }

  /// The same where an extent is not known: rows of elements that repeat the last of each window up to the longest.
  private func openMaximum(_ value: Value, _ axis: Int, _ wanted: Extent) throws -> (Value, Value?) {
    let (starts, ends) = try windows(extent(of: value, axis), wanted)
    let longest = try reduce(.reduceMax, op(.sub, ends, starts), [0], keepsAxes: true)
    let last = try unsqueeze(op(.sub, ends, constant([1])), [1])
    let grid = try op(.min, op(.add, unsqueeze(starts, [1]), range(to: .symbolic(longest))), last)
    let rows = try op(.gather, value, grid, attributes: ["axis": .int(Int64(axis))])
    let result = try reduce(.reduceMax, rows, [axis + 1], keepsAxes: false)
    guard isUsed(1) else { return (result, nil) }
    let chosen = try op(.argMax, rows, attributes: ["axis": .int(Int64(axis) + 1), "keepdims": .int(0)])
    let after = try rank(value) - 1 - axis
    return (result, try op(.add, chosen, unsqueeze(starts, Array(1..<after + 1))))
  }

  /// Where elements are in the planes of `input`, that were chosen along one axis.
  ///
  /// - Parameter places: where those are among which was chosen; `nil` where they have not moved.
  private func place(_ chosen: Value, _ places: Value?, _ axis: Int, in input: Value) throws -> Value {
    let step = try element(vector(product((axis + 1..<rank(input)).map { try extent(of: input, $0) })))
    let own = try op(.mul, chosen, step)
    guard let places else { return own }
    return try op(.add, own, op(.gatherElements, places, chosen, attributes: ["axis": .int(Int64(axis))]))
  }
}
