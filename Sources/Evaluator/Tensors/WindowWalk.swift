import IR

/// A window over the spatial axes of a tensor whose extents are known: at which elements its taps lie.
struct WindowWalk {
  /// An element under the window.
  struct Tap {
    /// The tap's place in the kernel.
    let index: Int
    /// The element's place in the plane of the spatial axes.
    let element: Int
  }

  let kernel: [Int]
  let strides: [Int]
  let dilations: [Int]
  let padding: [(before: Int, after: Int)]
  let extents: [Int]
  /// How many places the window takes along each axis.
  let positions: [Int]

  var kernelCount: Int { kernel.reduce(1, *) }
  var planeCount: Int { extents.reduce(1, *) }
  var positionCount: Int { positions.reduce(1, *) }

  /// Larger numbers are no windows; products of such few do not overflow.
  private static let limits = 0...1 << 20

  /// - Throws: `Refusal` where attributes do not fit the extents.
  init(_ operation: Operation, kernel: [Int], over extents: [Int]) throws {
    do {
      let window = try SpatialWindow(operation, kernel: kernel.map { .known($0) })
      guard kernel.count == extents.count, let padding = window.padding(of: extents),
        (kernel + extents + window.strides + window.dilations).allSatisfy({ Self.limits.contains($0) }),
        padding.allSatisfy({ Self.limits.contains($0.before) && Self.limits.contains($0.after) })
      else { throw Refusal(.undefined, "the window does not fit the input") }
      let positions = try window.positions(over: extents.map { .known($0) }).map { $0.value ?? -1 }
      guard positions.allSatisfy({ $0 >= 0 }), Shapes.elementCount(positions) != nil,
        Shapes.elementCount(extents) != nil, Shapes.elementCount(kernel) != nil
      else { throw Refusal(.undefined, "the window does not fit the input") }
      (self.kernel, self.extents, self.padding, self.positions) = (kernel, extents, padding, positions)
      (strides, dilations) = (window.strides, window.dilations)
    } catch let error as ModelError {
      throw Refusal(.undefined, "\(error)")
    }
  }

  private init(
    kernel: [Int], strides: [Int], dilations: [Int], padding: [(before: Int, after: Int)], extents: [Int],
    positions: [Int]
  ) {
    (self.kernel, self.strides, self.dilations) = (kernel, strides, dilations)
    (self.padding, self.extents, self.positions) = (padding, extents, positions)
  }

  /// The same window where it is over two axes; one over one axis sees it as the second of two.
  var overTwoAxes: WindowWalk {
    guard kernel.count == 1 else { return self }
    return WindowWalk(
      kernel: [1] + kernel, strides: [1] + strides, dilations: [1] + dilations, padding: [(0, 0)] + padding,
      extents: [1] + extents, positions: [1] + positions)
  }

  /// The positions along `axis` at which the tap at `tap` lies inside the input.
  func positionsInside(_ axis: Int, tap: Int) -> Range<Int> {
    let shift = coordinate(axis, position: 0, tap: tap)
    func positions(below limit: Int) -> Int {
      min(max((limit - shift + strides[axis] - 1) / strides[axis], 0), self.positions[axis])
    }
    let (first, end) = (positions(below: 0), positions(below: extents[axis]))
    return first..<max(first, end)
  }

  /// Where along `axis` the tap at `tap` of a window at `position` lies; outside the input in the padding.
  func coordinate(_ axis: Int, position: Int, tap: Int) -> Int {
    position * strides[axis] + tap * dilations[axis] - padding[axis].before
  }

  /// The taps of a window that lie inside the input, in the order of the kernel.
  func taps(at position: [Int]) -> [Tap] {
    var taps: [Tap] = []
    IndexWalk.forEach(kernel) { tap, index in
      var element = 0
      for axis in kernel.indices {
        let at = coordinate(axis, position: position[axis], tap: tap[axis])
        guard at >= 0, at < extents[axis] else { return }
        element = element * extents[axis] + at
      }
      taps.append(Tap(index: index, element: element))
    }
    return taps
  }

  /// The taps of a window that lie inside the input or its padding.
  func paddedTapCount(at position: [Int]) -> Int {
    kernel.indices.reduce(1) { count, axis in
      count
        * (0..<kernel[axis]).count { tap in
          coordinate(axis, position: position[axis], tap: tap) < extents[axis] + padding[axis].after
        }
    }
  }
}
