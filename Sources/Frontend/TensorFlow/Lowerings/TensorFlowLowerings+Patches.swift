import IR

extension TensorFlowLowerings {
  /// What looks at images through windows, and is no convolution.
  static let patches: OperatorTable.Family = [
    "ExtractImagePatches": .value { node in
      let all = node.node.integers("ksizes") ?? []
      let axes = try SpatialAxes(node, count: 2, dilations: "rates")
      return try node.concat(try node.windows(axes, try axes.window(all), filler: nil), axis: 3)
    },
    "Dilation2D": .value { node in
      let axes = try SpatialAxes(node, count: 2, dilations: "rates")
      let (x, filter) = (try node.operand(0), try node.operand(1))
      guard let extents = try node.shape(filter).knownDimensions, extents.count == 3 else {
        throw UnsupportedForm("a filter whose shape varies")
      }
      let lowest = try node.scalar(-Double(Float.greatestFiniteMagnitude), like: x)
      let rows = try node.build(.reshape, filter, try node.build.constant([extents[0] * extents[1], extents[2]]))
      let raised = try node.windows(axes, Array(extents[..<2]), filler: lowest).enumerated().map { index, window in
        try node.build(.add, window, try node.build(.gather, rows, try node.build.constant(index)))
      }
      guard raised.count > 1 else { return raised[0] }
      guard let highest = try node.build.insert(.max, raised).first else {
        throw ModelError(.internalFailure, "a Max has no result")
      }
      return highest
    },
  ]
}

extension NodeContext {
  /// So many pixels of a window are told one by one.
  private static let mostPixels = 1 << 10

  /// What windows see at each of their pixels, row by row: images of the windows' places.
  ///
  /// - Parameter filler: what is around the images; `nil` is 0.
  fileprivate func windows(_ axes: SpatialAxes, _ window: [Int], filler: Value?) throws -> [Value] {
    var images = try operand(0)
    guard try rank(images) == 4, window.count == 2, window.allSatisfy({ $0 >= 1 && $0 <= Self.mostPixels }),
      window[0] * window[1] <= Self.mostPixels
    else { throw UnsupportedForm("windows of \(window)") }
    let padding = try axes.padding(node, window: window, extents: Array(try shape(images)[1...2]))
    guard padding["auto_pad"] == nil else { throw UnsupportedForm("padding SAME of images whose extents vary") }
    if case .ints(let pads)? = padding["pads"], pads.contains(where: { $0 != 0 }) {
      let all = [0, pads[0], pads[1], 0, 0, pads[2], pads[3], 0].map { Int($0) }
      images = try build(
        .pad, images, try build.constant(all), filler, attributes: ["mode": .string("constant")])
    }
    let axisNumbers = try build.constant([1, 2])
    let steps = try build.constant(axes.strides)
    return try (0..<window[0] * window[1]).map { pixel in
      let place = [pixel / window[1], pixel % window[1]]
      let starts = zip(place, axes.dilations).map { $0 * $1 }
      let ends = (0..<2).map { axis in
        let missing = (window[axis] - 1 - place[axis]) * axes.dilations[axis]
        return missing == 0 ? Int.max : -missing
      }
      return try build(
        .slice, images, try build.constant(starts), try build.constant(ends), axisNumbers, steps)
    }
  }
}
