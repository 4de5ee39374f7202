import CMagnitudes
import Testing

@Suite struct MagnitudeSumsTests {
  private let floats = (0..<MCC_MAGNITUDE_RUN).map { Float(($0 * 7919) % 257 - 128) / 37 }

  /// On every processor: each lane is added up in single precision, the lanes one after the other in double.
  @Test func bitsDoNotDependOnTheProcessor() {
    let lower = Float(1).bitPattern
    let upper = Float(1.5).bitPattern
    let sums = floats.withUnsafeBytes { bytes in
      bytes.baseAddress.map { mcc_sum_magnitudes($0, floats.count, Int32(lower), Int32(upper)) }
    }
    var lanes = Array(repeating: Float(0), count: MCC_MAGNITUDE_LANES)
    var lanesBelow = lanes
    for (index, float) in floats.enumerated() {
      lanes[index % lanes.count] += float * float
      if abs(float) < 1 { lanesBelow[index % lanes.count] += float * float }
    }
    #expect(sums?.squares == lanes.reduce(0.0) { $0 + Double($1) })
    #expect(sums?.squares_below == lanesBelow.reduce(0.0) { $0 + Double($1) })
    #expect(sums.map { Int($0.count_below) } == floats.count { abs($0) < 1 })
    let inside = floats.indices.filter { index in
      let word = index < 64 ? sums?.inside.0 : sums?.inside.1
      return (word ?? 0) >> UInt64(index % 64) & 1 == 1
    }
    #expect(inside == floats.indices.filter { abs(floats[$0]) >= 1 && abs(floats[$0]) < 1.5 })
  }

  @Test func theLargestMagnitudeHasNoSign() {
    let largest = floats.withUnsafeBytes { $0.baseAddress.map { mcc_largest_magnitude($0, floats.count) } }
    #expect(largest == floats.map { abs($0).bitPattern }.max())
  }
}
