import Glibc
import IR

/// A small sample of magnitudes, taken at regular places, from which a bracket for a goal is guessed.
struct MagnitudeSample {
  /// Neighbors are taken in runs: a page costs as much as many elements of it.
  private static let runLength = 32
  private static let maximumElements = 1 << 15
  /// Literals with fewer elements are read whole instead.
  private static let minimumElements = 1 << 16

  private let reading: WeightReading
  /// Sorted. Empty for small literals.
  private let magnitudes: [UInt32]

  init(_ reading: WeightReading) throws {
    self.reading = reading
    magnitudes = reading.elementCount < Self.minimumElements ? [] : try Self.sample(reading).sorted()
  }

  /// A range of magnitudes that most likely holds the goal: four standard deviations of the sample's rank to either
  /// side, and as much again for weights whose rows differ.
  func bracket(for goal: MagnitudeGoal) -> Range<UInt32> {
    let everything: Range<UInt32> = 0..<Float.infinity.bitPattern + 1
    if case .below(let bound) = goal { return bound.bitPattern..<bound.bitPattern + 1 }
    guard !magnitudes.isEmpty else { return everything }
    let rank = estimatedRank(of: goal)
    let size = Double(magnitudes.count)
    let margin = Int(5 * (rank * (size - rank) / size).squareRoot()) + 8
    let lower = Int(rank) - margin
    let upper = Int(rank) + margin
    let least = lower < 0 ? 0 : magnitudes[min(lower, magnitudes.count - 1)]
    return least..<(upper < magnitudes.count ? magnitudes[upper] + 1 : everything.upperBound)
  }

  private func estimatedRank(of goal: MagnitudeGoal) -> Double {
    switch goal {
    case .count(let count): return Double(count) / Double(reading.elementCount) * Double(magnitudes.count)
    case .below: return 0
    case .relativeError(let fraction):
      let squares = magnitudes.map { Double(Float(bitPattern: $0)) * Double(Float(bitPattern: $0)) }
      var left = fraction * fraction * squares.reduce(0, +)
      for (rank, square) in squares.enumerated() {
        left -= square
        if left < 0 { return Double(rank) }
      }
      return Double(magnitudes.count)
    }
  }

  private static func sample(_ reading: WeightReading) throws -> [UInt32] {
    // What the sample costs grows with its size, what the bracket costs with the literal over the root of it.
    let size = min(Int(pow(Double(reading.elementCount), 2.0 / 3) / 2), maximumElements)
    let stride = max(reading.elementCount / max(size / runLength, 1), runLength)
    var magnitudes: [UInt32] = []
    var next = stride / 2
    for window in reading.windows {
      while next < window.start + window.range.count {
        let first = window.range.lowerBound + next - window.start
        try take(first..<min(first + runLength, window.range.upperBound), of: window.literal, into: &magnitudes)
        next += stride
      }
      window.literal.giveBackPages(window.range)
    }
    return magnitudes.filter { $0 <= Float.infinity.bitPattern }
  }

  private static func take(_ range: Range<Int>, of literal: TensorLiteral, into magnitudes: inout [UInt32]) throws {
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: range.count) { floats in
      guard let base = floats.baseAddress else { return }
      try literal.withWindow(range) { FloatWidening.widen($0, literal.elementType, into: base) }
      for index in range.indices {
        magnitudes.append((base + (index - range.lowerBound)).pointee.bitPattern & 0x7fff_ffff)
      }
    }
  }
}
