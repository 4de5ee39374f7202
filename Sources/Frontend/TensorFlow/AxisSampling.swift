import Glibc
import IR

/// One axis of a resized image: each of its pixels is a weighted sum of those of the image.
struct AxisSampling {
  /// A row of weights for each pixel of the result.
  private(set) var weights: [Float]
  let inputCount: Int
  let outputCount: Int

  /// Larger tables of weights are not made.
  private static let mostWeights = 1 << 22

  private init(_ inputCount: Int, _ outputCount: Int) throws {
    guard inputCount >= 1, outputCount >= 1, inputCount <= Self.mostWeights / outputCount else {
      throw UnsupportedForm("\(outputCount) pixels of \(inputCount)")
    }
    (self.inputCount, self.outputCount) = (inputCount, outputCount)
    weights = Array(repeating: 0, count: inputCount * outputCount)
  }

  /// Each pixel of the result is the mean of the area that it covers.
  init(areasOf inputCount: Int, into outputCount: Int, alignsCorners: Bool) throws {
    try self.init(inputCount, outputCount)
    let isStretched = alignsCorners && outputCount > 1
    let scale =
      isStretched ? Float(inputCount - 1) / Float(outputCount - 1) : Float(inputCount) / Float(outputCount)
    guard scale > 0 else { throw UnsupportedForm("areas of nothing") }
    for output in 0..<outputCount {
      let (start, end) = (Float(output) * scale, Float(output + 1) * scale)
      for input in Int(start)..<max(Int(end.rounded(.up)), Int(start) + 1) {
        let share = min(Float(input + 1), end) - max(Float(input), start)
        weights[output * inputCount + min(input, inputCount - 1)] += share / scale
      }
    }
  }

  /// Each pixel of the result is interpolated cubically of the four around its place, which TensorFlow tells to 1/1024 of a
  /// pixel.
  ///
  /// - Parameter hasCenters: whether pixels are where their centers are; what is outside then does not count.
  init(cubesOf inputCount: Int, into outputCount: Int, alignsCorners: Bool, hasCenters: Bool) throws {
    try self.init(inputCount, outputCount)
    let isStretched = alignsCorners && outputCount > 1
    let scale =
      isStretched ? Float(inputCount - 1) / Float(outputCount - 1) : Float(inputCount) / Float(outputCount)
    let sharpness: Float = hasCenters ? -0.5 : -0.75
    for output in 0..<outputCount {
      let place = hasCenters ? (Float(output) + 0.5) * scale - 0.5 : Float(output) * scale
      let first = place.rounded(.down)
      let rest = ((place - first) * 1024).rounded(.toNearestOrEven) / 1024
      let row = [1 + rest, rest, 1 - rest, 2 - rest].enumerated().map { index, distance in
        let input = Int(first) - 1 + index
        let weight = Self.cubic(distance, sharpness)
        return (input: input, weight: hasCenters && !(0..<inputCount).contains(input) ? 0 : weight)
      }
      let sum = hasCenters ? row.reduce(0) { $0 + $1.weight } : 1
      for (input, weight) in row where weight != 0 {
        weights[output * inputCount + min(max(input, 0), inputCount - 1)] += weight / sum
      }
    }
  }

  /// Keys's kernel for distances up to 2.
  private static func cubic(_ x: Float, _ a: Float) -> Float {
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
  }

  /// Each pixel of the result is what a kernel weighs of those around its place.
  init(
    _ kernel: SamplingKernel, of inputCount: Int, into outputCount: Int, scale: Float, translation: Float,
    antialiases: Bool
  ) throws {
    try self.init(inputCount, outputCount)
    let step = 1 / scale
    let offset = -step * translation
    let width = antialiases ? max(step, 1) : 1
    let reach = kernel.radius * width
    guard step.isFinite, offset.isFinite, reach.isFinite, reach < Float(1 << 20) else {
      throw UnsupportedForm("a scale of \(scale)")
    }
    for output in 0..<outputCount {
      let place = (Float(output) + 0.5) * step + offset
      guard place >= 0, place <= Float(inputCount) else { continue }
      let first = min(max(Int((place - reach - 0.5).rounded(.up)), 0), inputCount - 1)
      let last = min(max(Int((place + reach - 0.5).rounded(.down)), 0), inputCount - 1)
      guard first <= last else { continue }
      let row = (first...last).map { kernel.weight(abs((Float($0) + 0.5 - place) / width)) }
      let sum = row.reduce(0, +)
      guard abs(sum) >= 1000 * Float.leastNormalMagnitude else { continue }
      for (index, weight) in row.enumerated() { weights[output * inputCount + first + index] = weight / sum }
    }
  }
}

/// A function of the distance from a pixel.
enum SamplingKernel: String {
  case lanczos1, lanczos3, lanczos5, gaussian, box, triangle, keyscubic, mitchellcubic

  /// From where on it is 0.
  var radius: Float {
    switch self {
    case .lanczos1, .box, .triangle: 1
    case .lanczos3: 3
    case .lanczos5: 5
    case .gaussian: 1.5
    case .keyscubic, .mitchellcubic: 2
    }
  }

  func weight(_ distance: Float) -> Float {
    let x = distance
    switch self {
    case .lanczos1, .lanczos3, .lanczos5:
      if x > radius { return 0 }
      if x <= 1e-3 { return 1 }
      // In double precision, of which no processor's last bit shows here.
      let angle = Double.pi * Double(x)
      return Float(Double(radius) * sin(angle) * sin(angle / Double(radius)) / (angle * angle))
    case .gaussian: return x >= radius ? 0 : Float(exp(-2 * Double(x) * Double(x)))
    case .box: return x < 0.5 ? 1 : x == 0.5 ? 0.5 : 0
    case .triangle: return max(1 - x, 0)
    case .keyscubic:
      if x >= 2 { return 0 }
      return x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : (1.5 * x - 2.5) * x * x + 1
    case .mitchellcubic:
      if x >= 2 { return 0 }
      if x >= 1 { return ((-7 / 18 * x + 2) * x - 10 / 3) * x + 16 / 9 }
      return (7 / 6 * x - 2) * x * x + 8 / 9
    }
  }
}

extension NodeContext {
  /// Images whose rows and columns are weighted sums of those of the first operand.
  func sampled(_ rows: AxisSampling, _ columns: AxisSampling) throws -> Value {
    let images = try transpose(try cast(try operand(0), .float32), [0, 3, 1, 2])
    let vertical = try build.constant(TensorLiteral(float32s: rows.weights, [rows.outputCount, rows.inputCount]))
    let horizontal = try build.constant(
      TensorLiteral(float32s: columns.weights, [columns.outputCount, columns.inputCount]))
    let wide = try build(.matMul, images, try transpose(horizontal, [1, 0]))
    return try transpose(try build(.matMul, vertical, wide), [0, 2, 3, 1])
  }

  /// Two numbers that are constant, or the quotient of such.
  func knownFloats(_ value: Value, depth: Int = 0) -> [Float]? {
    if let literal = value.constantLiteral, let known = SmallFloats.values(of: literal) { return known }
    guard depth < 8, let operation = value.definingOperation, let first = operation.operand(0) else { return nil }
    if operation.is(.cast) {
      return first.constantIntegers?.map(Float.init) ?? first.contents?.knownDimensions?.map(Float.init)
    }
    guard operation.is(.div), let second = operation.operand(1), let a = knownFloats(first, depth: depth + 1),
      let b = knownFloats(second, depth: depth + 1), a.count == b.count
    else { return nil }
    return zip(a, b).map { $0 / $1 }
  }
}
