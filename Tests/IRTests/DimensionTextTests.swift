import IR
import Testing

@Suite struct DimensionTextTests {
  private static let n = Dimension.symbol("n")
  private static let m = Dimension.symbol("m")

  @Test(arguments: [
    (n * .known(2) + .known(1), "2*n + 1"), (.known(0) - n, "-n"), (.known(1) - n * m, "-m*n + 1"), (n - m, "-m + n"),
    ((n + .known(1)).floorDivided(by: .known(2)), "(n + 1) floordiv 2"),
    (n.floorDivided(by: .known(2)), "n floordiv 2"),
    (n.floorDivided(by: .known(2)) * m * .known(-3), "-3*m*(n floordiv 2)"),
    ((n * .known(3)).floorDivided(by: .known(2)), "n + n floordiv 2"), (.symbol("floordiv"), #""floordiv""#),
    (.symbol("a b"), #""a b""#),
    (.symbol("5"), #""5""#), (.unknown, "?"), (.known(.min), "-9223372036854775808"),
  ]) func prints(_ dimension: Dimension, _ text: String) throws {
    #expect(dimension.description == text)
    let module = try Module.parse(
      #"module "m" vocabulary {"" = 28} target {"" = 17} { graph @g(%x: f32[\#(text)]) -> () { return } }"#)
    #expect(module.main.arguments[0].type == .tensor(.float32, [dimension]))
  }

  @Test func parametersAreParsedOnlyWhereTheyPrintTheSame() {
    #expect(Dimension(parsing: "2*n + 1") == Self.n * .known(2) + .known(1))
    #expect(Dimension(parsing: "n*2 + 1") == .symbol("n*2 + 1"))
    #expect(Dimension(parsing: "2*n+1") == .symbol("2*n+1"))
    #expect(Dimension(parsing: "(n + 1) floordiv 2") == (Self.n + .known(1)).floorDivided(by: .known(2)))
    #expect(Dimension(parsing: "batch") == .symbol("batch"))
    #expect(Dimension(parsing: "5") == .symbol("5"))
    #expect(Dimension(parsing: "?") == .symbol("?"))
    #expect(Dimension(parsing: "\"n\"") == .symbol("\"n\""))
    #expect(Dimension(parsing: "") == .unknown)
  }

  /// The law that an importer and an exporter of ONNX rest on.
  @Test func parametersComeBackAsTheyWere() {
    var random = SplitMix(seed: 11)
    let pieces = [
      "n", "m", " ", "*", "+", " + ", " - ", "-", "(", ")", "2", "1", "floordiv", " floordiv ", "\"", "\\", "?", "\n",
      "a.b", "//",
    ]
    for _ in 0..<20_000 {
      let count = Int.random(in: 1...8, using: &random)
      let text = ByteString((0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined())
      #expect(Dimension(parsing: text).parameter == text)
    }
    #expect(Dimension(parsing: ByteString([0xff, 0])).parameter == ByteString([0xff, 0]))
  }

  @Test func hostileParametersAreNamesAndCostLittle() {
    for text in [
      String(repeating: "(", count: 100_000), String(repeating: "(", count: 4000),
      String(repeating: "n + ", count: 1000) + "n",
      "n*n*n*n*n*n*n*n*n", "9223372036854775808", "9223372036854775807*n + 9223372036854775807*n", "n floordiv 0",
      "n floordiv m",
    ] {
      #expect(Dimension(parsing: ByteString(text)) == .symbol(ByteString(text)))
    }
  }

  @Test func randomPolynomialsPrintAndParse() throws {
    var random = SplitMix(seed: 3)
    for _ in 0..<2000 {
      let dimension = Self.random(&random, depth: 4)
      guard !dimension.isUnknown else { continue }
      let module = try Module.parse(
        #"module "m" vocabulary {"" = 28} target {"" = 17} { graph @g(%x: f32[\#(dimension)]) -> () { return } }"#)
      #expect(module.main.arguments[0].type == .tensor(.float32, [dimension]), "\(dimension)")
    }
  }

  private static func random(_ random: inout SplitMix, depth: Int) -> Dimension {
    switch Int.random(in: depth == 0 ? 0...1 : 0...5, using: &random) {
    case 0: return .known(Int.random(in: -5...5, using: &random))
    case 1: return .symbol(["n", "m", "a b", "5"].randomElement(using: &random) ?? "n")
    case 2: return Self.random(&random, depth: depth - 1) + Self.random(&random, depth: depth - 1)
    case 3: return Self.random(&random, depth: depth - 1) - Self.random(&random, depth: depth - 1)
    case 4: return Self.random(&random, depth: depth - 1) * Self.random(&random, depth: depth - 1)
    default:
      return Self.random(&random, depth: depth - 1).floorDivided(by: .known(Int.random(in: 1...4, using: &random)))
    }
  }
}
