import CModelProtos
import IR

extension LayerTypes {
  static let detection: [ByteString: LayerLowering] = [
    "PriorBox": LayerLowering { layer in
      let boxes = try PriorBoxes(layer)
      return [try layer.constant(TensorLiteral(floats: boxes.floats(), [1, 2, boxes.count * 4]), "priors")]
    },
    "ROIPooling": LayerLowering { layer in
      let parameters = layer.layer.parameters(\.roi_pooling_param, caffe__roipooling_parameter__init)
      return [
        try layer.builder(
          .maxRoiPool, layer.bottom(0), layer.bottom(1),
          attributes: [
            "pooled_shape": .ints([Int64(parameters.pooled_h), Int64(parameters.pooled_w)]),
            "spatial_scale": .float(parameters.spatial_scale),
          ])
      ]
    },
  ]
}

/// The boxes that a detector begins with: some at each place of a map of features. SSD's PriorBoxLayer.
private struct PriorBoxes {
  private let map: [Int]
  private let image: [Float]
  private let step: [Float]
  /// Width and height of each box at a place.
  private var sizes: [(width: Float, height: Float)] = []
  private let variances: [Float]
  private let offset: Float
  private let clips: Bool
  let count: Int

  /// More boxes than any detector has, and few enough to be held in memory.
  private static let maximumCount = 1 << 20

  init(_ layer: LayerContext) throws {
    let parameters = layer.layer.parameters(\.prior_box_param, caffe__prior_box_parameter__init)
    map = try layer.extents(layer.bottom(0), from: 2)
    let data = try layer.extents(layer.bottom(1), from: 2)
    guard map.count == 2, data.count == 2 else { throw layer.error("needs a map of features and an image") }
    image =
      Self.pair(parameters.img_size, parameters.img_h, parameters.img_w).map { $0.map { Float($0) } }
      ?? data.map { Float($0) }
    step =
      Self.pair(parameters.step, parameters.step_h, parameters.step_w) ?? zip(image, map).map { $0 / Float($1) }
    offset = parameters.offset
    clips = parameters.clip != 0
    variances = UnsafeBufferPointer(start: parameters.variance, count: parameters.n_variance).map { $0 }
    guard [0, 1, 4].contains(variances.count) else { throw layer.error("has \(variances.count) variances, not 1 or 4") }
    let least = UnsafeBufferPointer(start: parameters.min_size, count: parameters.n_min_size).map { $0 }
    let most = UnsafeBufferPointer(start: parameters.max_size, count: parameters.n_max_size).map { $0 }
    guard !least.isEmpty, most.isEmpty || most.count == least.count else {
      throw layer.error("has \(least.count) least sizes and \(most.count) largest")
    }
    let given = UnsafeBufferPointer(start: parameters.aspect_ratio, count: parameters.n_aspect_ratio)
    let ratios = Self.ratios(Array(given), flips: parameters.flip != 0)
    for (index, size) in least.enumerated() {
      sizes.append((size, size))
      if !most.isEmpty {
        let mean = (size * most[index]).squareRoot()
        sizes.append((mean, mean))
      }
      for ratio in ratios {
        let root = ratio.squareRoot()
        sizes.append((size * root, size / root))
      }
    }
    let (places, overflow) = map[0].multipliedReportingOverflow(by: map[1])
    guard !overflow, places <= Self.maximumCount / sizes.count else {
      throw layer.error("makes more than \(Self.maximumCount) boxes")
    }
    count = places * sizes.count
  }

  /// Height and width, where one field says both or two say one each; `nil` where neither says any.
  private static func pair<Number: Numeric>(_ both: Number, _ height: Number, _ width: Number) -> [Number]? {
    if both != 0 { return [both, both] }
    return height != 0 || width != 0 ? [height, width] : nil
  }

  /// The aspect ratios besides 1, each once, each followed by its inverse where it is flipped.
  private static func ratios(_ given: [Float], flips: Bool) -> [Float] {
    var ratios: [Float] = [1]
    for ratio in given where !ratios.contains(where: { ($0 - ratio).magnitude < 1e-6 }) {
      ratios.append(ratio)
      if flips { ratios.append(1 / ratio) }
    }
    return Array(ratios.dropFirst())
  }

  /// The corners of all boxes in parts of the image, then the variances of each corner.
  func floats() -> [Float] {
    var corners: [Float] = []
    corners.reserveCapacity(count * 8)
    for row in 0..<map[0] {
      for column in 0..<map[1] {
        let (x, y) = ((Float(column) + offset) * step[1], (Float(row) + offset) * step[0])
        for size in sizes {
          corners.append((x - size.width / 2) / image[1])
          corners.append((y - size.height / 2) / image[0])
          corners.append((x + size.width / 2) / image[1])
          corners.append((y + size.height / 2) / image[0])
        }
      }
    }
    if clips { corners = corners.map { min(max($0, 0), 1) } }
    let each =
      variances.isEmpty
      ? [0.1, 0.1, 0.1, 0.1] : variances.count == 1 ? Array(repeating: variances[0], count: 4) : variances
    return corners + (0..<count).flatMap { _ in each }
  }
}
