import IR

/// Convolutions over one or two axes of single precision: products of matrices, or, where each channel has filters of
/// its own, sums of shifted rows.
enum FastConvolution {
  static let kernels: [(OpDefinition, FastKernels.Body)] = [(.conv, convolve)]

  @Sendable private static func convolve(_ invocation: Invocation, _ threads: Int) throws
    -> [TensorLiteral?]?
  {
    let (x, weight) = (try invocation.operand(0), try invocation.operand(1))
    let bias = invocation[optional: 2]
    guard invocation.areFloats(0...1), bias?.elementType ?? .float32 == .float32,
      (3...4).contains(x.dimensions.count),
      weight.dimensions.count == x.dimensions.count, let groups = invocation.operation.int("group"),
      groups > 0, invocation.finish?.fits(channels: weight.dimensions[0]) != false
    else { return nil }
    let (filters, perFilter) = (weight.dimensions[0], weight.dimensions[1])
    guard perFilter.multipliedReportingOverflow(by: groups) == (x.dimensions[1], false),
      filters % groups == 0,
      bias?.elementCount ?? filters == filters
    else { return nil }
    let walk = try WindowWalk(
      invocation.operation, kernel: Array(weight.dimensions[2...]), over: Array(x.dimensions[2...]))
    let dimensions = [x.dimensions[0], filters] + walk.positions
    let steps = perFilter.multipliedReportingOverflow(by: walk.kernelCount)
    try invocation.spend(
      invocation.admit(.float32, dimensions), times: steps.overflow ? .max : steps.partialValue)
    let job = Job(
      samples: x.dimensions[0], channels: x.dimensions[1], filters: filters, groups: groups,
      walk: walk.overTwoAxes, finish: invocation.finish)
    guard ImageFactor.isWorthIt(job.walk) else { return nil }
    return [
      try invocation.makeFloats(dimensions) { result in
        try invocation.withFloats([x] + (bias.map { [$0] } ?? [])) { floats in
          let bias = floats.count > 1 ? floats[1] : nil
          try weight.withWindow(0..<weight.elementCount) { bytes in
            guard let base = bytes.baseAddress, x.elementCount > 0 else { return job.fill(result, with: bias) }
            let weights = StridedFactor(base: base, depthStep: 1, laneStep: job.depth)
            try job.run(floats[0], weights, bias, into: result, threads)
          }
        }
      }
    ]
  }

  private struct Job: Sendable {
    let samples: Int
    let channels: Int
    let filters: Int
    let groups: Int
    let walk: WindowWalk
    let finish: ChannelFinish?

    private var channelsPerGroup: Int { channels / groups }
    private var filtersPerGroup: Int { filters / groups }
    var depth: Int { channelsPerGroup * walk.kernelCount }

    func fill(_ result: MutableFloats, with bias: Floats?) {
      for place in 0..<samples * filters {
        fillPlane(place, of: result, with: bias)
        finishPlane(place, of: result)
      }
    }

    private func fillPlane(_ place: Int, of result: MutableFloats, with bias: Floats?) {
      let plane = walk.positionCount
      (result.base + place * plane).update(repeating: bias?.base[place % filters] ?? 0, count: plane)
    }

    private func finishPlane(_ place: Int, of result: MutableFloats) {
      let plane = walk.positionCount
      finish?.apply(to: result.base + place * plane, count: plane, channel: place % filters)
    }

    func run(
      _ x: Floats, _ weights: StridedFactor, _ bias: Floats?, into result: MutableFloats, _ threads: Int
    ) throws {
      if channelsPerGroup == 1 {
        try Parallel.forEach(samples * filters, threads: threads) { place in
          fillPlane(place, of: result, with: bias)
          let channel = place / filters * channels + place % filters / filtersPerGroup
          addShiftedRows(
            x.base + channel * walk.planeCount,
            weights.base + place % filters * walk.kernelCount * MemoryLayout<Float>.size,
            to: result.base + place * walk.positionCount)
          finishPlane(place, of: result)
        }
      } else if groups == 1 {
        for sample in 0..<samples { try multiply(x, weights, bias, into: result, sample, threads) }
      } else {
        try Parallel.forEach(samples * groups, threads: threads) {
          try multiply(x, weights, bias, into: result, $0, 1)
        }
      }
    }

    /// The product of one group's filters and what its windows see of one sample.
    private func multiply(
      _ x: Floats, _ weights: StridedFactor, _ bias: Floats?, into result: MutableFloats, _ piece: Int, _ threads: Int
    ) throws {
      let (rows, columns) = (filtersPerGroup, walk.positionCount)
      let image = Floats(x.base + piece * channelsPerGroup * walk.planeCount)
      let first = piece % groups * rows
      let own = StridedFactor(
        base: weights.base + first * depth * MemoryLayout<Float>.size, depthStep: 1, laneStep: depth)
      let ownBias = bias.map { Floats($0.base + first) }
      let target = MutableFloats(result.base + piece * rows * columns)
      let finishing = finish.map { finish -> PackedProduct.Finishing in
        { rows, columns in
          for row in rows {
            finish.apply(
              to: target.base + row * walk.positionCount + columns.lowerBound, count: columns.count,
              channel: first + row)
          }
        }
      }
      let product = PackedProduct(
        rows: rows, columns: columns, depth: depth, threads: threads, finishing: finishing)
      if walk.isEverywhereOnce {
        let planes = StridedFactor(base: UnsafeRawPointer(image.base), depthStep: columns, laneStep: 1)
        try product.run(own, planes, plus: ownBias, into: target, stride: columns)
      } else {
        try ImageFactor.with(image, channels: channelsPerGroup, walk, threads) {
          try product.run(own, $0, plus: ownBias, into: target, stride: columns)
        }
      }
    }

    /// One filter over one channel.
    private func addShiftedRows(
      _ plane: UnsafePointer<Float>, _ weights: UnsafeRawPointer,
      to result: UnsafeMutablePointer<Float>
    ) {
      let (rows, columns) = (walk.positions[0], walk.positions[1])
      for tap in 0..<walk.kernelCount {
        let weight = weights.loadUnaligned(
          fromByteOffset: tap * MemoryLayout<Float>.size, as: Float.self)
        let (tapRow, tapColumn) = (tap / walk.kernel[1], tap % walk.kernel[1])
        let inside = walk.positionsInside(1, tap: tapColumn)
        for row in 0..<rows {
          let y = walk.coordinate(0, position: row, tap: tapRow)
          guard y >= 0, y < walk.extents[0], !inside.isEmpty else { continue }
          let step = walk.strides[1]
          let source =
            plane + y * walk.extents[1]
            + walk.coordinate(1, position: inside.lowerBound, tap: tapColumn)
          let target = result + row * columns + inside.lowerBound
          if step == 1 {
            for index in 0..<inside.count { target[index] += weight * source[index] }
          } else {
            for index in 0..<inside.count { target[index] += weight * source[index * step] }
          }
        }
      }
    }
  }
}

extension WindowWalk {
  /// Whether the window is one element, and takes each place of the input.
  fileprivate var isEverywhereOnce: Bool {
    kernelCount == 1 && strides.allSatisfy { $0 == 1 } && padding.allSatisfy { $0 == (0, 0) }
  }
}
