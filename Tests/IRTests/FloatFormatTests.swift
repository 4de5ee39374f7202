import IR
import Testing

@Suite struct FloatFormatTests {
  @Test func float16IsTheStandardLibrarys() throws {
    let format = try #require(FloatFormat(.float16))
    for bits in UInt16.min...UInt16.max {
      let value = Float16(bitPattern: bits)
      #expect(value.isNaN ? format.decode(bits).isNaN : format.decode(bits).bitPattern == Double(value).bitPattern)
    }
    var random = SplitMix(seed: 5)
    for _ in 0..<20_000 {
      let value =
        Double.random(in: -1...1, using: &random)
        * [1e-8, 1e-4, 1, 7e4].randomElement(using: &random).unsafelyUnwrapped
      #expect(format.encode(value) == Float16(value).bitPattern, "\(value)")
    }
  }

  @Test(arguments: ElementType.allCases.filter { FloatFormat($0) != nil })
  func everyNumberSurvives(_ type: ElementType) throws {
    let format = try #require(FloatFormat(type))
    for bits in 0...((1 << format.bitWidth) - 1) {
      let value = format.decode(UInt16(bits))
      guard !value.isNaN else { continue }
      #expect(format.encode(value) == UInt16(bits), "\(value)")
    }
  }

  /// The largest and the smallest positive numbers, as the formats' definitions have them.
  @Test(arguments: [
    (ElementType.bfloat16, 0x1.fep127, 0x1p-133), (.float8e4m3fn, 448, 0x1p-9), (.float8e4m3fnuz, 240, 0x1p-10),
    (.float8e5m2, 57344, 0x1p-16), (.float8e5m2fnuz, 57344, 0x1p-17), (.float8e8m0, 0x1p127, 0x1p-127),
    (.float6e2m3, 7.5, 0.125),
    (.float6e3m2, 28, 0.0625), (.float4e2m1, 6, 0.5),
  ]) func range(_ type: ElementType, _ largest: Double, _ smallest: Double) throws {
    let format = try #require(FloatFormat(type))
    let numbers = (0...((1 << format.bitWidth) - 1)).map { format.decode(UInt16($0)) }.filter { $0.isFinite && $0 > 0 }
    #expect(numbers.max() == largest)
    #expect(numbers.min() == smallest)
    #expect(format.encode(largest * 2).map { format.decode($0).isInfinite } ?? true)
  }

  @Test func whatAFormatCannotSayIsRefused() throws {
    #expect(FloatFormat(.float4e2m1)?.encode(.nan) == nil)
    #expect(FloatFormat(.float8e8m0)?.encode(-1) == nil)
    #expect(FloatFormat(.float8e8m0)?.encode(0) == nil)
    #expect(FloatFormat(.float8e4m3fn)?.encode(.infinity) == nil)
    #expect(FloatFormat(.float8e4m3fnuz)?.encode(-0.0) == 0)
    #expect(FloatFormat(.float32) == nil)
  }
}
