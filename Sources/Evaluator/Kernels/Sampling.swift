import IR

/// Operators that look between the elements of a tensor.
enum Sampling {
  static let kernels: [Kernel] = [
    Kernel(.resize, .exactForIntegers, resize),
    Kernel(.gridSample, .exactForIntegers, gridSample),
    Kernel(.affineGrid, .exactForIntegers, affineGrid),
    Kernel(.roiAlign, .exactForIntegers, alignRegions),
    Kernel(.maxRoiPool, .exactForIntegers, poolRegions),
  ]

  /// An element beside a position, and what it weighs there.
  typealias Weight = (element: Int, weight: Double)

  // MARK: Interpolation

  /// The sample of an image of `height` by `width` at a position; elements outside are 0.
  static func bilinear(_ y: Double, _ x: Double, _ height: Int, _ width: Int, _ element: (Int) -> Double) -> Double {
    guard y > -1, x > -1, y < Double(height), x < Double(width) else { return 0 }
    var sum = 0.0
    for (row, rowWeight) in linear(y) where row >= 0 && row < height {
      for (column, weight) in linear(x) where column >= 0 && column < width {
        sum += rowWeight * weight * element(row * width + column)
      }
    }
    return sum
  }

  static func linear(_ x: Double) -> [Weight] {
    let low = x.rounded(.down)
    return [(Int(low), 1 - (x - low)), (Int(low) + 1, x - low)]
  }

  static func cubic(_ x: Double, _ a: Double) -> [Weight] {
    let low = x.rounded(.down)
    return (-1...2).map { (Int(low) + $0, cubicWeight(x - low - Double($0), a)) }
  }

  /// Keys' cubic convolution at a distance.
  private static func cubicWeight(_ distance: Double, _ a: Double) -> Double {
    let d = abs(distance)
    if d <= 1 { return ((a + 2) * d - (a + 3)) * d * d + 1 }
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0
  }

  /// A larger position is none of any tensor.
  static let farthest = 0x1p40

  // MARK: Resize

  /// How one axis is resized.
  struct Axis {
    let length: Int
    let resized: Int
    let scale: Double
    let region: (start: Double, end: Double)

    /// Where the element at `position` of the result lies in the input, by the operator's attribute.
    func source(_ position: Int, _ mode: ByteString) throws -> Double {
      let (x, n) = (Double(position), Double(length))
      let full = scale * n
      switch mode {
      case "align_corners": return full == 1 ? 0 : x * (n - 1) / (full - 1)
      case "asymmetric": return x / scale
      case "half_pixel": return (x + 0.5) / scale - 0.5
      case "pytorch_half_pixel": return full == 1 ? -0.5 : (x + 0.5) / scale - 0.5
      case "half_pixel_symmetric":
        return n / 2 * (1 - Double(resized) / full) + (x + 0.5) / scale - 0.5
      case "tf_crop_and_resize":
        let extent = (region.end - region.start) * (n - 1)
        return region.start * (n - 1) + (full == 1 ? extent / 2 : x * extent / (full - 1))
      default: throw Refusal(.unsupported, "coordinate_transformation_mode '\(mode)'")
      }
    }
  }

  private static func resize(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.operand(0)
    let operation = invocation.operation
    let axes =
      try operation.ints("axes").map { try invocation.axes($0, rank: x.dimensions.count) }
      ?? Array(x.dimensions.indices)
    let plans = try plan(invocation, x.dimensions, axes)
    var dimensions = x.dimensions
    for (axis, plan) in zip(axes, plans) { dimensions[axis] = plan.resized }
    _ = try invocation.admit(x.elementType, dimensions)
    guard x.elementCount > 0 || dimensions.contains(0) else { throw Refusal(.undefined, "there is nothing to resize") }
    if operation.string("mode") ?? "nearest" == "nearest",
      operation.string("coordinate_transformation_mode") != "tf_crop_and_resize"
    {
      var result = x
      for (axis, plan) in zip(axes, plans) where plan.resized != plan.length || plan.scale != 1 {
        let places = try (0..<plan.resized).map { try nearest(operation, plan, $0) }
        result = try Indexing.take(places, of: result, along: axis, invocation)
      }
      return [result]
    }
    var data = try invocation.numbers(0)
    let extrapolated = Double(operation.float("extrapolation_value") ?? 0)
    for (axis, plan) in zip(axes, plans).reversed() {
      data = try resized(invocation, data, axis, plan, extrapolated)
    }
    return [try invocation.make(x.elementType, data)]
  }

  private static func plan(_ invocation: Invocation, _ dimensions: [Int], _ axes: [Int]) throws -> [Axis] {
    let operation = invocation.operation
    let scales = try invocation.optionalReals(2)?.elements ?? []
    let sizes = try invocation.integers(3) ?? []
    let regions = try invocation[optional: 1].map { try invocation.numbers($0).elements } ?? []
    guard scales.count == axes.count || (scales.isEmpty && sizes.count == axes.count) else {
      throw Refusal(.undefined, "there is not one scale or size an axis")
    }
    let lengths = axes.map { dimensions[$0] }
    var factors = scales
    var extents = sizes
    if scales.isEmpty {
      factors = zip(sizes, lengths).map { Double($0) / Double(max($1, 1)) }
      let policy = operation.string("keep_aspect_ratio_policy") ?? "stretch"
      if policy != "stretch", let least = factors.min(), let most = factors.max() {
        let factor = policy == "not_larger" ? least : most
        factors = factors.map { _ in factor }
        extents = lengths.map { Int(limiting: (factor * Double($0) + 0.5).rounded(.down)) }
      }
    } else {
      extents = zip(scales, lengths).map { Int(limiting: (Double(Float($0) * Float($1))).rounded(.down)) }
    }
    guard factors.allSatisfy({ $0 > 0 && $0 < farthest }), extents.allSatisfy({ $0 >= 0 && $0 < 1 << 40 }) else {
      throw Refusal(.undefined, "a scale or a size is not possible")
    }
    let isCropping = operation.string("coordinate_transformation_mode") == "tf_crop_and_resize"
    guard !isCropping || (regions.count == 2 * axes.count && regions.allSatisfy({ abs($0) < farthest })) else {
      throw Refusal(.undefined, "the region does not fit the axes")
    }
    return axes.indices.map { index in
      Axis(
        length: lengths[index], resized: extents[index], scale: factors[index],
        region: isCropping ? (regions[index], regions[index + axes.count]) : (0, 1))
    }
  }

  static func nearest(_ operation: Operation, _ plan: Axis, _ position: Int) throws -> Int {
    let source = try plan.source(position, operation.string("coordinate_transformation_mode") ?? "half_pixel")
    let rounded =
      switch operation.string("nearest_mode") ?? "round_prefer_floor" {
      case "round_prefer_floor": (source - 0.5).rounded(.up)
      case "round_prefer_ceil": (source + 0.5).rounded(.down)
      case "floor": source.rounded(.down)
      case "ceil": source.rounded(.up)
      case let mode: throw Refusal(.unsupported, "nearest_mode '\(mode)'")
      }
    return Int(min(max(rounded, 0), Double(plan.length - 1)))
  }

  /// The elements that make up the one at `position` of the result, and their weights; empty where the position lies
  /// outside of what is cropped.
  static func weights(_ operation: Operation, _ plan: Axis, _ position: Int) throws -> [Weight] {
    let mode = operation.string("coordinate_transformation_mode") ?? "half_pixel"
    let source = try plan.source(position, mode)
    guard abs(source) < farthest else { throw Refusal(.undefined, "a position is far outside") }
    if mode == "tf_crop_and_resize", source < 0 || source > Double(plan.length - 1) { return [] }
    let a = Double(operation.float("cubic_coeff_a") ?? -0.75)
    var weights: [Weight]
    switch operation.string("mode") ?? "nearest" {
    case "nearest": return [(try nearest(operation, plan, position), 1)]
    case "linear" where operation.flag("antialias") && plan.scale < 1:
      weights = spread(source, plan.scale, reach: 1) { max(1 - abs($0), 0) }
    case "cubic" where operation.flag("antialias") && plan.scale < 1:
      weights = spread(source, plan.scale, reach: 2) { cubicWeight($0, a) }
    case "linear": weights = linear(source)
    default: weights = cubic(source, a)
    }
    if operation.flag("exclude_outside") {
      weights = weights.map { ($0.element, (0..<plan.length).contains($0.element) ? $0.weight : 0) }
      let sum = weights.reduce(0) { $0 + $1.weight }
      weights = weights.map { ($0.element, $0.weight / sum) }
    }
    return weights.map { (min(max($0.element, 0), plan.length - 1), $0.weight) }
  }

  /// The weights of a filter stretched over all elements that become one.
  private static func spread(
    _ source: Double, _ scale: Double, reach: Double, _ filter: (Double) -> Double
  ) -> [Weight] {
    let base = source.rounded(.up) - 1
    let start = Int(((-reach / scale).rounded(.down) + 1))
    let count = reach == 1 ? 2 - 2 * start : 2 * (2 - start) - 2
    let weights = (start..<start + count).map { offset in
      (Int(base) + offset, filter((Double(offset) - (source - base)) * scale))
    }
    let sum = weights.reduce(0) { $0 + $1.1 }
    return weights.map { ($0.0, $0.1 / sum) }
  }

  private static func resized(
    _ invocation: Invocation, _ data: RealTensor, _ axis: Int, _ plan: Axis, _ extrapolated: Double
  ) throws -> RealTensor {
    let (outer, inner) = (data.count(before: axis), data.count(from: axis + 1))
    var dimensions = data.dimensions
    dimensions[axis] = plan.resized
    let filter = min(Int(8 / min(plan.scale, 1)) + 8, plan.length + 8)
    try invocation.admit(dimensions, steps: filter)
    var result = RealTensor(zeros: dimensions)
    for position in 0..<plan.resized {
      let weights = try weights(invocation.operation, plan, position)
      for block in 0..<outer {
        for element in 0..<inner {
          let place = (block * plan.resized + position) * inner + element
          result.elements[place] =
            weights.isEmpty
            ? extrapolated
            : weights.reduce(0) { $0 + $1.weight * data.elements[(block * plan.length + $1.element) * inner + element] }
        }
      }
    }
    return result
  }
}

extension Int {
  fileprivate init(limiting value: Double) { self = Int(Int64(limiting: value)) }
}
