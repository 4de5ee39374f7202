/// Functions of single-precision numbers without branches, so that loops over them become vectors. Within a few units in
/// the last place.
enum SingleMath {
  /// Added and taken away again, it rounds to an integer; its low bits are that integer's.
  private static let rounder: Float = 12_582_912

  @inline(__always)
  static func exp(_ x: Float) -> Float {
    // Beyond these, powers of two leave the exponent's range; a part of them is multiplied on its own.
    let low: Float = x < -104 ? -104 : x
    let limited: Float = low > 89 ? 89 : low
    let shifted = limited * 1.442_695_04 + rounder
    let n = shifted - rounder
    let rest = (limited - n * 0.693_359_375) - n * -2.121_944_4e-4
    var p: Float = 1.987_569_1e-4
    p = p * rest + 1.398_199_9e-3
    p = p * rest + 8.333_452e-3
    p = p * rest + 4.166_579_6e-2
    p = p * rest + 1.666_666_5e-1
    p = p * rest + 0.5
    let power = p * rest * rest + rest + 1
    let exponent = Int32(bitPattern: shifted.bitPattern &- rounder.bitPattern)
    let half = exponent >> 1
    let first = Float(bitPattern: UInt32(bitPattern: (half &+ 127) << 23))
    let second = Float(bitPattern: UInt32(bitPattern: (exponent &- half &+ 127) << 23))
    return power * first * second
  }

  @inline(__always)
  static func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }

  @inline(__always)
  static func tanh(_ x: Float) -> Float {
    let low: Float = x < -9 ? -9 : x
    let t: Float = low > 9 ? 9 : low
    let square = t * t
    var p: Float = -2.760_768_5e-16
    p = p * square + 2.000_187_9e-13
    p = p * square + -8.604_671_5e-11
    p = p * square + 5.122_297e-8
    p = p * square + 1.485_722_4e-5
    p = p * square + 6.372_619e-4
    p = p * square + 4.893_524_6e-3
    var q: Float = 1.198_258_4e-6
    q = q * square + 1.185_347_1e-4
    q = q * square + 2.268_434_6e-3
    q = q * square + 4.893_525e-3
    return t * p / q
  }

  @inline(__always)
  static func erf(_ x: Float) -> Float {
    let low: Float = x < -4 ? -4 : x
    let t: Float = low > 4 ? 4 : low
    let square = t * t
    var p: Float = -2.726_142_3e-10
    p = p * square + 2.770_681_4e-8
    p = p * square + -2.101_024e-6
    p = p * square + -5.692_506_4e-5
    p = p * square + -7.349_906_3e-4
    p = p * square + -2.954_600e-3
    p = p * square + -1.609_603_3e-2
    var q: Float = -1.456_607_2e-5
    q = q * square + -2.133_740_6e-4
    q = q * square + -1.682_827e-3
    q = q * square + -7.373_329e-3
    q = q * square + -1.426_473_9e-2
    let ratio = t * p / q
    // Exactly one where it rounds to that: Gelu multiplies what is missing to one by large numbers.
    return x >= 4 ? 1 : x <= -4 ? -1 : ratio
  }
}

/// Sums and extremes of many single-precision numbers, eight at once.
extension UnsafePointer<Float> {
  private static var lanes: Int { SIMD8<Float>.scalarCount }

  @inline(__always)
  private func eight(at index: Int) -> SIMD8<Float> {
    UnsafeRawPointer(self + index).loadUnaligned(as: SIMD8<Float>.self)
  }

  func sum(_ count: Int) -> Float {
    var sums = SIMD8<Float>.zero
    let whole = count / Self.lanes * Self.lanes
    for index in stride(from: 0, to: whole, by: Self.lanes) { sums += eight(at: index) }
    return (whole..<count).reduce(sums.sum()) { $0 + self[$1] }
  }

  func sumOfSquares(_ count: Int, around center: Float) -> Float {
    var sums = SIMD8<Float>.zero
    let whole = count / Self.lanes * Self.lanes
    for index in stride(from: 0, to: whole, by: Self.lanes) {
      let distance = eight(at: index) - center
      sums += distance * distance
    }
    return (whole..<count).reduce(sums.sum()) { $0 + (self[$1] - center) * (self[$1] - center) }
  }

  func largest(_ count: Int) -> Float {
    var most = SIMD8<Float>(repeating: -.infinity)
    let whole = count / Self.lanes * Self.lanes
    for index in stride(from: 0, to: whole, by: Self.lanes) {
      let others = eight(at: index)
      most.replace(with: others, where: others .> most)
    }
    return (whole..<count).reduce(most.max()) { self[$1] > $0 ? self[$1] : $0 }
  }
}
