import CMagnitudes

/// What one pass over a block of floats finds out about magnitudes, against a bracket of magnitudes.
///
/// A magnitude is compared as its bits without the sign, an integer that orders as the absolute values do; NaN comes
/// after infinity.
struct MagnitudeScan: Sendable {
  /// Magnitudes `lower ..< upper`, as bits.
  let bracket: Range<UInt32>
  /// How many elements inside the bracket are kept at most; further ones are counted only.
  let capacity: Int

  private(set) var countBelow = 0
  private(set) var squaresBelow = 0.0
  /// Of all elements; NaN where one of them is.
  private(set) var squares = 0.0
  private(set) var countInside = 0
  private(set) var squaresInside = 0.0
  /// The elements inside the bracket: the magnitude in the upper half, the position within the window in the lower.
  private(set) var inside: [UInt64] = []

  init(bracket: Range<UInt32>, capacity: Int) {
    self.bracket = bracket
    self.capacity = capacity
  }

  /// Takes in a block whose first element is at `first` of the window.
  mutating func scan(_ block: UnsafeRawBufferPointer, first: Int) {
    guard let base = block.baseAddress else { return }
    let count = block.count / 4
    let vectors = count / Self.step * Self.step
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count + 4) { found in
      guard let found = found.baseAddress else { return }
      var foundCount = scanVectors(base, vectors, first, found)
      for index in vectors..<count {
        let magnitude = base.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self) & 0x7fff_ffff
        let square = Self.square(magnitude)
        squares += square
        if magnitude < bracket.lowerBound {
          countBelow += 1
          squaresBelow += square
        }
        guard bracket.contains(magnitude) else { continue }
        found[foundCount] = Self.element(magnitude, at: first + index)
        foundCount += 1
      }
      keep(UnsafeBufferPointer(start: found, count: foundCount))
    }
  }

  /// The square of a magnitude given as bits.
  static func square(_ magnitude: UInt32) -> Double {
    let value = Double(Float(bitPattern: magnitude))
    return value * value
  }

  private static func element(_ magnitude: UInt32, at position: Int) -> UInt64 {
    UInt64(magnitude) << 32 | UInt64(UInt32(truncatingIfNeeded: position))
  }

  private mutating func keep(_ found: UnsafeBufferPointer<UInt64>) {
    countInside += found.count
    squaresInside += found.reduce(0) { $0 + Self.square(UInt32(truncatingIfNeeded: $1 >> 32)) }
    inside.append(contentsOf: found.prefix(capacity - inside.count))
  }

  private static let step = MCC_MAGNITUDE_LANES
  /// Squares are summed in single precision within a run, and from run to run in double. So few additions keep the
  /// relative error of any sum below `sumError`; where a run's sum is not finite in single precision, it is taken again
  /// in double.
  private static let runElements = MCC_MAGNITUDE_RUN
  /// For each square a rounding, and one for each of the additions of a lane.
  static let sumError = 0x1p-24 * Double(runElements / step + 1)

  /// Takes in whole steps; writes the elements inside the bracket to `found`, and returns how many they are.
  private mutating func scanVectors(
    _ base: UnsafeRawPointer, _ count: Int, _ first: Int, _ found: UnsafeMutablePointer<UInt64>
  ) -> Int {
    let lower = Int32(truncatingIfNeeded: bracket.lowerBound)
    let upper = Int32(truncatingIfNeeded: min(bracket.upperBound, 0x7fff_ffff))
    var foundCount = 0
    for start in stride(from: 0, to: count, by: Self.runElements) {
      let run = start..<min(start + Self.runElements, count)
      let sums = mcc_sum_magnitudes(base + start * 4, run.count, lower, upper)
      countBelow += Int(sums.count_below)
      if sums.squares.isFinite {
        squares += sums.squares
        squaresBelow += sums.squares_below
      } else {
        sumInDouble(base, run)
      }
      note(sums.inside.0, base, start, first, found, &foundCount)
      note(sums.inside.1, base, start + 64, first, found, &foundCount)
    }
    return foundCount
  }

  /// Writes the elements from `start` on whose bits are set.
  @inline(__always)
  private func note(
    _ inside: UInt64, _ base: UnsafeRawPointer, _ start: Int, _ first: Int, _ found: UnsafeMutablePointer<UInt64>,
    _ foundCount: inout Int
  ) {
    var left = inside
    while left != 0 {
      let index = start &+ left.trailingZeroBitCount
      let magnitude = base.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self) & 0x7fff_ffff
      found[foundCount] = Self.element(magnitude, at: first &+ index)
      foundCount &+= 1
      left &= left &- 1
    }
  }

  private mutating func sumInDouble(_ base: UnsafeRawPointer, _ run: Range<Int>) {
    for index in run {
      let magnitude = base.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self) & 0x7fff_ffff
      let square = Self.square(magnitude)
      squares += square
      if magnitude < bracket.lowerBound { squaresBelow += square }
    }
  }
}
