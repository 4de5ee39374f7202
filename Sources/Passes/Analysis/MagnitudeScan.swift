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
    let vectors = count & ~3
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
        foundCount += note(magnitude, first + index, found + foundCount)
      }
      keep(UnsafeBufferPointer(start: found, count: foundCount))
    }
  }

  /// The square of a magnitude given as bits.
  static func square(_ magnitude: UInt32) -> Double {
    let value = Double(Float(bitPattern: magnitude))
    return value * value
  }

  /// Writes the element to `slot`; returns 1 where it is inside the bracket and the slot is taken, else 0. No branch to
  /// predict.
  @inline(__always)
  private func note(_ magnitude: UInt32, _ position: Int, _ slot: UnsafeMutablePointer<UInt64>) -> Int {
    slot.pointee = UInt64(magnitude) << 32 | UInt64(UInt32(truncatingIfNeeded: position))
    return magnitude &- bracket.lowerBound < bracket.upperBound &- bracket.lowerBound ? 1 : 0
  }

  private mutating func keep(_ found: UnsafeBufferPointer<UInt64>) {
    countInside += found.count
    squaresInside += found.reduce(0) { $0 + Self.square(UInt32(truncatingIfNeeded: $1 >> 32)) }
    inside.append(contentsOf: found.prefix(capacity - inside.count))
  }

  /// Four elements at a time: sums in double, selected by masks. Which fours hold elements inside the bracket, which
  /// are few, is noted and looked at afterwards: a call within the loop would cost it its registers.
  private mutating func scanVectors(
    _ base: UnsafeRawPointer, _ count: Int, _ first: Int, _ found: UnsafeMutablePointer<UInt64>
  ) -> Int {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: count / 4 + 1) { hits in
      guard let hits = hits.baseAddress else { return 0 }
      var foundCount = 0
      for hit in 0..<sumVectors(base, count, hits) {
        let index = Int(hits[hit])
        let bits = base.loadUnaligned(fromByteOffset: index * 4, as: SIMD4<UInt32>.self) & 0x7fff_ffff
        for lane in 0..<4 { foundCount += note(bits[lane], first + index + lane, found + foundCount) }
      }
      return foundCount
    }
  }

  /// Sums up; returns how many indices it wrote to `hits`.
  private mutating func sumVectors(
    _ base: UnsafeRawPointer, _ count: Int, _ hits: UnsafeMutablePointer<Int32>
  ) -> Int {
    typealias Bits = SIMD4<Int32>
    let withoutSign = Bits(repeating: 0x7fff_ffff)
    let lower = Bits(repeating: Int32(truncatingIfNeeded: bracket.lowerBound))
    let upper = Bits(repeating: Int32(truncatingIfNeeded: min(bracket.upperBound, 0x7fff_ffff)))
    var all = SIMD4<Double>(repeating: 0)
    var below = all
    var counts = Bits(repeating: 0)
    var hitCount = 0
    var index = 0
    while index < count {
      let bits = base.loadUnaligned(fromByteOffset: index &* 4, as: Bits.self) & withoutSign
      let values = SIMD4<Double>(unsafeBitCast(bits, to: SIMD4<Float>.self))
      let squared = values * values
      all += squared
      let isBelow = unsafeBitCast(bits .< lower, to: Bits.self)
      counts &-= isBelow
      let selected = unsafeBitCast(squared, to: SIMD4<Int64>.self) & SIMD4<Int64>(truncatingIfNeeded: isBelow)
      below += unsafeBitCast(selected, to: SIMD4<Double>.self)
      let isInside = unsafeBitCast(unsafeBitCast(bits .< upper, to: Bits.self) & ~isBelow, to: SIMD2<UInt64>.self)
      hits[hitCount] = Int32(truncatingIfNeeded: index)
      hitCount &+= isInside[0] | isInside[1] == 0 ? 0 : 1
      index &+= 4
    }
    squares += all.sum()
    squaresBelow += below.sum()
    countBelow += Int(counts.wrappedSum())
    return hitCount
  }
}
