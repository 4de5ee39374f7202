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

  private static func linear(_ x: Double) -> [Weight] {
    let low = x.rounded(.down)
    return [(Int(low), 1 - (x - low)), (Int(low) + 1, x - low)]
  }

  private static func cubic(_ x: Double, _ a: Double) -> [Weight] {
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
  private static let farthest = 0x1p40

  // MARK: Resize

  /// How one axis is resized.
  private struct Axis {
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

  private static func nearest(_ operation: Operation, _ plan: Axis, _ position: Int) throws -> Int {
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
  private static func weights(_ operation: Operation, _ plan: Axis, _ position: Int) throws -> [Weight] {
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

  // MARK: Grids

  private enum Border: ByteString {
    case zeros, border, reflection
  }

  private static func gridSample(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (x, grid) = (try invocation.numbers(0), try invocation.reals(1))
    let rank = x.dimensions.count - 2
    let operation = invocation.operation
    guard rank >= 1, grid.dimensions.count == rank + 2, grid.dimensions.last == rank,
      grid.dimensions[0] == x.dimensions[0], let border = Border(rawValue: operation.string("padding_mode") ?? "zeros"),
      !x.dimensions[2...].contains(0)
    else { throw Refusal(.undefined, "the grid does not fit the input") }
    let mode = operation.string("mode") ?? "linear"
    let aligns = operation.flag("align_corners")
    let extents = Array(x.dimensions[2...])
    let dimensions = Array(x.dimensions[..<2] + grid.dimensions[1...rank])
    try invocation.admit(dimensions, steps: mode == "cubic" ? 1 << (2 * rank) : 1 << rank)
    var result = RealTensor(zeros: dimensions)
    let points = grid.dimensions[1...rank].reduce(1, *)
    let plane = x.count(from: 2)
    for point in 0..<x.dimensions[0] * points {
      // Along the last axis first, as a grid has them.
      let taps = try (0..<rank).map { axis in
        try weights(
          grid.elements[point * rank + rank - 1 - axis], length: extents[axis], mode: mode, border, aligns: aligns)
      }
      let (sample, place) = (point / points, point % points)
      for channel in 0..<x.dimensions[1] {
        let row = sample * x.dimensions[1] + channel
        var sum = 0.0
        IndexWalk.forEach(taps.map(\.count)) { index, _ in
          var (element, weight) = (0, 1.0)
          for axis in 0..<rank {
            let tap = taps[axis][index[axis]]
            element = element * extents[axis] + tap.element
            weight *= tap.weight
          }
          sum += weight * x.elements[row * plane + element]
        }
        result.elements[row * points + place] = sum
      }
    }
    return [try invocation.make(invocation.operand(0).elementType, result)]
  }

  /// The elements along one axis that make up the sample at the normalized `coordinate`; those outside weigh nothing.
  private static func weights(
    _ coordinate: Double, length: Int, mode: ByteString, _ border: Border, aligns: Bool
  ) throws -> [Weight] {
    let n = Double(length)
    var x = aligns ? (coordinate + 1) / 2 * (n - 1) : ((coordinate + 1) * n - 1) / 2
    guard abs(x) < farthest else {
      if border == .zeros { return [] }
      throw Refusal(.undefined, "a coordinate is no position")
    }
    let limits = aligns ? (0, n - 1) : (-0.5, n - 0.5)
    switch border {
    case .zeros: break
    case .border: x = min(max(x, 0), n - 1)
    case .reflection: x = reflected(x, limits)
    }
    let weights: [Weight] =
      switch mode {
      case "nearest": [(Int(x.rounded(.toNearestOrEven)), 1)]
      case "linear": linear(x)
      default: cubic(x, -0.75)
      }
    return weights.compactMap { weight in
      if (0..<length).contains(weight.element) { return weight }
      switch border {
      case .zeros: return nil
      case .border: return (min(max(weight.element, 0), length - 1), weight.weight)
      case .reflection: return (min(max(Int(reflected(Double(weight.element), limits)), 0), length - 1), weight.weight)
      }
    }
  }

  private static func reflected(_ x: Double, _ limits: (Double, Double)) -> Double {
    let range = limits.1 - limits.0
    if x >= limits.0 && x <= limits.1 { return x }
    guard range > 0 else { return limits.0 }
    let isBelow = x < limits.0
    let distance = isBelow ? limits.0 - x : x - limits.1
    let turns = (distance / range).rounded(.towardZero)
    let rest = distance - turns * range
    let isEven = turns.truncatingRemainder(dividingBy: 2) == 0
    return isEven == isBelow ? limits.0 + rest : limits.1 - rest
  }

  private static func affineGrid(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let theta = try invocation.reals(0)
    guard let size = try invocation.integers(1), size.count == 4 || size.count == 5,
      theta.dimensions == [size[0], size.count - 2, size.count - 1], size.allSatisfy({ $0 >= 0 })
    else { throw Refusal(.undefined, "theta does not fit the size") }
    let rank = size.count - 2
    let dimensions = [size[0]] + size[2...] + [rank]
    let type = try invocation.operand(0).elementType
    _ = try invocation.admit(type, dimensions)
    let aligns = invocation.operation.flag("align_corners")
    var result = RealTensor(zeros: dimensions)
    IndexWalk.forEach(dimensions) { index, position in
      var sum = theta.elements[(index[0] * rank + index[rank + 1]) * (rank + 1) + rank]
      for axis in 0..<rank {
        let (n, at) = (Double(size[axis + 2]), Double(index[axis + 1]))
        let coordinate = aligns ? (n == 1 ? -1 : -1 + 2 * at / (n - 1)) : -1 + (2 * at + 1) / n
        sum += theta.elements[(index[0] * rank + index[rank + 1]) * (rank + 1) + rank - 1 - axis] * coordinate
      }
      result.elements[position] = sum
    }
    return [try invocation.make(type, result)]
  }

  // MARK: Regions

  private static func alignRegions(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (x, regions) = (try invocation.reals(0), try invocation.reals(1))
    let batches = try invocation.wholeNumbers(2)
    let operation = invocation.operation
    guard x.dimensions.count == 4, regions.dimensions.count == 2, regions.dimensions[1] == 4,
      batches.elements.count == regions.dimensions[0], let rows = operation.int("output_height"), rows > 0,
      let columns = operation.int("output_width"), columns > 0, let ratio = operation.int("sampling_ratio"),
      let spatialScale = operation.float("spatial_scale"), x.elements.count > 0,
      batches.elements.allSatisfy({ $0 >= 0 && $0 < x.dimensions[0] }), ratio < 1 << 16
    else { throw Refusal(.undefined, "the regions do not fit the input") }
    let (channels, height, width) = (x.dimensions[1], x.dimensions[2], x.dimensions[3])
    let isHalfPixel = operation.string("coordinate_transformation_mode") ?? "half_pixel" == "half_pixel"
    let averages = operation.string("mode") ?? "avg" == "avg"
    let dimensions = [regions.dimensions[0], channels, rows, columns]
    _ = try invocation.admit(.float32, dimensions)
    var result = RealTensor(zeros: dimensions)
    for region in 0..<dimensions[0] {
      let corners = (0..<4).map {
        regions.elements[region * 4 + $0] * Double(spatialScale) - (isHalfPixel ? 0.5 : 0)
      }
      guard corners.allSatisfy({ abs($0) < farthest }) else { throw Refusal(.undefined, "a region is no region") }
      let extent = [corners[3] - corners[1], corners[2] - corners[0]].map { isHalfPixel ? $0 : max($0, 1) }
      let bins = [extent[0] / Double(rows), extent[1] / Double(columns)]
      let samples = bins.map { ratio > 0 ? ratio : max(Int($0.rounded(.up)), 0) }
      try invocation.admit(
        [channels, rows, columns],
        steps: max(samples[0], 1).multipliedReportingOverflow(by: max(samples[1], 1)).partialValue)
      for row in 0..<rows {
        for column in 0..<columns {
          var taps: [[Weight]] = []
          for y in 0..<samples[0] {
            for x in 0..<samples[1] {
              let atY = corners[1] + Double(row) * bins[0] + (Double(y) + 0.5) * bins[0] / Double(samples[0])
              let atX = corners[0] + Double(column) * bins[1] + (Double(x) + 0.5) * bins[1] / Double(samples[1])
              taps.append(corner(atY, atX, height, width))
            }
          }
          for channel in 0..<channels {
            let base = (Int(batches.elements[region]) * channels + channel) * height * width
            let products = taps.map { $0.map { x.elements[base + $0.element] * $0.weight } }
            let value =
              averages
              ? products.reduce(0) { $0 + $1.reduce(0, +) } / Double(max(taps.count, 1))
              : products.map { $0.max() ?? 0 }.max() ?? 0
            result.elements[((region * channels + channel) * rows + row) * columns + column] = value
          }
        }
      }
    }
    return [try invocation.make(invocation.operand(0).elementType, result)]
  }

  /// The four elements around a position, clamped to the image; weights of 0 where it lies more than one outside.
  private static func corner(_ y: Double, _ x: Double, _ height: Int, _ width: Int) -> [Weight] {
    guard y >= -1, x >= -1, y <= Double(height), x <= Double(width) else { return [(0, 0)] }
    func axis(_ at: Double, _ length: Int) -> [Weight] {
      let clamped = max(at, 0)
      let low = Int(clamped)
      if low >= length - 1 { return [(length - 1, 1), (length - 1, 0)] }
      return [(low, 1 - (clamped - Double(low))), (low + 1, clamped - Double(low))]
    }
    let columns = axis(x, width)
    return axis(y, height).flatMap { row in
      columns.map { (row.element * width + $0.element, row.weight * $0.weight) }
    }
  }

  private static func poolRegions(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (x, regions) = (try invocation.reals(0), try invocation.reals(1))
    guard x.dimensions.count == 4, regions.dimensions.count == 2, regions.dimensions[1] == 5,
      let shape = invocation.operation.ints("pooled_shape"), shape.count == 2, shape.allSatisfy({ $0 > 0 }),
      let scale = invocation.operation.float("spatial_scale"),
      regions.elements.allSatisfy({ abs($0 * Double(scale)) < farthest })
    else { throw Refusal(.undefined, "the regions do not fit the input") }
    let (channels, extents) = (x.dimensions[1], [x.dimensions[2], x.dimensions[3]])
    let dimensions = [regions.dimensions[0], channels] + shape
    _ = try invocation.admit(.float32, dimensions)
    try invocation.admit(dimensions, steps: x.count(from: 2))
    var result = RealTensor(zeros: dimensions)
    try IndexWalk.forEach(dimensions) { index, position in
      let corners = (0..<5).map { regions.elements[index[0] * 5 + $0] }
      guard corners[0] >= 0, corners[0] < Double(x.dimensions[0]) else {
        throw Refusal(.undefined, "a region is of no sample")
      }
      let ranges = (0...1).map { axis -> Range<Int> in
        let start = (corners[2 - axis] * Double(scale)).rounded()
        let end = (corners[4 - axis] * Double(scale)).rounded()
        let bin = max(end - start + 1, 1) / Double(shape[axis])
        let cell = Double(index[axis + 2])
        let first = min(max(start + (cell * bin).rounded(.down), 0), Double(extents[axis]))
        let last = min(max(start + ((cell + 1) * bin).rounded(.up), 0), Double(extents[axis]))
        return Int(first)..<max(Int(last), Int(first))
      }
      var largest: Double?
      for y in ranges[0] {
        for at in ranges[1] {
          let plane = (Int(corners[0]) * channels + index[1]) * extents[0]
          let element = x.elements[(plane + y) * extents[1] + at]
          largest = largest.map { Arithmetic.larger($0, element) } ?? element
        }
      }
      result.elements[position] = largest ?? 0
    }
    return [try invocation.make(invocation.operand(0).elementType, result)]
  }
}

extension Int {
  fileprivate init(limiting value: Double) { self = Int(Int64(limiting: value)) }
}
