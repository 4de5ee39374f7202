import IR

/// Operators that make one element of each window, or of all spatial axes: one loop.
enum Pooling {
  static let kernels: [Kernel] = [
    Kernel(.maxPool, maxPool),
    Kernel(.averagePool, .exactForIntegers, averagePool),
    Kernel(.lpPool, .exactForIntegers) { invocation in
      let p = invocation.operation.int("p") ?? 2
      return [try pool(invocation) { elements, _ in norm(elements, p) }]
    },
    global(.globalMaxPool) { elements, _ in elements.reduce(-.infinity, Arithmetic.larger) },
    global(.globalAveragePool) { elements, _ in elements.reduce(0, +) / Double(elements.count) },
    global(.globalLpPool) { elements, operation in norm(elements, operation.int("p") ?? 2) },
    Kernel(.maxUnpool, maxUnpool),
  ]

  private static func norm(_ elements: [Double], _ p: Int) -> Double {
    switch p {
    case 1: return elements.reduce(0) { $0 + abs($1) }
    case 2: return elements.reduce(0) { $0 + $1 * $1 }.squareRoot()
    default:
      return RealMath.pow(elements.reduce(0) { $0 + RealMath.pow(abs($1), Double(p)) }, 1 / Double(p))
    }
  }

  private static func window(_ invocation: Invocation) throws -> (TensorLiteral, WindowWalk) {
    let x = try invocation.operand(0)
    guard let kernel = invocation.operation.ints("kernel_shape"), x.dimensions.count == kernel.count + 2 else {
      throw Refusal(.undefined, "the kernel does not fit the input's rank")
    }
    return (x, try WindowWalk(invocation.operation, kernel: kernel, over: Array(x.dimensions[2...])))
  }

  // MARK: The loop

  /// Calls `body` for each window of each plane with the place of the result and the taps, which lie from `base` on.
  private static func forEachWindow(
    _ x: TensorLiteral, _ walk: WindowWalk,
    _ body: (_ result: Int, _ base: Int, _ taps: [WindowWalk.Tap], _ position: [Int]) throws -> Void
  ) rethrows {
    let planes = x.dimensions[0] * x.dimensions[1]
    guard planes > 0 else { return }
    try IndexWalk.forEach(walk.positions) { position, place in
      let taps = walk.taps(at: position)
      for plane in 0..<planes {
        try body(plane * walk.positionCount + place, plane * walk.planeCount, taps, position)
      }
    }
  }

  private static func pool(
    _ invocation: Invocation, _ combine: (_ elements: [Double], _ paddedCount: Int) -> Double
  ) throws -> TensorLiteral {
    let (x, walk) = try window(invocation)
    let dimensions = x.dimensions[..<2] + walk.positions
    _ = try invocation.admit(x.elementType, Array(dimensions))
    try invocation.admit(Array(dimensions), steps: walk.kernelCount)
    let elements = try invocation.numbers(x).elements
    var result = RealTensor(zeros: Array(dimensions))
    forEachWindow(x, walk) { place, base, taps, position in
      result.elements[place] = combine(taps.map { elements[base + $0.element] }, walk.paddedTapCount(at: position))
    }
    return try invocation.make(x.elementType, result)
  }

  private static func averagePool(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let countsPadding = invocation.operation.flag("count_include_pad")
    return [
      try pool(invocation) { elements, paddedCount in
        elements.reduce(0, +) / Double(countsPadding ? paddedCount : elements.count)
      }
    ]
  }

  private static func maxPool(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (x, walk) = try window(invocation)
    let dimensions = Array(x.dimensions[..<2] + walk.positions)
    let count = try invocation.admit(x.elementType, dimensions)
    try invocation.admit(dimensions, steps: walk.kernelCount)
    let elements = try invocation.numbers(x).elements
    let columnFirst = invocation.operation.flag("storage_order")
    var result = RealTensor(zeros: dimensions)
    var places = [Int](repeating: 0, count: count)
    try forEachWindow(x, walk) { place, base, taps, _ in
      guard var best = taps.first else { throw Refusal(.undefined, "a window lies in the padding") }
      for tap in taps.dropFirst()
      where elements[base + tap.element] > elements[base + best.element] || elements[base + tap.element].isNaN {
        best = tap
        if elements[base + tap.element].isNaN { break }
      }
      result.elements[place] = elements[base + best.element]
      places[place] = base + (columnFirst ? transposed(best.element, walk.extents) : best.element)
    }
    let values = try invocation.make(x.elementType, result)
    guard invocation.operation.result(1) != nil else { return [values] }
    return [values, try invocation.make(places, dimensions)]
  }

  /// The place of an element counted column by column: the first spatial axis changes fastest.
  private static func transposed(_ element: Int, _ extents: [Int]) -> Int {
    var rest = element
    var index: [Int] = []
    for extent in extents.reversed() {
      index.append(rest % extent)
      rest /= extent
    }
    return IndexWalk.position(index, in: extents.reversed())
  }

  /// A kernel over all spatial axes.
  private static func global(
    _ definition: OpDefinition, _ combine: @escaping @Sendable ([Double], Operation) -> Double
  ) -> Kernel {
    Kernel(definition, .exactForIntegers) { invocation in
      let x = try invocation.operand(0)
      guard x.dimensions.count >= 2 else { throw Refusal(.undefined, "there are no channels") }
      let plane = try invocation.count(Array(x.dimensions[2...]))
      guard plane > 0 else { throw Refusal(.undefined, "there is nothing to pool") }
      let elements = try invocation.numbers(x).elements
      let results = stride(from: 0, to: elements.count, by: plane).map {
        combine(Array(elements[$0..<$0 + plane]), invocation.operation)
      }
      let dimensions = Array(x.dimensions[..<2]) + x.dimensions[2...].map { _ in 1 }
      return [try invocation.make(x.elementType, RealTensor(dimensions, results))]
    }
  }

  private static func maxUnpool(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.operand(0)
    let indices = try invocation.wholeNumbers(1)
    let operation = invocation.operation
    guard let kernel = operation.ints("kernel_shape"), x.dimensions.count == kernel.count + 2,
      indices.dimensions == x.dimensions
    else { throw Refusal(.undefined, "the indices do not fit the input") }
    let rank = kernel.count
    let strides = operation.ints("strides") ?? kernel.map { _ in 1 }
    let pads = operation.ints("pads") ?? (kernel + kernel).map { _ in 0 }
    let limits = 0...1 << 20
    guard strides.count == rank, pads.count == 2 * rank,
      (kernel + strides + pads + x.dimensions).allSatisfy({ limits.contains($0) })
    else { throw Refusal(.undefined, "strides or pads do not fit") }
    let natural =
      Array(x.dimensions[..<2])
      + (0..<rank).map { axis -> Int in
        (x.dimensions[axis + 2] - 1) * strides[axis] - pads[axis] - pads[axis + rank] + kernel[axis]
      }
    let dimensions = try invocation.integers(2) ?? natural
    guard dimensions.count == natural.count, zip(dimensions, natural).allSatisfy({ $0 >= $1 && $1 >= 0 }) else {
      throw Refusal(.undefined, "output_shape is too small")
    }
    _ = try invocation.admit(x.elementType, dimensions)
    let count = try invocation.count(natural)
    let elements = try invocation.numbers(x).elements
    var result = RealTensor(zeros: dimensions)
    let target = Layout(dimensions)
    for (element, place) in zip(elements, indices.elements) {
      guard place >= 0, place < count else { throw Refusal(.undefined, "index \(place) is outside the result") }
      var (rest, at) = (Int(place), 0)
      for axis in natural.indices.reversed() {
        at += rest % natural[axis] * target.strides[axis]
        rest /= natural[axis]
      }
      result.elements[at] = element
    }
    return [try invocation.make(x.elementType, result)]
  }
}
