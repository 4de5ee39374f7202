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
      let channels = try node.shape(try node.operand(0))[axes.isChannelsLast ? count + 1 : 1]
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
    let images = try axes.channelsFirst(try operand(0), self)
    guard let window = Array(try shape(filter)[..<axes.count]).knownDimensions else {
      throw UnsupportedForm("a filter whose shape varies")
    }
    let weights = try transpose(filter, [axes.count + 1, axes.count] + Array(0..<axes.count))
    var attributes = try axes.padding(node, window: window, extents: try axes.extents(images, self))
    attributes.set("kernel_shape", window)
    attributes.set("strides", axes.strides)
    attributes.set("dilations", axes.dilations)
    attributes["group"] = .int(Int64(groups))
    return try axes.restored(try build(.conv, images, weights, attributes: attributes), self)
  }

  /// What a convolution's gradient is with respect to its images: of the extents that the first operand says.
  fileprivate func convolveTransposed(_ axes: SpatialAxes) throws -> Value {
    let filter = try operand(1)
    let images = try axes.channelsFirst(try operand(2), self)
    guard let window = Array(try shape(filter)[..<axes.count]).knownDimensions else {
      throw UnsupportedForm("a filter whose shape varies")
    }
    guard let sizes = try operand(0).contents, sizes.count == axes.count + 2 || sizes.count == axes.count else {
      throw UnsupportedForm("a shape of its result that is not known")
    }
    let first = sizes.count == axes.count ? 0 : axes.isChannelsLast ? 1 : 2
    let inputs = try axes.extents(images, self)
    var before: [Int] = []
    var after: [Int] = []
    var more: [Int] = []
    for axis in 0..<axes.count {
      let stride = axes.strides[axis]
      let reach = (window[axis] - 1) * axes.dilations[axis] + 1
      let full = (inputs[axis] - .known(1)) * .known(stride) + .known(reach)
      guard let excess = (full - sizes[first + axis]).value else {
        throw UnsupportedForm("a shape of its result that does not follow from its input's")
      }
      let cut = max(excess, 0)
      if node.text("padding") == "EXPLICIT" {
        guard let all = node.integers("explicit_paddings"), all.count == 2 * (axes.count + 2) else {
          throw ModelError(.invalidModel, "has no explicit paddings")
        }
        let place = 2 * (axis + (axes.isChannelsLast ? 1 : 2))
        before.append(all[place])
        after.append(all[place + 1])
        more.append(all[place] + all[place + 1] - excess)
      } else {
        before.append(cut / 2)
        after.append(cut - cut / 2)
        more.append(max(-excess, 0))
      }
    }
    let weights = try transpose(filter, [axes.count + 1, axes.count] + Array(0..<axes.count))
    var attributes: Attributes = [:]
    attributes.set("kernel_shape", window)
    attributes.set("strides", axes.strides)
    attributes.set("dilations", axes.dilations)
    attributes.set("pads", before + after)
    if more.contains(where: { $0 != 0 }) { attributes.set("output_padding", more) }
    return try axes.restored(try build(.convTranspose, images, weights, attributes: attributes), self)
  }
}
