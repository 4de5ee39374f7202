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

  /// Takes in eight elements at a time. Which eights hold elements inside the bracket, which are few, is noted and
  /// looked at afterwards: a call within the loop would cost it its registers.
  private mutating func scanVectors(
    _ base: UnsafeRawPointer, _ count: Int, _ first: Int, _ found: UnsafeMutablePointer<UInt64>
  ) -> Int {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: count / Self.step + 1) { hits in
      guard let hits = hits.baseAddress else { return 0 }
      var hitCount = 0
      for start in stride(from: 0, to: count, by: Self.runElements) {
        sumRun(base, start..<min(start + Self.runElements, count), hits, &hitCount)
      }
      var foundCount = 0
      for hit in 0..<hitCount {
        let index = Int(hits[hit])
        var lanes = lanesInside(base, index)
        while lanes != 0 {
          let lane = index &+ lanes.trailingZeroBitCount
          let bits = base.loadUnaligned(fromByteOffset: lane &* 4, as: UInt32.self) & 0x7fff_ffff
          found[foundCount] = Self.element(bits, at: first &+ lane)
          foundCount &+= 1
          lanes &= lanes &- 1
        }
      }
      return foundCount
    }
  }

  /// Which of the eight elements at `index` lie inside the bracket, a bit each.
  @inline(__always)
  private func lanesInside(_ base: UnsafeRawPointer, _ index: Int) -> UInt64 {
    @inline(__always) func four(_ index: Int) -> UInt64 {
      let bits = base.loadUnaligned(fromByteOffset: index &* 4, as: SIMD4<UInt32>.self) & 0x7fff_ffff
      let isInside = (bits &- bracket.lowerBound) .< SIMD4(repeating: bracket.upperBound &- bracket.lowerBound)
      let pairs = unsafeBitCast(isInside, to: SIMD2<UInt64>.self)
      let spread = pairs[0] & 0x2_0000_0001 | pairs[1] & 0x8_0000_0004
      return (spread | spread >> 32) & 0xf
    }
    return four(index) | four(index &+ 4) << 4
  }

  private static let step = 8
  /// Squares are summed in single precision within a run, and from run to run in double. So few additions keep the
  /// relative error of any sum below `sumError`; where a run's sum is not finite in single precision, it is taken again
  /// in double.
  private static let runElements = 128
  /// For each square a rounding, and one for each of the additions of a lane.
  static let sumError = 0x1p-24 * Double(runElements / step + 1)

  /// Sums up a run of whole steps; appends the indices of the steps with elements inside the bracket to `hits`.
  @inline(__always)
  private mutating func sumRun(
    _ base: UnsafeRawPointer, _ run: Range<Int>, _ hits: UnsafeMutablePointer<Int32>, _ hitCount: inout Int
  ) {
    typealias Bits = SIMD4<Int32>
    typealias Floats = SIMD4<Float>
    let withoutSign = Bits(repeating: 0x7fff_ffff)
    let lower = Bits(repeating: Int32(truncatingIfNeeded: bracket.lowerBound))
    let upper = Bits(repeating: Int32(truncatingIfNeeded: min(bracket.upperBound, 0x7fff_ffff)))
    var all = (Floats(repeating: 0), Floats(repeating: 0))
    var below = all
    var counts = Bits(repeating: 0)
    /// Takes in four elements; returns a mask of those inside.
    @inline(__always) func take(_ index: Int, _ all: inout Floats, _ below: inout Floats) -> Bits {
      let values = base.loadUnaligned(fromByteOffset: index &* 4, as: Floats.self)
      let bits = unsafeBitCast(values, to: Bits.self) & withoutSign
      let squared = values * values
      let isBelow = unsafeBitCast(bits .< lower, to: Bits.self)
      all += squared
      below += unsafeBitCast(unsafeBitCast(squared, to: Bits.self) & isBelow, to: Floats.self)
      counts &-= isBelow
      return unsafeBitCast(bits .< upper, to: Bits.self) & ~isBelow
    }
    var index = run.lowerBound
    while index < run.upperBound {
      let isInside = unsafeBitCast(
        take(index, &all.0, &below.0) | take(index &+ 4, &all.1, &below.1), to: SIMD2<UInt64>.self)
      hits[hitCount] = Int32(truncatingIfNeeded: index)
      hitCount &+= isInside[0] | isInside[1] == 0 ? 0 : 1
      index &+= Self.step
    }
    countBelow += Int(counts.wrappedSum())
    let sum = (SIMD4<Double>(all.0) + SIMD4<Double>(all.1)).sum()
    guard sum.isFinite else { return sumInDouble(base, run) }
    squares += sum
    squaresBelow += (SIMD4<Double>(below.0) + SIMD4<Double>(below.1)).sum()
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
