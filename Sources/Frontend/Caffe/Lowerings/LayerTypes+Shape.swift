import CModelProtos
import IR

extension LayerTypes {
  static let shape: [ByteString: LayerLowering] = [
    "Dropout": .unary(dropout),
    "Flatten": .unary(flatten),
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
}
