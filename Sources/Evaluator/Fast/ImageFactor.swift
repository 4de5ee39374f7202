import IR

/// What a window over a picture sees: at each step of the depth the element of one channel under one tap, for each
/// position of the window. Made panel by panel, never as a whole.
struct ImageFactor: ProductFactor {
  /// The picture with its padding.
  private let image: Floats
  private let width: Int
  private let strides: (rows: Int, columns: Int)
  private let positionsPerRow: Int
  /// How far the element of each step lies from where a window begins.
  private let steps: [Int]

  /// How many times a picture with its padding may be as large as the picture.
  private static let largestGrowth = 16

  /// Whether the padding is within reason: it is filled with zeros, and attributes of a few bytes can ask for any.
  static func isWorthIt(_ walk: WindowWalk) -> Bool {
    let (rows, columns) = paddedExtents(walk)
    let (limit, overflow) = walk.planeCount.multipliedReportingOverflow(by: largestGrowth)
    return rows * columns <= (overflow ? .max : max(limit, 1 << 10))
  }

  private static func paddedExtents(_ walk: WindowWalk) -> (rows: Int, columns: Int) {
    let sums = walk.extents.indices.map { walk.extents[$0] + walk.padding[$0].before + walk.padding[$0].after }
    return (sums[0], sums[1])
  }

  /// Calls `body` with the factor for `channels` planes, which are copied where they need padding.
  ///
  /// - Parameter walk: a window over two axes.
  static func with(
    _ image: Floats, channels: Int, _ walk: WindowWalk, _ threads: Int, _ body: (ImageFactor) throws -> Void
  ) throws {
    let (rows, columns) = paddedExtents(walk)
    guard rows * columns > walk.planeCount else {
      return try body(ImageFactor(image, rows: rows, columns: columns, channels: channels, walk))
    }
    let padded = UnsafeMutablePointer<Float>.allocate(capacity: channels * rows * columns)
    defer { padded.deallocate() }
    let target = MutableFloats(padded)
    try Parallel.forEach(channels, threads: channels * rows * columns < 1 << 17 ? 1 : threads) { channel in
      let plane = target.base + channel * rows * columns
      plane.update(repeating: 0, count: rows * columns)
      for row in 0..<walk.extents[0] {
        (plane + (row + walk.padding[0].before) * columns + walk.padding[1].before).update(
          from: image.base + channel * walk.planeCount + row * walk.extents[1], count: walk.extents[1])
      }
    }
    try body(ImageFactor(Floats(padded), rows: rows, columns: columns, channels: channels, walk))
  }

  private init(_ image: Floats, rows: Int, columns: Int, channels: Int, _ walk: WindowWalk) {
    self.image = image
    width = columns
    strides = (walk.strides[0], walk.strides[1])
    positionsPerRow = walk.positions[1]
    steps = (0..<channels).flatMap { channel in
      (0..<walk.kernel[0]).flatMap { tapRow in
        (0..<walk.kernel[1]).map { tapColumn in
          (channel * rows + tapRow * walk.dilations[0]) * columns + tapColumn * walk.dilations[1]
        }
      }
    }
  }

  func pack(_ depth: Range<Int>, lanes: Range<Int>, width: Int, into panels: UnsafeMutablePointer<Float>) {
    steps.withUnsafeBufferPointer { steps in
      withUnsafeTemporaryAllocation(of: Int.self, capacity: width) { places in
        for start in stride(from: lanes.lowerBound, to: lanes.upperBound, by: width) {
          // Lanes beyond the last repeat it: nobody looks at them.
          for lane in 0..<width { places[lane] = place(of: min(start + lane, lanes.upperBound - 1)) }
          let isRow =
            start + width <= lanes.upperBound && strides.columns == 1 && places[width - 1] == places[0] + width - 1
          var target = panels + (start - lanes.lowerBound) * depth.count
          for step in depth {
            let source = image.base + steps[step]
            if isRow {
              target.update(from: source + places[0], count: width)
            } else {
              for lane in 0..<width { target[lane] = source[places[lane]] }
            }
            target += width
          }
        }
      }
    }
  }

  /// Where the window at a position begins.
  private func place(of position: Int) -> Int {
    let (row, column) = position.quotientAndRemainder(dividingBy: positionsPerRow)
    return row * strides.rows * width + column * strides.columns
  }
}
