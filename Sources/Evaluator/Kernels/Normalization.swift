import IR

/// Operators that shift and scale by statistics of the elements around.
enum Normalization {
  static let kernels: [Kernel] = [
    Kernel(.batchNormalization, .exactForIntegers, batch),
    Kernel(.layerNormalization, .exactForIntegers, layer),
    Kernel(.rmsNormalization, .exactForIntegers, rootMeanSquare),
    Kernel(.instanceNormalization, .exactForIntegers) { try groups($0) { $0 } },
    Kernel(.groupNormalization, .exactForIntegers) { invocation in
      guard let count = invocation.operation.int("num_groups"), count > 0 else {
        throw Refusal(.unsupported, "there are no groups")
      }
      return try groups(invocation) { _ in count }
    },
    Kernel(.meanVarianceNormalization, .exactForIntegers, meanVariance),
    Kernel(.lpNormalization, .exactForIntegers, byNorm),
    Kernel(.lrn, .exactForIntegers, localResponse),
  ]

  private static func epsilon(_ invocation: Invocation) throws -> Double {
    guard let epsilon = invocation.operation.float("epsilon") else {
      throw Refusal(.unsupported, "there is no epsilon")
    }
    return Double(epsilon)
  }

  private static func moments(_ elements: some Collection<Double>) -> (mean: Double, variance: Double) {
    let count = Double(elements.count)
    let mean = elements.reduce(0, +) / count
    return (mean, elements.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count)
  }

  // MARK: By channel

  private static func batch(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.operand(0)
    guard x.dimensions.count >= 1, x.elementType.numberKind == .real else {
      throw Refusal(.unsupported, "BatchNormalization of \(x.elementType.rawValue)")
    }
    let channels = x.dimensions.count > 1 ? x.dimensions[1] : 1
    let parameters = try (1...4).map { try invocation.reals($0).elements }
    guard parameters.allSatisfy({ $0.count == channels }) else {
      throw Refusal(.undefined, "there is not one parameter a channel")
    }
    let inner = x.dimensions.dropFirst(2).reduce(1, &*)
    if invocation.operation.flag("training_mode") {
      return try trained(invocation, x, channels, inner, parameters)
    }
    return [try normalized(invocation, x, channels, inner, parameters[0], parameters[1], parameters[2], parameters[3])]
  }

  private static func normalized(
    _ invocation: Invocation, _ x: TensorLiteral, _ channels: Int, _ inner: Int, _ scale: [Double], _ offset: [Double],
    _ mean: [Double], _ variance: [Double]
  ) throws -> TensorLiteral {
    let epsilon = try epsilon(invocation)
    let deviation = variance.map { ($0 + epsilon).squareRoot() }
    return try invocation.make(x.elementType, x.dimensions) { output in
      try x.withWindow(0..<x.elementCount) { bytes in
        for position in 0..<x.elementCount {
          let channel = position / inner % channels
          let normal = (Double.load(bytes, position, x.elementType) - mean[channel]) / deviation[channel]
          Double.store(normal * scale[channel] + offset[channel], output, position, x.elementType)
        }
      }
    }
  }

  /// Normalizes by the batch's own statistics, and moves the running ones towards them.
  private static func trained(
    _ invocation: Invocation, _ x: TensorLiteral, _ channels: Int, _ inner: Int, _ parameters: [[Double]]
  ) throws -> [TensorLiteral?] {
    guard let momentum = invocation.operation.float("momentum"), x.elementCount > 0 else {
      throw Refusal(.undefined, "there is nothing to learn from")
    }
    let elements = try invocation.numbers(x).elements
    var means: [Double] = []
    var variances: [Double] = []
    for channel in 0..<channels {
      let starts = stride(from: channel * inner, to: elements.count, by: channels * inner)
      let own = moments(starts.flatMap { elements[$0..<$0 + inner] })
      means.append(own.mean)
      variances.append(own.variance)
    }
    func running(_ old: [Double], _ new: [Double], _ operand: Int) throws -> TensorLiteral {
      let moved = zip(old, new).map { $0 * Double(momentum) + $1 * (1 - Double(momentum)) }
      return try invocation.make(invocation.operand(operand).elementType, RealTensor([channels], moved))
    }
    return [
      try normalized(invocation, x, channels, inner, parameters[0], parameters[1], means, variances),
      try running(parameters[2], means, 3), try running(parameters[3], variances, 4),
    ]
  }

  /// Normalizes each of `groupCount(channels)` groups of channels of each sample, then scales and shifts each channel.
  private static func groups(_ invocation: Invocation, _ groupCount: (Int) -> Int) throws -> [TensorLiteral?] {
    let x = try invocation.operand(0)
    guard x.dimensions.count >= 2 else { throw Refusal(.undefined, "there are no channels") }
    let channels = x.dimensions[1]
    let groups = groupCount(channels)
    let (scale, offset) = (try invocation.reals(1).elements, try invocation.reals(2).elements)
    guard scale.count == channels, offset.count == channels, groups > 0, channels.isMultiple(of: groups) else {
      throw Refusal(.undefined, "there is not one parameter a channel")
    }
    let epsilon = try epsilon(invocation)
    var data = try invocation.reals(0)
    let plane = data.count(from: 2)
    let length = channels / groups * plane
    if length > 0 {
      for start in stride(from: 0, to: data.elements.count, by: length) {
        let own = moments(data.elements[start..<start + length])
        let deviation = (own.variance + epsilon).squareRoot()
        for position in start..<start + length {
          let channel = position / plane % channels
          let normal = (data.elements[position] - own.mean) / deviation
          data.elements[position] = normal * scale[channel] + offset[channel]
        }
      }
    }
    return [try invocation.make(x.elementType, data)]
  }

  // MARK: By row

  /// Scale or bias, as broadcast to the row of normalized axes or to the whole.
  private struct Parameter {
    let elements: [Double]
    let places: [Int]

    init(_ tensor: RealTensor, _ dimensions: [Int]) throws {
      guard Shapes.broadcast(tensor.dimensions, dimensions) == dimensions else {
        throw Refusal(.undefined, "a parameter does not broadcast to the input")
      }
      elements = tensor.elements
      var places: [Int] = []
      Traversal([Layout(tensor.dimensions).broadcast(to: dimensions)]).forEachOffset { places.append($0) }
      self.places = places
    }

    subscript(position: Int) -> Double { elements[places[position]] }
  }

  private static func layer(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.operand(0)
    let axis = try invocation.axis(invocation.operation.int("axis") ?? -1, rank: x.dimensions.count)
    let data = try invocation.reals(0)
    let scale = try Parameter(invocation.reals(1), data.dimensions)
    let offset = try invocation.optionalReals(2).map { try Parameter($0, data.dimensions) }
    let epsilon = try epsilon(invocation)
    let (rows, length) = (data.count(before: axis), data.count(from: axis))
    guard length > 0 else { throw Refusal(.undefined, "there is nothing to normalize") }
    var result = data
    var means: [Double] = []
    var inverses: [Double] = []
    for row in 0..<rows {
      let range = row * length..<(row + 1) * length
      let own = moments(data.elements[range])
      let inverse = 1 / (own.variance + epsilon).squareRoot()
      for position in range {
        let normal = (data.elements[position] - own.mean) * inverse
        result.elements[position] = normal * scale[position] + (offset?[position] ?? 0)
      }
      means.append(own.mean)
      inverses.append(inverse)
    }
    let dimensions = x.dimensions[..<axis] + x.dimensions[axis...].map { _ in 1 }
    let stash: ElementType = try Conversion.elementType(named: "stash_type", invocation) ?? .float32
    func statistic(_ index: Int, _ elements: [Double]) throws -> TensorLiteral? {
      guard invocation.operation.result(index) != nil else { return nil }
      return try invocation.make(stash, RealTensor(Array(dimensions), elements))
    }
    return [try invocation.make(x.elementType, result), try statistic(1, means), try statistic(2, inverses)]
  }

  private static func rootMeanSquare(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let axis = try invocation.axis(
      invocation.operation.int("axis") ?? -1, rank: invocation.operand(0).dimensions.count)
    var data = try invocation.reals(0)
    let scale = try Parameter(invocation.reals(1), data.dimensions)
    let epsilon = try epsilon(invocation)
    let length = data.count(from: axis)
    guard length > 0 else { throw Refusal(.undefined, "there is nothing to normalize") }
    for start in stride(from: 0, to: data.elements.count, by: length) {
      let range = start..<start + length
      let meanSquare = data.elements[range].reduce(0) { $0 + $1 * $1 } / Double(length)
      let deviation = (meanSquare + epsilon).squareRoot()
      for position in range { data.elements[position] = data.elements[position] / deviation * scale[position] }
    }
    return [try invocation.make(invocation.operand(1).elementType, data)]
  }

  // MARK: Along axes

  private static func meanVariance(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.operand(0)
    let axes = try invocation.axes(invocation.operation.ints("axes") ?? [0, 2, 3], rank: x.dimensions.count)
    var data = try invocation.reals(0)
    var (kept, reduced) = (Layout(x.dimensions), Layout(x.dimensions))
    for axis in x.dimensions.indices {
      if axes.contains(axis) {
        kept = kept.sliced(axis, start: 0, count: min(x.dimensions[axis], 1))
      } else {
        reduced = reduced.sliced(axis, start: 0, count: min(x.dimensions[axis], 1))
      }
    }
    let inner = Traversal([reduced])
    Traversal([kept]).forEachOffset { start in
      var places: [Int] = []
      inner.forEachOffset { places.append(start + $0) }
      let own = moments(places.map { data.elements[$0] })
      let deviation = own.variance.squareRoot() + 1e-9
      for place in places { data.elements[place] = (data.elements[place] - own.mean) / deviation }
    }
    return [try invocation.make(x.elementType, data)]
  }

  private static func byNorm(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.operand(0)
    let axis = try invocation.axis(invocation.operation.int("axis") ?? -1, rank: x.dimensions.count)
    let isEuclidean = invocation.operation.int("p") ?? 2 == 2
    var data = try invocation.reals(0)
    let length = x.dimensions[axis]
    Scan.forEachLine(x, along: axis) { start, stride in
      let places = (0..<length).map { start + $0 * stride }
      let norm =
        isEuclidean
        ? places.reduce(0) { $0 + data.elements[$1] * data.elements[$1] }.squareRoot()
        : places.reduce(0) { $0 + abs(data.elements[$1]) }
      for place in places { data.elements[place] = norm == 0 ? 0 : data.elements[place] / norm }
    }
    return [try invocation.make(x.elementType, data)]
  }

  private static func localResponse(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.operand(0)
    let operation = invocation.operation
    guard x.dimensions.count >= 2, let size = operation.int("size"), size > 0, let alpha = operation.float("alpha"),
      let beta = operation.float("beta"), let bias = operation.float("bias")
    else { throw Refusal(.undefined, "there are no channels, or no size") }
    let data = try invocation.reals(0)
    let (channels, plane) = (x.dimensions[1], data.count(from: 2))
    try invocation.admit(x.dimensions, steps: min(size, channels))
    var result = data
    for position in data.elements.indices {
      let channel = position / plane % channels
      let first = max(channel - min((size - 1) / 2, channels), 0)
      let last = min(channel + min(size / 2, channels), channels - 1)
      let squares = (first...last).reduce(0.0) { sum, other in
        let element = data.elements[position + (other - channel) * plane]
        return sum + element * element
      }
      let base = Double(bias) + Double(alpha) / Double(size) * squares
      result.elements[position] = data.elements[position] / RealMath.pow(base, Double(beta))
    }
    return [try invocation.make(x.elementType, result)]
  }
}
