/// The indices of a tensor in row-major order.
enum IndexWalk {
  /// Calls `body` with each index of a tensor of these dimensions, and with its position.
  static func forEach(_ dimensions: [Int], _ body: (_ index: [Int], _ position: Int) throws -> Void) rethrows {
    var index = dimensions.map { _ in 0 }
    for position in 0..<dimensions.reduce(1, *) {
      try body(index, position)
      var axis = dimensions.count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < dimensions[axis] { break }
        index[axis] = 0
        axis -= 1
      }
    }
  }

  /// The position of `index` in a tensor of these dimensions.
  static func position(_ index: [Int], in dimensions: [Int]) -> Int {
    zip(index, dimensions).reduce(0) { $0 * $1.1 + $1.0 }
  }
}
