import Glibc
import IR
import Testing

@testable import Evaluator

@Suite struct NumberTests {
  @Test func bfloat16RoundsTheUpperHalfOfAFloat() {
    func encoded(_ bits: UInt32) -> UInt16 {
      NarrowFloat.encode(Double(Float(bitPattern: bits)), .bfloat16, saturates: false)
    }
    #expect(encoded(0x3F80_0000) == 0x3F80)
    #expect(encoded(0x3F80_8000) == 0x3F80)
    #expect(encoded(0x3F81_8000) == 0x3F82)
    #expect(encoded(0x3F80_8001) == 0x3F81)
    #expect(encoded(0x7F7F_FFFF) == 0x7F80)
    #expect(NarrowFloat.decode(0xFF80, .bfloat16) == -.infinity)
  }

  @Test func aNumberBetweenTwoHalvesRoundsOnce() {
    // To float first, this would become a tie, and then even.
    let value = 1 + 0x1p-11 + 0x1p-40
    #expect(NarrowFloat.encode(value, .float16, saturates: false) == 0x3C01)
    let wide = 1 + 0x1p-8 + 0x1p-40
    #expect(NarrowFloat.encode(wide, .bfloat16, saturates: false) == 0x3F81)
  }

  @Test(arguments: [
    (ElementType.float8e4m3fn, 448.0, 0x7E, 0x7F), (.float8e4m3fnuz, 240, 0x7F, 0x80), (.float8e5m2, 57344, 0x7B, 0x7C),
    (.float8e5m2fnuz, 57344, 0x7F, 0x80),
  ])
  func float8LimitsAreOnnxs(_ type: ElementType, _ largest: Double, _ pattern: UInt16, _ overflow: UInt16) {
    #expect(NarrowFloat.decode(pattern, type) == largest)
    #expect(NarrowFloat.encode(largest, type, saturates: false) == pattern)
    #expect(NarrowFloat.encode(largest * 2, type, saturates: true) == pattern)
    #expect(NarrowFloat.encode(largest * 2, type, saturates: false) == overflow)
  }

  @Test func packedElementsLieLowBitsFirst() throws {
    let packed: [UInt8] = [0x2F, 0x0A]
    packed.withUnsafeBytes { bytes in
      #expect((0..<3).map { Int64.load(bytes, $0, .int4) } == [-1, 2, -6])
      #expect((0..<3).map { UInt64.load(bytes, $0, .uint4) } == [15, 2, 10])
    }
  }

  @Test func elementaryFunctionsAreCloseToTheCLibrarys() throws {
    let functions: [(String, (Double) throws -> Double, (Double) -> Double, ClosedRange<Double>)] = [
      ("exp", RealMath.exp, Glibc.exp, -700...700), ("log", RealMath.log, Glibc.log, 1e-300...1e300),
      ("log near 1", RealMath.log, Glibc.log, 0.5...1.5), ("sin", RealMath.sin, Glibc.sin, -100...100),
      ("cos", RealMath.cos, Glibc.cos, -100...100), ("tan", RealMath.tan, Glibc.tan, -1.5...1.5),
      ("tanh", RealMath.tanh, Glibc.tanh, -5...5), ("sinh", RealMath.sinh, Glibc.sinh, -3...3),
      ("cosh", RealMath.cosh, Glibc.cosh, -5...5), ("asin", RealMath.asin, Glibc.asin, -1...1),
      ("acos", RealMath.acos, Glibc.acos, -1...0.99), ("atan", RealMath.atan, Glibc.atan, -50...50),
      ("asinh", RealMath.asinh, Glibc.asinh, -50...50), ("acosh", RealMath.acosh, Glibc.acosh, 1...50),
      ("atanh", RealMath.atanh, Glibc.atanh, -0.99...0.99), ("erf", RealMath.erf, Glibc.erf, -6...6),
    ]
    var generator = SystemRandomNumberGenerator.seeded(2)
    for (name, ours, theirs, range) in functions {
      for _ in 0..<2_000 {
        let x = Double.random(in: range, using: &generator)
        let (a, b) = (try ours(x), theirs(x))
        #expect(abs(a - b) <= 1e-14 * max(abs(b), 1e-3), "\(name)(\(x)): \(a), not \(b)")
      }
    }
  }

  @Test func elementaryFunctionsKeepTheirLimits() throws {
    #expect(RealMath.exp(-.infinity) == 0)
    #expect(RealMath.exp(709.7).isFinite)
    #expect(RealMath.exp(710.1) == .infinity)
    #expect(RealMath.exp(.nan).isNaN)
    #expect(RealMath.log(0) == -.infinity)
    #expect(RealMath.log(-1).isNaN)
    #expect(RealMath.log(Double.leastNonzeroMagnitude) == Glibc.log(Double.leastNonzeroMagnitude))
    #expect(RealMath.pow(-2, 3) == -8)
    #expect(RealMath.pow(-2, -1) == -0.5)
    #expect(RealMath.pow(-2, 0.5).isNaN)
    #expect(RealMath.pow(.infinity, -0.5) == 0)
    #expect(RealMath.pow(0, -2) == .infinity)
    #expect(abs(RealMath.pow(10000, 0.25) - 10) < 1e-14)
    #expect(RealMath.tanh(-0.0).sign == .minus)
    #expect(RealMath.acos(-1) == Double.pi)
    #expect(RealMath.erf(10) == 1)
    #expect(try RealMath.sin(.infinity).isNaN)
    #expect(throws: Refusal.self) { try RealMath.cos(1e18) }
  }
}

/// SplitMix64, so that every run draws the same numbers.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension SystemRandomNumberGenerator {
  static func seeded(_ seed: UInt64) -> SeededGenerator { SeededGenerator(state: seed) }
}
