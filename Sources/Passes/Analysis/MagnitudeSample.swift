import Glibc
import IR

/// A small sample of magnitudes, taken at regular places, from which a bracket for a goal is guessed.
struct MagnitudeSample {
  /// Neighbors are taken in runs: a read costs as much as many elements of it.
  private static let runLength = 32
  private static let maximumElements = 1 << 17
  /// Literals with fewer elements are read whole instead.
  private static let minimumElements = 1 << 16
  /// Magnitudes are told apart by their exponent and so many bits of precision less: what falls together is much less
  /// than what the sample is unsure of.
  private static let bucketShift: UInt32 = 16
  private static let allMagnitudes: Range<UInt32> = 0..<Float.infinity.bitPattern + 1

  private let reading: WeightReading
  /// How many elements of the sample lie in each bucket. Empty for small literals.
  private let buckets: [Int]
  private let count: Int

  init(_ reading: WeightReading) throws {
    self.reading = reading
    buckets = reading.elementCount < Self.minimumElements ? [] : try Self.sample(reading)
    count = buckets.reduce(0, +)
  }

  /// A range of magnitudes that most likely holds the goal: some standard deviations of the sample's rank to either
  /// side, more than would do if neighbors did not resemble each other.
  func bracket(for goal: MagnitudeGoal) -> Range<UInt32> {
    if case .below(let bound) = goal { return bound.bitPattern..<bound.bitPattern + 1 }
    guard count > 0 else { return Self.allMagnitudes }
    let rank = estimatedRank(of: goal)
    let size = Double(count)
    let margin = 4 * (rank * (size - rank) / size).squareRoot() + 8
    let lower = bucket(atRank: Int(rank - margin))
    let upper = bucket(atRank: Int(rank + margin)) + 1
    let bound = upper < buckets.count ? UInt32(upper) << Self.bucketShift : Self.allMagnitudes.upperBound
    return UInt32(lower) << Self.bucketShift..<min(bound, Self.allMagnitudes.upperBound)
  }

  /// The bucket that holds the element of that rank; the first or the last where there is no such rank.
  private func bucket(atRank rank: Int) -> Int {
    var left = rank
    guard left >= 0 else { return 0 }
    for (bucket, count) in buckets.enumerated() {
      left -= count
      if left < 0 { return bucket }
    }
    return buckets.count
  }

  private func estimatedRank(of goal: MagnitudeGoal) -> Double {
    switch goal {
    case .count(let wanted): return Double(wanted) / Double(reading.elementCount) * Double(count)
    case .below: return 0
    case .relativeError(let fraction):
      let squares = buckets.indices.map { MagnitudeScan.square(Self.middle(ofBucket: $0)) }
      var left = fraction * fraction * zip(buckets, squares).reduce(0) { $0 + Double($1.0) * $1.1 }
      var rank = 0
      for (count, square) in zip(buckets, squares) {
        left -= Double(count) * square
        if left < 0 { return Double(rank) }
        rank += count
      }
      return Double(count)
    }
  }

  private static func middle(ofBucket bucket: Int) -> UInt32 {
    UInt32(bucket) << bucketShift | 1 << (bucketShift - 1)
  }

  private static func sample(_ reading: WeightReading) throws -> [Int] {
    let runs = runs(of: reading)
    let parts = (runs.count + runsAPart - 1) / runsAPart
    let magnitudes = try Parallel.map(parts, threads: reading.threads) { part in
      var magnitudes: [UInt32] = []
      for run in runs[part * runsAPart..<min((part + 1) * runsAPart, runs.count)] {
        try take(run.elements, of: reading.literals[run.literal], into: &magnitudes)
      }
      return magnitudes
    }
    var buckets = Array(repeating: 0, count: Int(Float.infinity.bitPattern >> bucketShift))
    for magnitude in magnitudes.joined() {
      let bucket = Int(magnitude >> bucketShift)
      if bucket < buckets.count { buckets[bucket] += 1 }
    }
    return buckets
  }

  private static let runsAPart = 64

  /// Where the sample is taken: neighboring elements of one literal.
  private static func runs(of reading: WeightReading) -> [(literal: Int, elements: Range<Int>)] {
    // What the sample costs grows with its size, what the bracket costs with the literal over the root of it.
    let size = min(Int(pow(Double(reading.elementCount), 2.0 / 3) / 2), maximumElements)
    let stride = max(reading.elementCount / max(size / runLength, 1), runLength)
    var runs: [(literal: Int, elements: Range<Int>)] = []
    var next = stride / 2
    for window in reading.windows {
      while next < window.start + window.range.count {
        let first = window.range.lowerBound + next - window.start
        runs.append((window.index, first..<min(first + runLength, window.range.upperBound)))
        next += stride
      }
    }
    return runs
  }

  private static func take(_ range: Range<Int>, of literal: TensorLiteral, into magnitudes: inout [UInt32]) throws {
    let width = (literal.elementType.bitWidth ?? 32) / 8
    try withUnsafeTemporaryAllocation(byteCount: range.count * width, alignment: 4) { bytes in
      try literal.readIsolated(range, into: bytes)
      withUnsafeTemporaryAllocation(of: Float.self, capacity: range.count) { floats in
        guard let base = floats.baseAddress else { return }
        FloatWidening.widen(UnsafeRawBufferPointer(bytes), literal.elementType, into: base)
        for float in floats { magnitudes.append(float.bitPattern & 0x7fff_ffff) }
      }
    }
  }
}
