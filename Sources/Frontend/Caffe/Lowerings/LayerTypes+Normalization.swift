import CModelProtos
import IR

extension LayerTypes {
  static let normalization: [ByteString: LayerLowering] = [
    "BatchNorm": .unary(batchNormalization),
    "BN": .unary(forkedNormalization),
    "LRN": .unary(localResponse),
    "MVN": .unary(meanVariance),
    "Normalize": .unary(normalize),
  ]

  private static func batchNormalization(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.batch_norm_param, caffe__batch_norm_parameter__init)
    let shape = try layer.shape(x)
    guard parameters.has_use_global_stats == 0 || parameters.use_global_stats != 0 else {
      layer.remark("normalizes by the statistics of the batch at hand, as use_global_stats: false says")
      return try batchStatistics(layer, x, epsilon: parameters.eps)
    }
    guard shape.count > 1 else { throw layer.error("has no channels: its bottom has shape \(shape)") }
    guard let channels = shape[1].value else { throw layer.error("needs to know its channels, but has shape \(shape)") }
    // The sums are kept unscaled, with the number that they are sums of.
    let count = try layer.literal(2, "scale factor", [1]).floats()[0]
    let factor = count == 0 ? 0 : 1 / count
    func statistic(_ index: Int, _ name: String) throws -> Value {
      let literal = try layer.literal(index, name, [channels])
      guard factor != 1 else { return try layer.constant(literal, name) }
      return try layer.constant(TensorLiteral(floats: literal.floats().map { $0 * factor }), name)
    }
    let ones = try layer.constant(TensorLiteral(floats: Array(repeating: 1, count: channels)), "ones")
    let zeros = try layer.constant(TensorLiteral(floats: Array(repeating: 0, count: channels)), "zeros")
    return try layer.builder(
      .batchNormalization, x, ones, zeros, statistic(0, "mean"), statistic(1, "variance"),
      attributes: ["epsilon": .float(parameters.eps)])
  }

  /// Two layers of forks, told apart by their blobs: SegNet's scales and shifts by what its tools made of the statistics, PSPNet's
  /// has a factor, an addend, mean and variance.
  private static func forkedNormalization(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.bn_param, caffe__bnparameter__init)
    let shape = try layer.shape(x)
    guard shape.count > 1, let channels = shape[1].value else {
      throw layer.error("needs to know its channels, but has shape \(shape)")
    }
    guard layer.blobCount != 2 else {
      guard parameters.bn_mode == CAFFE__BNPARAMETER__BNMODE__INFERENCE else {
        throw layer.error(
          "normalizes by the statistics of the batch at hand: SegNet's compute_bn_statistics.py makes bn_mode INFERENCE of it"
        )
      }
      let extents = [channels] + Array(repeating: 1, count: shape.count - 2)
      let product = try layer.builder(.mul, x, layer.weight(0, "scale", extents))
      return try layer.builder(.add, product, layer.weight(1, "shift", extents))
    }
    return try layer.builder(
      .batchNormalization, x, layer.weight(0, "slope", [channels]), layer.weight(1, "bias", [channels]),
      layer.weight(2, "mean", [channels]), layer.weight(3, "variance", [channels]),
      attributes: ["epsilon": .float(parameters.eps)])
  }

  private static func batchStatistics(_ layer: LayerContext, _ x: Value, epsilon: Float) throws -> Value {
    let builder = layer.builder
    let axes = try builder.constant(layer.shape(x).indices.filter { $0 != 1 })
    let centered = try builder(.sub, x, builder(.reduceMean, x, axes))
    let variance = try builder(.reduceMean, builder(.mul, centered, centered), axes)
    return try builder(.div, centered, builder(.sqrt, builder(.add, variance, builder.constant(epsilon))))
  }

  private static func localResponse(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.lrn_param, caffe__lrnparameter__init)
    let builder = layer.builder
    let size = Int(parameters.local_size)
    guard size % 2 == 1 else { throw layer.error("local_size is \(size), but must be odd") }
    guard parameters.norm_region == CAFFE__LRNPARAMETER__NORM_REGION__WITHIN_CHANNEL else {
      return try builder(
        .lrn, x,
        attributes: [
          "size": .int(Int64(size)), "alpha": .float(parameters.alpha), "beta": .float(parameters.beta),
          "bias": .float(parameters.k),
        ])
    }
    // Within channels Caffe has 1 in place of k, and padding counts.
    let extents = Array(repeating: Int64(size), count: 2)
    let mean = try builder(
      .averagePool, builder(.mul, x, x),
      attributes: [
        "kernel_shape": .ints(extents), "pads": .ints(Array(repeating: Int64((size - 1) / 2), count: 4)),
        "count_include_pad": .int(1),
      ])
    let sum = try layer.shifted(layer.scaled(mean, by: parameters.alpha), by: 1)
    return try builder(.mul, x, builder(.pow, sum, builder.constant(-parameters.beta)))
  }

  /// Mean 0 and variance 1 over each channel, or over all. Caffe adds epsilon to the deviation, not to the variance.
  private static func meanVariance(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.mvn_param, caffe__mvnparameter__init)
    let builder = layer.builder
    let rank = try layer.shape(x).count
    let first = parameters.across_channels != 0 ? 1 : 2
    guard first < rank else { throw layer.error("has no axes to normalize over: the rank of its bottom is \(rank)") }
    let axes = try builder.constant(Array(first..<rank))
    let centered = try builder(.sub, x, builder(.reduceMean, x, axes))
    guard parameters.normalize_variance != 0 else { return centered }
    let deviation = try builder(.sqrt, builder(.reduceMean, builder(.mul, centered, centered), axes))
    return try builder(.div, centered, layer.shifted(deviation, by: parameters.eps))
  }

  /// Length 1 of the channels at each place, or of all elements, times a learned scale. SSD's NormalizeLayer.
  private static func normalize(_ layer: LayerContext, _ x: Value) throws -> Value {
    let parameters = layer.layer.parameters(\.norm_param, caffe__normalize_parameter__init)
    let builder = layer.builder
    let shape = try layer.shape(x)
    guard shape.count > 1, let channels = shape[1].value else {
      throw layer.error("needs to know its channels, but has shape \(shape)")
    }
    let axes = try builder.constant(parameters.across_spatial != 0 ? Array(1..<shape.count) : [1])
    let squares = try builder(.reduceSumSquare, x, axes)
    let length = try builder(.sqrt, layer.shifted(squares, by: parameters.eps))
    let scale =
      parameters.channel_shared != 0
      ? try layer.weight(0, "scale", [1])
      : try layer.weight(0, "scale", [channels] + Array(repeating: 1, count: shape.count - 2))
    return try builder(.mul, builder(.div, x, length), scale)
  }
}
