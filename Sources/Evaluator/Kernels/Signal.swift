import IR

/// Windows, Fourier transforms and scales of signals.
enum Signal {
  static let kernels: [Kernel] = [
    window(.hannWindow, [0.5, -0.5]),
    window(.hammingWindow, [25.0 / 46, -21.0 / 46]),
    window(.blackmanWindow, [0.42, -0.5, 0.08]),
    Kernel(.dft, .exactForIntegers, transform),
    Kernel(.stft, .exactForIntegers, transformFrames),
    Kernel(.melWeightMatrix, .exactForIntegers, melWeights),
  ]

  private static let pi = 3.14159265358979323846

  /// A sum of cosines of so many periods, each with its factor.
  private static func window(_ definition: OpDefinition, _ factors: [Double]) -> Kernel {
    // Not exact for integers either: all that is computed is the window.
    Kernel(definition, .rounding) { invocation in
      guard let size = try invocation.integer(0), size >= 0 else { throw Refusal(.undefined, "there is no size") }
      let type = try Conversion.elementType(named: "output_datatype", invocation) ?? .float32
      _ = try invocation.admit(type, [size])
      let period = Double(invocation.operation.int("periodic") ?? 1 != 0 ? size : size - 1)
      let values = try (0..<size).map { index in
        try factors.indices.reduce(0.0) { sum, harmonic in
          let angle = size == 1 ? 0 : 2 * pi * Double(harmonic) * Double(index) / max(period, 1)
          return sum + factors[harmonic] * (try RealMath.cos(angle))
        }
      }
      return [try invocation.make(type, RealTensor([size], values))]
    }
  }

  // MARK: Fourier transforms

  private typealias Complex = (real: Double, imaginary: Double)

  /// The factors of a transform of so many elements: the roots of unity.
  private static func roots(_ count: Int, isInverse: Bool) throws -> [Complex] {
    try (0..<count).map { index in
      let angle = 2 * pi * Double(index) / Double(count)
      return (try RealMath.cos(angle), (isInverse ? 1 : -1) * (try RealMath.sin(angle)))
    }
  }

  /// The first `count` elements of the transform of `line`.
  private static func transformed(_ line: [Complex], _ roots: [Complex], count: Int) -> [Complex] {
    if count == line.count, line.count > 1, line.count & (line.count - 1) == 0 { return fast(line, roots, 1) }
    return (0..<count).map { frequency in
      var sum: Complex = (0, 0)
      for (index, element) in line.enumerated() {
        let root = roots[frequency * index % line.count]
        sum.real += element.real * root.real - element.imaginary * root.imaginary
        sum.imaginary += element.real * root.imaginary + element.imaginary * root.real
      }
      return sum
    }
  }

  /// By halves: the length is a power of two. Every `step`th root is one of this length.
  private static func fast(_ line: [Complex], _ roots: [Complex], _ step: Int) -> [Complex] {
    guard line.count > 1 else { return line }
    let half = line.count / 2
    let even = fast((0..<half).map { line[2 * $0] }, roots, 2 * step)
    let odd = fast((0..<half).map { line[2 * $0 + 1] }, roots, 2 * step)
    var result = line
    for index in 0..<half {
      let (root, element) = (roots[index * step], odd[index])
      let turned = (
        element.real * root.real - element.imaginary * root.imaginary,
        element.real * root.imaginary + element.imaginary * root.real
      )
      result[index] = (even[index].real + turned.0, even[index].imaginary + turned.1)
      result[index + half] = (even[index].real - turned.0, even[index].imaginary - turned.1)
    }
    return result
  }

  private static func transform(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.reals(0)
    let operation = invocation.operation
    let rank = x.dimensions.count
    guard rank >= 2, let parts = x.dimensions.last, parts == 1 || parts == 2 else {
      throw Refusal(.undefined, "the last axis does not hold the parts of a number")
    }
    let axis = try invocation.axis(invocation.integer(2) ?? -2, rank: rank)
    guard axis < rank - 1 else { throw Refusal(.undefined, "axis \(axis) holds the parts of a number") }
    let (isOneSided, isInverse) = (operation.flag("onesided"), operation.flag("inverse"))
    let isReal = isOneSided && isInverse
    let given = x.dimensions[axis]
    let length = try invocation.integer(1) ?? (isReal ? 2 * (given - 1) : given)
    guard length > 0, length < 1 << 24 else { throw Refusal(.undefined, "a transform of \(length) elements") }
    let count = isOneSided && !isInverse ? length / 2 + 1 : length
    var dimensions = x.dimensions
    dimensions[axis] = count
    dimensions[rank - 1] = isReal ? 1 : 2
    _ = try invocation.admit(.float64, dimensions)
    try invocation.admit(dimensions, steps: length)
    let roots = try roots(length, isInverse: isInverse)
    var result = RealTensor(zeros: dimensions)
    let inner = dimensions[(axis + 1)..<(rank - 1)].reduce(1, *)
    let width = isReal ? 1 : 2
    for block in 0..<x.count(before: axis) {
      for place in 0..<inner {
        func element(_ index: Int) -> Complex {
          let at = ((block * given + index) * inner + place) * parts
          return (x.elements[at], parts == 2 ? x.elements[at + 1] : 0)
        }
        let line = (0..<length).map { index -> Complex in
          // The other half of a real signal's transform mirrors the one that is there.
          if isReal, index > length / 2 {
            let mirrored: Complex = length - index < given ? element(length - index) : (0, 0)
            return (mirrored.real, -mirrored.imaginary)
          }
          return index < given ? element(index) : (0, 0)
        }
        let scale = isInverse ? 1 / Double(length) : 1
        for (index, value) in transformed(line, roots, count: count).enumerated() {
          let at = ((block * count + index) * inner + place) * width
          result.elements[at] = value.real * scale
          if width == 2 { result.elements[at + 1] = value.imaginary * scale }
        }
      }
    }
    return [try invocation.make(invocation.operand(0).elementType, result)]
  }

  private static func transformFrames(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let signal = try invocation.reals(0)
    let window = try invocation.optionalReals(2)
    guard signal.dimensions.count == 3, let parts = signal.dimensions.last, parts == 1 || parts == 2,
      let step = try invocation.integer(1), step > 0
    else { throw Refusal(.undefined, "a signal of shape \(signal.dimensions)") }
    let samples = signal.dimensions[1]
    let length = try invocation.integer(3) ?? window?.elements.count ?? samples
    guard length > 0, length <= samples, window?.elements.count ?? length == length else {
      throw Refusal(.undefined, "frames of \(length) elements")
    }
    let frames = (samples - length) / step + 1
    let count = invocation.operation.int("onesided") ?? 1 != 0 ? length / 2 + 1 : length
    let dimensions = [signal.dimensions[0], frames, count, 2]
    _ = try invocation.admit(.float64, dimensions)
    try invocation.admit(dimensions, steps: length)
    let roots = try roots(length, isInverse: false)
    var elements: [Double] = []
    for sample in 0..<signal.dimensions[0] {
      for frame in 0..<frames {
        let line = (0..<length).map { index -> Complex in
          let at = (sample * samples + frame * step + index) * parts
          let weight = window?.elements[index] ?? 1
          return (signal.elements[at] * weight, parts == 2 ? signal.elements[at + 1] * weight : 0)
        }
        elements += transformed(line, roots, count: count).flatMap { [$0.real, $0.imaginary] }
      }
    }
    return [try invocation.make(invocation.operand(0).elementType, RealTensor(dimensions, elements))]
  }

  // MARK: The mel scale

  private static func melWeights(_ invocation: Invocation) throws -> [TensorLiteral?] {
    guard let bins = try invocation.integer(0), let length = try invocation.integer(1),
      let rate = try invocation.integer(2), bins >= 0, length > 0, rate > 0, bins < 1 << 20, length < 1 << 40,
      let low = try invocation.reals(3).elements.first, let high = try invocation.reals(4).elements.first
    else { throw Refusal(.undefined, "there are no bins") }
    let type = try Conversion.elementType(named: "output_datatype", invocation) ?? .float32
    let dimensions = [length / 2 + 1, bins]
    _ = try invocation.admit(type, dimensions)
    try invocation.admit(dimensions)
    let ln10 = 2.30258509299404568402
    func mel(_ hertz: Double) -> Double { 2595 * RealMath.logPlusOne(hertz / 700) / ln10 }
    let step = (mel(high) - mel(low)) / Double(bins + 2)
    let edges = try (0..<bins + 2).map { index -> Int in
      let hertz = 700 * RealMath.expMinusOne((Double(index) * step + mel(low)) / 2595 * ln10)
      let edge = (Double(length + 1) * hertz / Double(rate)).rounded(.down)
      guard edge >= 0, edge < Double(dimensions[0]) else { throw Refusal(.undefined, "a band lies outside") }
      return Int(edge)
    }
    var result = RealTensor(zeros: dimensions)
    for bin in 0..<bins {
      let (left, center, right) = (edges[bin], edges[bin + 1], edges[bin + 2])
      guard left <= center, center <= right else { throw Refusal(.undefined, "the bands are not in order") }
      if left == center { result.elements[center * bins + bin] = 1 }
      for at in left...center where left < center {
        result.elements[at * bins + bin] = Double(at - left) / Double(center - left)
      }
      for at in center..<right { result.elements[at * bins + bin] = Double(right - at) / Double(right - center) }
    }
    return [try invocation.make(type, result)]
  }
}
