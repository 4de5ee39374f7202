import IR

/// Samples and maxima of regions of images.
extension Sampling {
  static func alignRegions(_ invocation: Invocation) throws -> [TensorLiteral?] {
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

  static func poolRegions(_ invocation: Invocation) throws -> [TensorLiteral?] {
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
