import CModelProtos
import IR

extension LayerTypes {
  static let shape: [ByteString: LayerLowering] = [
    "Dropout": .unary(dropout),
    "Flatten": .unary(flatten),
    "Interp": .unary(interpolate),
    "Permute": .unary { layer, x in
      let parameters = layer.layer.parameters(\.permute_param, caffe__permute_parameter__init)
      let order = numbers(parameters.order, parameters.n_order)
      let rank = try layer.shape(x).count
      guard Set(order).count == order.count, order.allSatisfy({ $0 < rank }) else {
        throw layer.error("order \(order) is none of \(rank) axes")
      }
      // The axes that are not named keep their order behind those that are.
      let rest = (0..<rank).filter { !order.contains($0) }
      return try layer.builder(.transpose, x, attributes: ["perm": .ints((order + rest).map { Int64($0) })])
    },
    "Reshape": .unary(reshape),
    "ShuffleChannel": .unary { layer, x in
      let group = Int(layer.layer.parameters(\.shuffle_channel_param, caffe__shuffle_channel_parameter__init).group)
      let shape = try layer.shape(x)
      guard shape.count > 1, group > 0, let channels = shape[1].value, channels.isMultiple(of: group) else {
        throw layer.error("cannot divide the channels of shape \(shape) into \(group) groups")
      }
      let rank = shape.count + 1
      let parts = try layer.builder.reshape(x, to: [shape[0], .known(group), .known(channels / group)] + shape[2...])
      let swapped = try layer.builder(
        .transpose, parts, attributes: ["perm": .ints(([0, 2, 1] + Array(3..<rank)).map { Int64($0) })])
      return try layer.builder.reshape(swapped, to: shape)
    },
    "Split": LayerLowering { layer in
      let x = try layer.bottom()
      return layer.layer.tops.map { _ in x }
    },
    "Tile": .unary { layer, x in
      let parameters = layer.layer.parameters(\.tile_param, caffe__tile_parameter__init)
      let shape = try layer.shape(x)
      var repeats = Array(repeating: 1, count: shape.count)
      guard parameters.tiles > 0 else { throw layer.error("has no number of tiles") }
      repeats[try layer.axis(parameters.axis, of: shape)] = Int(parameters.tiles)
      return try layer.builder(.tile, x, layer.builder.constant(repeats))
    },
    "Upsample": .unary { layer, x in
      // Of the forks for YOLO; that of SegNet takes positions as a second bottom.
      guard layer.bottoms.count == 1 else { throw layer.error("with positions as a second bottom is not supported") }
      let factor = Float(layer.layer.parameters(\.upsample_param, caffe__upsample_parameter__init).scale)
      let rank = try layer.shape(x).count
      guard rank > 2, factor >= 1 else { throw layer.error("needs spatial axes, and a scale from 1 on") }
      let factors = try TensorLiteral(floats: [1, 1] + Array(repeating: factor, count: rank - 2))
      return try layer.builder(
        .resize, x, nil, layer.builder.constant(factors),
        attributes: [
          "mode": .string("nearest"), "coordinate_transformation_mode": .string("asymmetric"),
          "nearest_mode": .string("floor"),
        ])
    },
  ]

  private static func dropout(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.dropout_param, caffe__dropout_parameter__init)
    return parameters.scale_train != 0 ? x : try layer.scaled(x, by: 1 - parameters.dropout_ratio)
  }

  private static func flatten(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.flatten_param, caffe__flatten_parameter__init)
    let shape = try layer.shape(x)
    let first = try layer.axis(parameters.axis, of: shape)
    let last = try layer.axis(parameters.end_axis, of: shape)
    guard first <= last else { throw layer.error("its first axis \(first) is behind its last, \(last)") }
    if first == 1, last == shape.count - 1 { return try layer.builder(.flatten, x, attributes: ["axis": .int(1)]) }
    return try layer.builder.reshape(
      x, to: shape[..<first] + [shape[first...last].reduce(.known(1), *)] + shape[(last + 1)...])
  }

  private static func reshape(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.reshape_param, caffe__reshape_parameter__init)
    let shape = try layer.shape(x)
    let extents = parameters.shape?.dimensions ?? []
    let first = try layer.axis(parameters.axis, of: shape, end: true)
    guard parameters.num_axes >= -1, parameters.num_axes <= shape.count - first else {
      throw layer.error("num_axes \(parameters.num_axes) goes beyond shape \(shape)")
    }
    let end = parameters.num_axes < 0 ? shape.count : first + Int(parameters.num_axes)
    var inner: Shape = []
    for (index, extent) in extents.enumerated() {
      switch extent {
      case 0:
        guard first + index < end else {
          throw layer.error("copies axis \(first + index), which shape \(shape) has not")
        }
        inner.append(shape[first + index])
      case -1: inner.append(.unknown)
      case 1...Int(Int32.max): inner.append(.known(extent))
      default: throw layer.error("extent \(extent) is none")
      }
    }
    if let inferred = inner.firstIndex(of: .unknown), inner.count(where: \.isUnknown) == 1 {
      let others = inner.enumerated().filter { $0.offset != inferred }.reduce(Dimension.known(1)) { $0 * $1.element }
      inner[inferred] = Shape(shape[first..<end]).elementCount.exactlyDivided(by: others)
    }
    return try layer.builder.reshape(x, to: shape[..<first] + inner + shape[end...])
  }

  /// Bilinear, with corners on corners. DeepLab's InterpLayer.
  private static func interpolate(_ layer: LayerContext, _ x: Value) throws -> Value {
    guard let message = layer.layer.message.interp_param?.pointee, layer.bottoms.count == 1 else {
      throw layer.error("says no extents to interpolate to")
    }
    let builder = layer.builder
    let extents = try layer.extents(x, from: 2)
    let (before, after) = (Int(message.pad_beg), Int(message.pad_end))
    guard extents.count == 2, before <= 0, after <= 0, extents.allSatisfy({ $0 + before + after > 0 }) else {
      throw layer.error("cannot interpolate \(extents) with padding \(before) and \(after), which may only cut")
    }
    let cut = extents.map { $0 + before + after }
    let scale = { (extent: Int) -> Int in
      let shrunk = message.has_shrink_factor != 0 ? (extent - 1) / max(Int(message.shrink_factor), 1) + 1 : extent
      return message.has_zoom_factor != 0 ? shrunk + (shrunk - 1) * (Int(message.zoom_factor) - 1) : shrunk
    }
    let isSized = message.has_height != 0 && message.has_width != 0
    let sizes = isSized ? [Int(message.height), Int(message.width)] : cut.map(scale)
    guard sizes.allSatisfy({ $0 > 0 }) else { throw layer.error("the extents to interpolate to are \(sizes)") }
    var image = x
    if before != 0 || after != 0 {
      image = try builder(
        .slice, x, builder.constant([-before, -before]), builder.constant(extents.map { $0 + after }),
        builder.constant([2, 3]))
    }
    return try builder.resize(image, to: sizes)
  }
}

extension GraphBuilder {
  /// An image resized bilinearly, corners on corners.
  fileprivate func resize(_ image: Value, to sizes: [Int]) throws -> Value {
    try self(
      .resize, image, nil, nil, constant(sizes),
      attributes: [
        "mode": .string("linear"), "coordinate_transformation_mode": .string("align_corners"), "axes": .ints([2, 3]),
      ])
  }
}
