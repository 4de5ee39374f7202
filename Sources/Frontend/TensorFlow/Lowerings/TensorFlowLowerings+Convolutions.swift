import IR

extension TensorFlowLowerings {
  static let convolutions: OperatorTable.Family = [
    "Conv2D": convolution(2), "Conv3D": convolution(3),
    "DepthwiseConv2dNative": .value { node in
      let axes = try SpatialAxes(node, count: 2)
      let filter = try node.operand(1)
      guard let extents = try node.shape(filter).knownDimensions, extents.count == 4 else {
        throw UnsupportedForm("a filter whose shape varies")
      }
      // The multiples of each channel lie side by side already.
      let (channels, multiplier) = (extents[2], extents[3])
      guard channels.multipliedReportingOverflow(by: multiplier).overflow == false else {
        throw ModelError(.invalidModel, "has too many channels")
      }
      let joined = try node.reshape(filter, [extents[0], extents[1], 1, channels * multiplier])
      return try node.convolve(axes, filter: joined, groups: channels)
    },
    "Conv2DBackpropInput": transposed(2), "Conv3DBackpropInputV2": transposed(3),
  ]

  private static func convolution(_ count: Int) -> NodeLowering {
    .value { node in
      let axes = try SpatialAxes(node, count: count)
      let images = try node.shape(try node.operand(0))
      guard images.count == count + 2 else { throw ModelError(.invalidModel, "takes images of rank \(images.count)") }
      let channels = images[axes.isChannelsLast ? count + 1 : 1]
      let filter = try node.shape(try node.operand(1))
      guard filter.count == count + 2 else { throw ModelError(.invalidModel, "has a filter of rank \(filter.count)") }
      var groups = 1
      if let all = channels.value, let own = filter[count].value {
        guard own > 0, all.isMultiple(of: own) else {
          throw ModelError(.invalidModel, "its filter has \(own) channels")
        }
        groups = all / own
      }
      return try node.convolve(axes, filter: try node.operand(1), groups: groups)
    }
  }

  private static func transposed(_ count: Int) -> NodeLowering {
    .value { node in
      let axes = try SpatialAxes(node, count: count)
      return try node.convolveTransposed(axes)
    }
  }
}

extension NodeContext {
  /// - Parameter filter: spatial axes, then the channels that are read, then those that are made.
  fileprivate func convolve(_ axes: SpatialAxes, filter: Value, groups: Int) throws -> Value {
    guard let sequences = try sequences(axes, filter) else {
      return try convolve(operand(0), axes, filter: filter, groups: groups)
    }
    let result = try convolve(sequences, axes.dropFirst, filter: squeeze(filter, [0]), groups: groups)
    return try unsqueeze(result, [axes.isChannelsLast ? 1 : 2])
  }

  /// What images of one row were made of, as TensorFlow convolves along one axis; `nil` where they are others.
  private func sequences(_ axes: SpatialAxes, _ filter: Value) throws -> Value? {
    let row = axes.isChannelsLast ? 1 : 2
    guard axes.count == 2, node.text("padding") != "EXPLICIT", try shape(filter).first == .known(1),
      let source = try operand(0).definingOperation, source.is(.unsqueeze),
      let places = source.operand(1)?.constantIntegers, places == [row] || places == [row - 4]
    else { return nil }
    return source.operand(0)
  }

  private func convolve(_ value: Value, _ axes: SpatialAxes, filter: Value, groups: Int) throws -> Value {
    let images = try axes.channelsFirst(value, self)
    let window = try window(of: filter, axes)
    let weights = try transpose(filter, [axes.count + 1, axes.count] + Array(0..<axes.count))
    var attributes = try axes.padding(node, window: window, extents: try axes.extents(images, self))
    attributes.set("kernel_shape", window)
    attributes.set("strides", axes.strides)
    attributes.set("dilations", axes.dilations)
    attributes["group"] = .int(Int64(groups))
    return try axes.restored(try build(.conv, images, weights, attributes: attributes), self)
  }

  /// The spatial extents of a filter.
  private func window(of filter: Value, _ axes: SpatialAxes) throws -> [Int] {
    let shape = try shape(filter)
    guard shape.count == axes.count + 2 else { throw ModelError(.invalidModel, "has a filter of rank \(shape.count)") }
    guard let window = Array(shape[..<axes.count]).knownDimensions else {
      throw UnsupportedForm("a filter whose shape varies")
    }
    guard window.allSatisfy({ $0 >= 1 && $0 <= Int32.max }) else {
      throw ModelError(.invalidModel, "has a filter of \(window)")
    }
    return window
  }

  /// What a convolution's gradient is with respect to its images: of the extents that the first operand says.
  fileprivate func convolveTransposed(_ axes: SpatialAxes) throws -> Value {
    let filter = try operand(1)
    let images = try axes.channelsFirst(try operand(2), self)
    let window = try window(of: filter, axes)
    let weights = try transpose(filter, [axes.count + 1, axes.count] + Array(0..<axes.count))
    var attributes: Attributes = [:]
    attributes.set("kernel_shape", window)
    attributes.set("strides", axes.strides)
    attributes.set("dilations", axes.dilations)
    guard try addBorders(to: &attributes, axes, window: window, extents: try axes.extents(images, self)) else {
      let whole = try build(.convTranspose, images, weights, attributes: attributes)
      return try axes.restored(try cut(whole, axes, window: window), self)
    }
    return try axes.restored(try build(.convTranspose, images, weights, attributes: attributes), self)
  }

  /// Where the extents of what the first operand says begin behind the batch.
  private func firstExtent(_ axes: SpatialAxes) throws -> Int {
    let shape = try shape(try operand(0))
    guard shape.count == 1, let count = shape[0].value, count == axes.count + 2 || count == axes.count else {
      throw UnsupportedForm("a shape of its result that is not known")
    }
    return count == axes.count ? 0 : axes.isChannelsLast ? 1 : 2
  }

  /// What to cut off a whole transposed convolution, and what to add, as attributes.
  ///
  /// - Returns: whether the result's extents follow from those of the images.
  private func addBorders(
    to attributes: inout Attributes, _ axes: SpatialAxes, window: [Int], extents: [Dimension]
  ) throws -> Bool {
    let first = try firstExtent(axes)
    let sizes = try operand(0).contents
    var before: [Int] = []
    var after: [Int] = []
    var more: [Int] = []
    for axis in 0..<axes.count {
      let stride = axes.strides[axis]
      let reach = (window[axis] - 1) * axes.dilations[axis] + 1
      let full = (extents[axis] - .known(1)) * .known(stride) + .known(reach)
      let excess = sizes.flatMap { (full - $0[first + axis]).value }.flatMap { Int32(exactly: $0) }.map { Int($0) }
      if node.text("padding") == "EXPLICIT" {
        guard let excess else { throw UnsupportedForm("a shape of its result that does not follow from its input's") }
        guard let all = node.integers("explicit_paddings"), all.count == 2 * (axes.count + 2),
          all.allSatisfy({ $0 >= 0 && $0 <= Int32.max })
        else {
          throw ModelError(.invalidModel, "has no explicit paddings")
        }
        let place = 2 * (axis + (axes.isChannelsLast ? 1 : 2))
        before.append(all[place])
        after.append(all[place + 1])
        more.append(all[place] + all[place + 1] - excess)
      } else {
        guard let excess else { return false }
        let cut = max(excess, 0)
        before.append(cut / 2)
        after.append(cut - cut / 2)
        more.append(max(-excess, 0))
      }
    }
    attributes.set("pads", before + after)
    if more.contains(where: { $0 != 0 }) { attributes.set("output_padding", more) }
    return true
  }

  /// A whole transposed convolution cut, or continued with zeros, to the extents that the first operand says.
  private func cut(_ whole: Value, _ axes: SpatialAxes, window: [Int]) throws -> Value {
    let first = try firstExtent(axes)
    let zeros = try build.constant(Array(repeating: 0, count: axes.count))
    let sizes = try part(try int64(try operand(0)), first, first + axes.count, axis: 0)
    let full = try part(try build(.shape, whole), 2, axes.count + 2, axis: 0)
    let excess = try build(.sub, full, sizes)
    let before = try build(
      .div, try build(.max, excess, zeros), try build.constant(Array(repeating: 2, count: axes.count)))
    let numbers = try build.constant(Array(2..<axes.count + 2))
    let kept = try build(.slice, whole, before, try build(.add, before, sizes), numbers)
    let isEnough = (0..<axes.count).allSatisfy { (window[$0] - 1) * axes.dilations[$0] + 1 >= axes.strides[$0] }
    if node.text("padding") == "SAME", isEnough { return kept }
    let missing = try build(.max, try build(.neg, excess), zeros)
    let outer = try build.constant(Array(repeating: 0, count: axes.count + 4))
    return try build(
      .pad, kept, try concat([outer, missing], axis: 0), attributes: ["mode": .string("constant")])
  }
}
