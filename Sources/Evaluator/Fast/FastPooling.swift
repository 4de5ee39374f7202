import IR

/// Pooling of single precision, plane by plane: of windows over one or two axes, and of whole planes.
enum FastPooling {
  static let kernels: [(OpDefinition, FastKernels.Body)] = [
    (.maxPool, maxPool), (.averagePool, averagePool), (.globalAveragePool, globalAverage),
    (.reduceMean, reduceMean),
  ]

  @Sendable private static func maxPool(_ invocation: Invocation, _ threads: Int) throws
    -> [TensorLiteral?]?
  {
    guard invocation.operation.presentResults.count == 1 else { return nil }
    return try pool(invocation, threads, from: -.infinity, Larger.self)
  }

  @Sendable private static func averagePool(_ invocation: Invocation, _ threads: Int) throws
    -> [TensorLiteral?]?
  {
    // Windows that reach into the padding have fewer elements, which is counted elsewhere.
    let operation = invocation.operation
    guard (operation.ints("pads") ?? []).allSatisfy({ $0 == 0 }),
      operation.string("auto_pad") == "NOTSET",
      !operation.flag("ceil_mode"), let kernel = operation.ints("kernel_shape")
    else { return nil }
    let count = Float(kernel.reduce(1, &*))
    return try pool(invocation, threads, from: 0, Sum.self, scale: 1 / count)
  }

  /// The larger, or NaN where either is.
  private enum Larger: FloatCombination {
    @inline(__always) static func apply(_ a: Float, _ b: Float) -> Float {
      b <= a || a.isNaN ? a : b
    }
  }

  private enum Sum: FloatCombination {
    @inline(__always) static func apply(_ a: Float, _ b: Float) -> Float { a + b }
  }

  private static func pool<C: FloatCombination>(
    _ invocation: Invocation, _ threads: Int, from initial: Float, _ combination: C.Type,
    scale: Float? = nil
  ) throws -> [TensorLiteral?]? {
    let x = try invocation.operand(0)
    guard invocation.areFloats([0]), (3...4).contains(x.dimensions.count),
      let kernel = invocation.operation.ints("kernel_shape"), kernel.count == x.dimensions.count - 2
    else { return nil }
    let given = try WindowWalk(
      invocation.operation, kernel: kernel, over: Array(x.dimensions[2...]))
    let dimensions = x.dimensions[..<2] + given.positions
    try invocation.spend(invocation.admit(.float32, Array(dimensions)), times: given.kernelCount)
    let walk = given.overTwoAxes
    return [
      try invocation.makeFloats(Array(dimensions)) { result in
        try invocation.withFloats([x]) { floats in
          let source = floats[0]
          let planes = x.dimensions[0] * x.dimensions[1]
          try invocation.forEachPart(
            planes, cost: walk.positionCount * walk.kernelCount, threads: threads
          ) { part in
            for plane in part {
              let to = result.base + plane * walk.positionCount
              to.update(repeating: initial, count: walk.positionCount)
              combineRows(source.base + plane * walk.planeCount, walk, to: to, combination)
              if let scale { for index in 0..<walk.positionCount { to[index] *= scale } }
            }
          }
        }
      }
    ]
  }

  private static func combineRows<C: FloatCombination>(
    _ plane: UnsafePointer<Float>, _ walk: WindowWalk, to result: UnsafeMutablePointer<Float>,
    _ combination: C.Type
  ) {
    let (rows, columns, step) = (walk.positions[0], walk.positions[1], walk.strides[1])
    for tap in 0..<walk.kernelCount {
      let (tapRow, tapColumn) = (tap / walk.kernel[1], tap % walk.kernel[1])
      let inside = walk.positionsInside(1, tap: tapColumn)
      for row in 0..<rows where !inside.isEmpty {
        let y = walk.coordinate(0, position: row, tap: tapRow)
        guard y >= 0, y < walk.extents[0] else { continue }
        let source =
          plane + y * walk.extents[1]
          + walk.coordinate(1, position: inside.lowerBound, tap: tapColumn)
        let target = result + row * columns + inside.lowerBound
        for index in 0..<inside.count {
          target[index] = C.apply(target[index], source[index * step])
        }
      }
    }
  }

  @Sendable private static func globalAverage(_ invocation: Invocation, _ threads: Int) throws
    -> [TensorLiteral?]?
  {
    let x = try invocation.operand(0)
    guard x.dimensions.count >= 3 else { return nil }
    return try averageRows(
      invocation, x.dimensions[..<2] + x.dimensions[2...].map { _ in 1 }, threads)
  }

  /// Means over all of the last axes.
  @Sendable private static func reduceMean(_ invocation: Invocation, _ threads: Int) throws
    -> [TensorLiteral?]?
  {
    let x = try invocation.operand(0)
    guard let given = try invocation.integers(1), !given.isEmpty else { return nil }
    let axes = try invocation.axes(given, rank: x.dimensions.count).sorted()
    let kept = x.dimensions.count - axes.count
    guard axes == Array(kept..<x.dimensions.count) else { return nil }
    let ones = invocation.operation.flag("keepdims") ? axes.map { _ in 1 } : []
    return try averageRows(invocation, x.dimensions[..<kept] + ones, threads)
  }

  private static func averageRows(
    _ invocation: Invocation, _ dimensions: ArraySlice<Int>, _ threads: Int
  ) throws -> [TensorLiteral?]? {
    let x = try invocation.operand(0)
    let rows = dimensions.reduce(1, *)
    guard invocation.areFloats([0]), rows > 0, x.elementCount > 0 else { return nil }
    let width = x.elementCount / rows
    return [
      try invocation.makeFloats(Array(dimensions)) { result in
        try invocation.withFloats([x]) { floats in
          let source = floats[0]
          try invocation.forEachPart(rows, cost: width, threads: threads) { part in
            for row in part {
              result.base[row] = (source.base + row * width).sum(width) / Float(width)
            }
          }
        }
      }
    ]
  }
}
