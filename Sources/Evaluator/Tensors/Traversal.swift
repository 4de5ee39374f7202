/// The positions of a tensor in row-major order, seen through several layouts at once. Axes that all layouts step
/// through evenly are walked as one.
struct Traversal {
  /// The length of the innermost, longest even run.
  let rowLength: Int
  /// How far each layout moves from one position of a row to the next.
  let rowSteps: [Int]
  private let outer: [Int]
  private let outerStrides: [[Int]]
  private let offsets: [Int]
  private let isEmpty: Bool

  /// - Precondition: all layouts have the same dimensions.
  init(_ layouts: [Layout]) {
    let dimensions = layouts.first?.dimensions ?? []
    isEmpty = dimensions.contains(0)
    var lengths: [Int] = []
    var strides = layouts.map { _ in [Int]() }
    for axis in dimensions.indices where dimensions[axis] != 1 && !isEmpty {
      let mergesWithPrevious =
        !lengths.isEmpty
        && layouts.indices.allSatisfy { layout in
          strides[layout].last == layouts[layout].strides[axis] &* dimensions[axis]
        }
      if mergesWithPrevious {
        lengths[lengths.count - 1] *= dimensions[axis]
        for layout in layouts.indices { strides[layout][lengths.count - 1] = layouts[layout].strides[axis] }
      } else {
        lengths.append(dimensions[axis])
        for layout in layouts.indices { strides[layout].append(layouts[layout].strides[axis]) }
      }
    }
    rowLength = lengths.last ?? 1
    rowSteps = strides.map { $0.last ?? 0 }
    outer = lengths.dropLast()
    outerStrides = strides.map { $0.dropLast() }
    offsets = layouts.map(\.offset)
  }

  /// Calls `body` once a row with the offset in each layout at which the row starts.
  func forEachRow(_ body: ([Int]) throws -> Void) rethrows {
    guard !isEmpty else { return }
    var index = outer.map { _ in 0 }
    var current = offsets
    while true {
      try body(current)
      var axis = outer.count - 1
      while axis >= 0 {
        index[axis] += 1
        for layout in current.indices { current[layout] += outerStrides[layout][axis] }
        if index[axis] < outer[axis] { break }
        for layout in current.indices { current[layout] -= outerStrides[layout][axis] * outer[axis] }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// Calls `body` once a position, with the offset in the first layout.
  func forEachOffset(_ body: (Int) throws -> Void) rethrows {
    try forEachRow { offsets in
      var offset = offsets[0]
      for _ in 0..<rowLength {
        try body(offset)
        offset += rowSteps[0]
      }
    }
  }
}
