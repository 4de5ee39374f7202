import IR

extension TensorFlowLowerings {
  static let pooling: OperatorTable.Family = [
    "MaxPool": pool(.maxPool, 2), "MaxPool3D": pool(.maxPool, 3),
    "AvgPool": pool(.averagePool, 2), "AvgPool3D": pool(.averagePool, 3),
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
