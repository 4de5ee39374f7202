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
  private(set) var squares = 0.0
  private(set) var countInside = 0
  private(set) var squaresInside = 0.0
  private(set) var largest: UInt32 = 0
  /// The elements inside the bracket: the magnitude in the upper half, the position within the window in the lower.
  private(set) var inside: [UInt64] = []

  init(bracket: Range<UInt32>, capacity: Int) {
    self.bracket = bracket
    self.capacity = capacity
  }

  /// Takes in a block whose first element is at `first` of the window.
  mutating func scan(_ block: UnsafeRawBufferPointer, first: Int) {
    let count = block.count / 4
    let vectors = count & ~3
    if vectors > 0, let base = block.baseAddress { scanVectors(base, vectors, first) }
    for index in vectors..<count {
      scan(magnitude(block.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)), first + index)
    }
  }

  private func magnitude(_ bits: UInt32) -> UInt32 { bits & 0x7fff_ffff }

  private mutating func scan(_ magnitude: UInt32, _ position: Int) {
    let value = Double(Float(bitPattern: magnitude))
    squares += value * value
    largest = max(largest, magnitude)
    if magnitude < bracket.lowerBound {
      countBelow += 1
      squaresBelow += value * value
    } else if magnitude < bracket.upperBound {
      keep(magnitude, position)
    }
  }

  private mutating func keep(_ magnitude: UInt32, _ position: Int) {
    let value = Double(Float(bitPattern: magnitude))
    countInside += 1
    squaresInside += value * value
    if inside.count < capacity { inside.append(UInt64(magnitude) << 32 | UInt64(UInt32(truncatingIfNeeded: position))) }
  }

  /// Four elements at a time: sums in double, selected by masks; elements inside the bracket, which are few, one by
  /// one.
  private mutating func scanVectors(_ base: UnsafeRawPointer, _ count: Int, _ first: Int) {
    typealias Bits = SIMD4<Int32>
    let withoutSign = Bits(repeating: 0x7fff_ffff)
    let lower = Bits(repeating: Int32(truncatingIfNeeded: bracket.lowerBound))
    let upper = Bits(repeating: Int32(truncatingIfNeeded: min(bracket.upperBound, 0x7fff_ffff)))
    var all = SIMD4<Double>(repeating: 0)
    var below = all
    var counts = Bits(repeating: 0)
    var maxima = counts
    for index in stride(from: 0, to: count, by: 4) {
      let bits = base.loadUnaligned(fromByteOffset: index * 4, as: Bits.self) & withoutSign
      let values = SIMD4<Double>(unsafeBitCast(bits, to: SIMD4<Float>.self))
      let squared = values * values
      all += squared
      maxima.replace(with: bits, where: bits .> maxima)
      let isBelow = unsafeBitCast(bits .< lower, to: Bits.self)
      counts &-= isBelow
      let selected = unsafeBitCast(squared, to: SIMD4<Int64>.self) & SIMD4<Int64>(truncatingIfNeeded: isBelow)
      below += unsafeBitCast(selected, to: SIMD4<Double>.self)
      let isInside = unsafeBitCast(bits .< upper, to: Bits.self) & ~isBelow
      let halves = unsafeBitCast(isInside, to: SIMD2<UInt64>.self)
      if halves[0] | halves[1] != 0 {
        for lane in 0..<4 where isInside[lane] != 0 {
          keep(UInt32(truncatingIfNeeded: bits[lane]), first + index + lane)
        }
      }
    }
    squares += all.sum()
    squaresBelow += below.sum()
    countBelow += Int(counts.wrappedSum())
    largest = max(largest, UInt32(truncatingIfNeeded: maxima.max()))
  }
}
