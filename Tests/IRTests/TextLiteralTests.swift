import IR
import Testing

@Suite struct TextLiteralTests {
  /// A module of one constant a literal.
  private static func module(of literals: [TensorLiteral]) throws -> Module {
    let module = Module(name: "m")
    let builder = Builder(module, at: .end(of: module.main))
    for (index, literal) in literals.enumerated() {
      try builder.insertConstant(.tensor(literal), name: ByteString("c\(index)"))
    }
    builder.insertReturn([])
    return module
  }

  private static func checkRoundTrip(_ literals: [TensorLiteral], source: SourceLocation = #_sourceLocation) throws {
    let module = try module(of: literals)
    let again = try Module.parse(module.text(.complete))
    #expect(try again.difference(from: module) == nil, sourceLocation: source)
  }

  /// Literals that are short enough to be printed element by element.
  private static func inline(_ type: ElementType, _ bytes: [UInt8]) throws -> [TensorLiteral] {
    let width = try #require(type.bitWidth)
    let size = 32 * width / 8
    return try stride(from: 0, to: bytes.count, by: size).map { start in
      let slice = Array(bytes[start..<min(start + size, bytes.count)])
      return try TensorLiteral(type, [slice.count * 8 / width], bytes: slice)
    }
  }

  @Test(arguments: ElementType.allCases.filter { ($0.bitWidth ?? 64) <= 8 })
  func everyByteOf(_ type: ElementType) throws { try Self.checkRoundTrip(Self.inline(type, Array(0...255))) }

  @Test(arguments: ElementType.allCases.filter { $0.bitWidth == 16 })
  func patternsOf(_ type: ElementType) throws {
    try Self.checkRoundTrip(
      Self.inline(type, stride(from: 0, to: 65536, by: 7).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }))
  }

  @Test(arguments: ElementType.allCases.filter { ($0.bitWidth ?? 0) >= 32 })
  func randomPatternsOf(_ type: ElementType) throws {
    var random = SplitMix(seed: 7)
    var bytes = (0..<16_384).map { _ in UInt8.random(in: 0...255, using: &random) }
    // NaN, infinity, the smallest, the largest, -0: exponents that random bits seldom have.
    for start in stride(from: 0, to: 4096, by: 8) {
      for place in 4..<8 { bytes[start + place] = start % 64 < 32 ? 0xff : 0 }
    }
    try Self.checkRoundTrip(Self.inline(type, bytes))
  }

  @Test func packedBytesOfEveryLength() throws {
    let literals = try (33..<300).map { count in
      try TensorLiteral(.uint8, [count], bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) })
    }
    try Self.checkRoundTrip(literals)
  }

  @Test func bitsBehindTheLastElementAreKept() throws {
    try Self.checkRoundTrip([
      TensorLiteral(.int4, [3], bytes: [0x21, 0xf3]), TensorLiteral(.uint2, [1], bytes: [0x04]),
      TensorLiteral(.int4, [3], bytes: [0x21, 3]),
    ])
  }

  @Test func numbersAreShortest() throws {
    let bytes = { (bits: [UInt16]) in bits.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] } }
    let literals = try [
      TensorLiteral(.float16, [4], bytes: bytes([0x2e66, 0x3c00, 0x8000, 0x7e01])),
      TensorLiteral(.bfloat16, [3], bytes: bytes([0x3dcd, 0x7f80, 0x4049])),
      TensorLiteral(.float8e4m3fn, [3], bytes: [0x7e, 0x01, 0xff]), TensorLiteral(.float4e2m1, [2], bytes: [0x7f]),
      TensorLiteral(.float6e2m3, [5], bytes: [0x1f, 0x18, 0xfc, 0x08]),
      TensorLiteral(.float8e8m0, [2], bytes: [0x7f, 0xff]),
    ]
    let text = try Self.module(of: literals).text().split(separator: "\n").filter { $0.contains("constant") }
    #expect(
      text.map { $0.drop { $0 != "[" } } == [
        "[0.1, 1.0, -0.0, nan(0x7e01)] : f16[4]", "[0.1, inf, 3.14] : bf16[3]",
        "[448.0, 0.002, nan(0xff)] : f8e4m3fn[3]",
        "[-6.0, 6.0] : f4e2m1fn[2]", "[7.5, -0.0, 0.1, -7.5, 1.0] : f6e2m3fn[5]",
        "[1.0, nan] : f8e8m0fnu[2]",
      ])
  }

  @Test func decimalsRoundToTheNearest() throws {
    let module = try Module.parse(
      """
      module "m" vocabulary {"" = 28} target {"" = 17} {
        graph @g() -> () {
          %a = constant [0.1, 65519.0, 5.960464477539063e-08, 2.980232238769532e-08, 2049.0, 2051.0] : f16[6]
          %b = constant [16777217.0, 1] : f32[2]
          return
        }
      }
      """)
    let literals = module.main.operations.compactMap(\.literal)
    let halves: [Float16] = [0.1, 65504, 5.960464477539063e-08, 5.960464477539063e-08, 2048, 2052]
    #expect(try literals[0].smallBytes() == halves.flatMap { [UInt8($0.bitPattern & 255), UInt8($0.bitPattern >> 8)] })
    let floats: [Float] = [16_777_216, 1]
    #expect(try literals[1].smallBytes() == floats.withUnsafeBytes { Array($0) })
  }

  @Test func seededContentDependsOnSeedAndPositionAlone() throws {
    let a = try SeededContent.literal(.float32, [1000, 1000], seed: 1, bounds: .reals(-0.5...0.5))
    let whole = try a.withWindow(0..<200_000) { Array($0) }
    let part = try a.withWindow(150_000..<150_010) { Array($0) }
    #expect(part == Array(whole[600_000..<600_040]))
    let values = whole.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    #expect(values.allSatisfy { (-0.5...0.5).contains($0) })
    #expect(abs(values.reduce(0, +)) < 500)
    let b = try SeededContent.literal(.float32, [1000, 1000], seed: 2, bounds: .reals(-0.5...0.5))
    #expect(try a.hasSameContent(as: b) == false)
  }

  @Test(arguments: ElementType.allCases.filter { $0 != .string })
  func seededTextKeepsTheRangeOf(_ type: ElementType) throws {
    let original = try SeededContent.literal(type, [7, 11], seed: 3, bounds: SeededContent.defaultBounds(of: type))
    let bytes = try TensorLiteral(type, [7, 11], bytes: original.smallBytes())
    let shared = try Module.parse(Self.module(of: [bytes]).text(.seeded))
    let twin = try #require(shared.main.first?.literal)
    #expect(twin.type == bytes.type)
    // What is seeded stays it: the text of a reproducer is read and printed without its bytes.
    #expect(try shared.text(.complete) == shared.text(.seeded))
    try Self.checkRoundTrip([original, twin])
  }

  @Test func summariesCountZerosOfEitherSign() throws {
    var floats = [Float](repeating: 1, count: 100)
    floats[3] = 0
    floats[7] = -0.0
    let literal = try TensorLiteral(.float32, [100], bytes: floats.withUnsafeBytes { Array($0) })
    #expect(try LiteralSummary(of: literal).zeroCount == 2)
    #expect(try LiteralSummary(of: literal).byteCount == 400)
    let nibbles = try TensorLiteral(.int4, [101], bytes: [UInt8](repeating: 0x10, count: 50) + [0])
    #expect(try LiteralSummary(of: nibbles).zeroCount == 51)
  }
}

/// A small deterministic generator.
struct SplitMix: RandomNumberGenerator {
  var seed: UInt64

  mutating func next() -> UInt64 {
    seed &+= 0x9e37_79b9_7f4a_7c15
    var z = seed
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
