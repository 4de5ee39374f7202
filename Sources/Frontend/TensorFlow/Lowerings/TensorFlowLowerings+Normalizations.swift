import IR

extension TensorFlowLowerings {
  static let normalizations: OperatorTable.Family = [
    "FusedBatchNorm": batch(["y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2"]),
    "FusedBatchNormV2": batch(["y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2"]),
    "FusedBatchNormV3": batch([
      "y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2", "reserve_space_3",
    ]),
    "BatchNormWithGlobalNormalization": .value { node in
      let axes = try SpatialAxes(node, count: 2)
      let images = try axes.channelsFirst(try node.operand(0), node)
      let scale = try node.operand(4)
      let one = try node.scalar(1, like: scale)
      let factor =
        node.node.flag("scale_after_normalization") ? scale : try node.build(.expand, one, try node.shapeValue(scale))
      let result = try node.build(
        .batchNormalization, images, factor, try node.operand(3), try node.operand(1), try node.operand(2),
        attributes: ["epsilon": .float(node.node.float("variance_epsilon") ?? 0)])
      return try axes.restored(result, node)
    },
    "LRN": .value { node in
      let axes = try SpatialAxes(node, count: 2)
      let size = 2 * (node.node.integer("depth_radius") ?? 5) + 1
      guard size >= 1, size < 1 << 20 else { throw ModelError(.invalidModel, "has a radius of \(size / 2)") }
      let images = try axes.channelsFirst(try node.operand(0), node)
      let attributes: Attributes = [
        "size": .int(Int64(size)), "bias": .float(node.node.float("bias") ?? 1),
        "alpha": .float((node.node.float("alpha") ?? 1) * Float(size)), "beta": .float(node.node.float("beta") ?? 0.5),
      ]
      return try axes.restored(try node.build(.lrn, images, attributes: attributes), node)
    },
  ]

  private static func batch(_ outputs: [ByteString]) -> NodeLowering {
    .values(outputs) { node in
      let isVideo = (node.node.text("data_format")?.bytes.count ?? 4) == 5
      let axes = try SpatialAxes(node, count: isVideo ? 3 : 2)
      let epsilon = node.node.float("epsilon") ?? 1e-4
      guard !node.node.has("is_training") || node.node.flag("is_training") else {
        let images = try axes.channelsFirst(try node.operand(0), node)
        let (mean, variance) = (try node.operand(3), try node.operand(4))
        let result = try node.build(
          .batchNormalization, images, try node.operand(1), try node.operand(2), mean, variance,
          attributes: ["epsilon": .float(epsilon)])
        let others = [mean, variance, mean, variance, mean]
        return [try axes.restored(result, node)] + others.prefix(outputs.count - 1)
      }
      return try node.normalizedByItself(axes, epsilon, outputs.count)
    }
  }
}

extension NodeContext {
  /// A batch normalized by its own mean and variance, as in training.
  fileprivate func normalizedByItself(_ axes: SpatialAxes, _ epsilon: Float, _ count: Int) throws -> [Value] {
    let x = try operand(0)
    let channel = axes.isChannelsLast ? axes.count + 1 : 1
    let others = try build.constant((0..<axes.count + 2).filter { $0 != channel })
    let mean = try build(.reduceMean, x, others)
    let difference = try build(.sub, x, mean)
    let variance = try build(.reduceMean, try build(.mul, difference, difference), others)
    let deviation = try build(.sqrt, try build(.add, variance, try scalar(Double(epsilon), like: x)))
    func parameter(_ index: Int) throws -> Value {
      let value = try operand(index)
      return axes.isChannelsLast ? value : try unsqueeze(value, Array(1...axes.count))
    }
    let scaled = try build(.mul, try build(.div, difference, deviation), try parameter(1))
    let flat = [try reshape(mean, [-1]), try reshape(variance, [-1])]
    let result = try build(.add, scaled, try parameter(2))
    return [result] + [flat[0], flat[1], flat[0], flat[1], flat[0]].prefix(count - 1)
  }
}
