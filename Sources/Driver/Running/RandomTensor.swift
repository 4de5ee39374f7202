import Evaluator
import IR

/// Tensors of random numbers that depend on a seed alone.
package struct RandomTensor {
  /// How floating-point numbers are drawn.
  package enum Distribution: String, Sendable, CaseIterable {
    /// Around 0, with a deviation of 1.
    case normal
    /// Below 0.
    case negative
    /// Hundreds.
    case large
    /// Between 0 and 1.
    case uniform
  }

  let distribution: Distribution
  /// What numbers lie within, where the user says so.
  let range: ClosedRange<Double>?
  let seed: UInt64

  /// What integers lie within otherwise: few models take others for certain.
  private static let integers = 0.0...1.0

  /// - Throws: `ModelError` where there are no random elements of the type, or too many.
  func literal(_ type: ElementType, _ dimensions: [Int]) throws -> TensorLiteral {
    var generator = Generator(state: seed)
    let isReal = ElementTypes.float.contains(type)
    let count = try TensorLiteral(
      type, dimensions, .splat(Array(repeating: 0, count: type.byteCount(elements: 1) ?? 0))
    )
    .elementCount
    guard type != .string else { throw ModelError(.usage, "is of strings, of which there are no random ones") }
    guard count <= 1 << 30 else { throw ModelError(.usage, "has \(count) elements, which are too many") }
    if isReal {
      return try TensorLiteral.of((0..<count).map { _ in real(&generator) }, type, dimensions)
    }
    let bounds = range ?? (type == .uint8 || type == .int8 ? 0...127 : Self.integers)
    return try TensorLiteral.ofWhole(
      (0..<count).map { _ in
        (bounds.lowerBound + (bounds.upperBound - bounds.lowerBound + 1) * generator.unit()).rounded(.down)
      }, type, dimensions)
  }

  private func real(_ generator: inout Generator) -> Double {
    if let range { return range.lowerBound + (range.upperBound - range.lowerBound) * generator.unit() }
    switch distribution {
    case .normal: return generator.normal()
    case .negative: return -generator.normal().magnitude
    case .large: return 100 * generator.normal()
    case .uniform: return generator.unit()
    }
  }

  /// SplitMix64.
  private struct Generator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
      return z ^ z >> 31
    }

    /// From 0 up to 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// The sum of twelve is near enough to a normal distribution.
    mutating func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + unit() } }
  }
}
