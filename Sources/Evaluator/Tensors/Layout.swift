import IR

/// Where the elements of a tensor lie in a row of elements: the first at `offset`, the next along an axis `strides`
/// further.
///
/// Transposing, slicing, splitting, broadcasting and repeating change the layout and move nothing.
struct Layout: Hashable, Sendable {
  private(set) var dimensions: [Int]
  private(set) var strides: [Int]
  private(set) var offset: Int

  /// Row after row, without gaps. The strides of a tensor without elements mean nothing and may wrap around.
  init(_ dimensions: [Int]) {
    self.dimensions = dimensions
    strides = Self.contiguousStrides(dimensions)
    offset = 0
  }

  /// Of any strides, one a dimension, from the first element on.
  init(_ dimensions: [Int], strides: [Int]) {
    self.dimensions = dimensions
    self.strides = strides
    offset = 0
  }

  var rank: Int { dimensions.count }

  private static func contiguousStrides(_ dimensions: [Int]) -> [Int] {
    var strides = dimensions
    var step = 1
    for axis in dimensions.indices.reversed() {
      strides[axis] = step
      step &*= max(dimensions[axis], 1)
    }
    return strides
  }

  /// Axis `k` of the result is axis `permutation[k]`.
  func transposed(_ permutation: [Int]) -> Layout {
    var layout = self
    layout.dimensions = permutation.map { dimensions[$0] }
    layout.strides = permutation.map { strides[$0] }
    return layout
  }

  /// `count` positions of `axis` from `start`, `step` apart.
  func sliced(_ axis: Int, start: Int, step: Int = 1, count: Int) -> Layout {
    var layout = self
    layout.offset &+= count == 0 ? 0 : start &* strides[axis]
    layout.strides[axis] &*= count < 2 ? 1 : step
    layout.dimensions[axis] = count
    return layout
  }

  /// An axis of length `count` before `axis`, along which nothing changes.
  func repeated(_ count: Int, before axis: Int) -> Layout {
    var layout = self
    layout.dimensions.insert(count, at: axis)
    layout.strides.insert(0, at: axis)
    return layout
  }

  /// Repeated along axes of length 1 and new leading axes, up to `target`, which a broadcast of these dimensions gave.
  func broadcast(to target: [Int]) -> Layout {
    var layout = self
    let missing = target.count - rank
    layout.dimensions = target
    layout.strides = target.indices.map { axis in
      axis < missing || dimensions[axis - missing] != target[axis] ? 0 : strides[axis - missing]
    }
    return layout
  }

  /// Without `axis`, at its position 0.
  func dropping(_ axis: Int) -> Layout {
    var layout = self
    layout.dimensions.remove(at: axis)
    layout.strides.remove(at: axis)
    return layout
  }
}

/// Shapes of results, every product checked.
enum Shapes {
  /// The product of `dimensions`; `nil` where it does not fit an `Int` or a dimension is negative.
  static func elementCount(_ dimensions: [Int]) -> Int? {
    guard dimensions.allSatisfy({ $0 >= 0 }) else { return nil }
    var count = 1
    for dimension in dimensions {
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      count = product
    }
    return count
  }

  /// What both broadcast to by NumPy's rule; `nil` where they do not.
  static func broadcast(_ a: [Int], _ b: [Int]) -> [Int]? {
    var result: [Int] = []
    for position in 1...max(a.count, b.count, 1) {
      let x = position <= a.count ? a[a.count - position] : 1
      let y = position <= b.count ? b[b.count - position] : 1
      guard x == y || x == 1 || y == 1 else { return nil }
      result.append(x == 1 ? y : x)
    }
    return Array(result.reversed().suffix(max(a.count, b.count)))
  }
}
