import IR

extension TensorFlowLowerings {
  static let pooling: OperatorTable.Family = [
    "MaxPool": pool(.maxPool, 2), "MaxPool3D": pool(.maxPool, 3),
    "AvgPool": pool(.averagePool, 2), "AvgPool3D": pool(.averagePool, 3),
    "MaxPoolWithArgmax": .values(["output", "argmax"]) { try $0.poolWithPlaces() },
    "MaxPoolV2": .value { node in
      try node.pool(
        .maxPool, try SpatialAxes(node, count: 2), window: try node.integers(1, "the window"),
        strides: try node.integers(2, "the strides"))
    },
  ]

  private static func pool(_ definition: OpDefinition, _ count: Int) -> NodeLowering {
    .value { node in
      try node.pool(definition, try SpatialAxes(node, count: count), window: node.node.integers("ksize") ?? [])
    }
  }
}

extension NodeContext {
  /// The maxima, and where each is in its image, or in all of them.
  fileprivate func poolWithPlaces() throws -> [Value] {
    let axes = try SpatialAxes(self, count: 2)
    let window = try axes.window(node.integers("ksize") ?? [])
    let images = try axes.channelsFirst(try operand(0), self)
    var attributes = try axes.padding(node, window: window, extents: try axes.extents(images, self))
    attributes.set("kernel_shape", window)
    attributes.set("strides", axes.strides)
    let results = try build.insert(.maxPool, [images], attributes, resultCount: 2)
    // ONNX counts channel by channel and TensorFlow pixel by pixel, in which the channels lie side by side.
    let shape = try shapeValue(images)
    func extent(_ axis: Int) throws -> Value { try build(.gather, shape, try build.constant(axis)) }
    let channels = try extent(1)
    let area = try build(.mul, try extent(2), try extent(3))
    func numbers(_ count: Value, _ axes: [Int]) throws -> Value {
      try unsqueeze(try build(.range, try build.constant(0), count, try build.constant(1)), axes)
    }
    let pixels = try build(.mul, try build(.mod, results[1], area), channels)
    var places = try build(.add, pixels, try numbers(channels, [1, 2]))
    if node.flag("include_batch_in_index") {
      let start = try build(.mul, try numbers(try extent(0), [1, 2, 3]), try build(.mul, area, channels))
      places = try build(.add, places, start)
    }
    let type = node.has("Targmax") ? try node.type("Targmax") : .int64
    return [try axes.restored(results[0], self), try cast(try axes.restored(places, self), type)]
  }

  fileprivate func pool(
    _ definition: OpDefinition, _ axes: SpatialAxes, window all: [Int], strides: [Int]? = nil
  ) throws -> Value {
    let axes = try strides.map { try axes.with(strides: axes.window($0)) } ?? axes
    let window = try axes.window(all)
    let images = try axes.channelsFirst(try operand(0), self)
    var attributes = try axes.padding(node, window: window, extents: try axes.extents(images, self))
    attributes.set("kernel_shape", window)
    attributes.set("strides", axes.strides)
    return try axes.restored(try build(definition, images, attributes: attributes), self)
  }
}
