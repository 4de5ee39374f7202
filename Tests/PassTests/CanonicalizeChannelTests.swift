import IR
import Testing

@testable import Passes

@Suite struct CanonicalizeChannelTests {
  /// A parameter and its shape; one whose name ends in `variance` is positive.
  private typealias Parameter = (name: String, dimensions: [Int])

  private static let normalization: [Parameter] = [("scale", [4]), ("bias", [4]), ("mean", [4]), ("variance", [4])]

  /// A module with `%x`, with constants that hold noise, and with `body` after them.
  private func module(
    _ parameters: [Parameter], x: [Int], _ body: String, outputs: [String] = ["y"], type: String = "f32"
  ) throws -> Module {
    let constants = parameters.map { "%\($0.name) = constant #\($0.name) : \(type)\($0.dimensions)" }
    let resources = parameters.enumerated().map { index, parameter in
      let low = parameter.name.hasSuffix("variance") ? 0.5 : -1
      return "resource #\(parameter.name) : \(type)\(parameter.dimensions) = seeded {seed = \(index + 1), low = \(low)}"
    }
    let results = outputs.map { "\($0): \(type)[*]" }.joined(separator: ", ")
    let opsets = #"vocabulary {"" = 28, ai.onnx.ml = 5} target {"" = 17}"#
    return try Module.parse(
      """
      module "m" \(opsets) {
        graph @main(%x: \(type)\(x)) -> (\(results)) {
          \(constants.joined(separator: "\n"))
          \(body)
          return \(outputs.map { "%\($0)" }.joined(separator: ", "))
        }
      }
      \(resources.joined(separator: "\n"))
      """)
  }

  /// The operations that compute, in order.
  private func computations(of module: Module) -> [String] {
    module.main.operations.filter { !$0.isConstant && !$0.is(.return) }.map(\.definition.name.text)
  }

  /// Expects `module` to become the operations `expected` and to compute the same, and a second run to change nothing.
  private func expect(
    _ module: Module, becomes expected: [String], _ location: SourceLocation = #_sourceLocation
  ) throws {
    let original = module.clone()
    try run(Canonicalize(), on: module)
    try run(DCE(), on: module)
    #expect(computations(of: module) == expected, sourceLocation: location)
    #expect(try largestDifference(between: original, and: module) < 1e-6, sourceLocation: location)
    #expect(try run(Canonicalize(), on: module).rewriter.mutationCount == 0, sourceLocation: location)
  }

  /// Expects `module` to stay, and a remark that says why.
  private func expect(
    _ module: Module, staysSaying remark: String, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let before = try module.text()
    let context = try run(Canonicalize(), on: module)
    #expect(try module.text() == before, sourceLocation: location)
    let said = context.remarks.map(\.message)
    #expect(remark.isEmpty || said.contains { $0.contains(remark) }, "\(said)", sourceLocation: location)
  }

  private let normalize = "%y = BatchNormalization(%c, %scale, %bias, %mean, %variance)"

  // MARK: Convolutions

  @Test func aNormalizationFoldsIntoTheConvolution() throws {
    let conv = "%c = Conv(%x, %w) {pads = [1, 1, 1, 1]}\n"
    let module = try module([("w", [4, 3, 3, 3])] + Self.normalization, x: [2, 3, 5, 5], conv + normalize)
    try expect(module, becomes: ["Conv"])
    let folded = try #require(module.main.operations.first { $0.definition.name == "Conv" })
    #expect(folded.result()?.name == "y")
    #expect(folded.operand(1)?.name == "w")
    guard case .elementwise(let transform, _)? = folded.operand(1)?.literal?.source else {
      Issue.record("the weight was copied")
      return
    }
    #expect(transform is ScaleChannels)
  }

  @Test func theBiasOfTheConvolutionIsScaledToo() throws {
    let conv = "%c = Conv(%x, %w, %b)\n"
    try expect(
      try module([("w", [4, 3, 2]), ("b", [4])] + Self.normalization, x: [1, 3, 6], conv + normalize), becomes: ["Conv"]
    )
  }

  @Test func groupsOfAConvolutionKeepTheirChannels() throws {
    let conv = "%c = Conv(%x, %w) {group = 2}\n"
    try expect(
      try module([("w", [4, 3, 2, 2])] + Self.normalization, x: [1, 6, 4, 4], conv + normalize), becomes: ["Conv"])
  }

  @Test(arguments: [1, 2])
  func aTransposedConvolutionHasItsChannelsOnTheSecondAxis(group: Int) throws {
    let conv = "%c = ConvTranspose(%x, %w) {group = \(group), strides = [2, 2]}\n"
    let module = try module([("w", [6, 4 / group, 2, 2])] + Self.normalization, x: [1, 6, 3, 3], conv + normalize)
    try expect(module, becomes: ["ConvTranspose"])
  }

  @Test func aNormalizationInPiecesFoldsToo() throws {
    let body = """
      %c = Conv(%x, %w)
      %a = Sub(%c, %m)
      %b = Div(%a, %variance)
      %d = Mul(%b, %g)
      %y = Add(%d, %o)
      """
    let parameters: [Parameter] = [
      ("w", [4, 3, 1, 1]), ("m", [1, 4, 1, 1]), ("variance", [4, 1, 1]), ("g", [4, 1, 1]), ("o", [1]),
    ]
    try expect(try module(parameters, x: [1, 3, 4, 4], body), becomes: ["Conv"])
  }

  @Test func aConstantAlongTheWidthIsNoChannelConstant() throws {
    // Width and channels are both 4: only the position of the axis tells.
    let body = "%c = Conv(%x, %w)\n%y = Mul(%c, %k)"
    try expect(
      try module([("w", [4, 3, 1, 1]), ("k", [4])], x: [1, 3, 4, 4], body), staysSaying: "does more than to scale")
    try expect(
      try module([("w", [4, 3, 1, 1]), ("k", [1, 4, 1, 4])], x: [1, 3, 4, 4], body), staysSaying: "does more")
    try expect(
      try module([("w", [4, 3, 1, 1]), ("k", [2, 1, 1, 1])], x: [1, 3, 4, 4], body), staysSaying: "does more")
  }

  @Test func aConvolutionThatIsAnOutputStays() throws {
    let body = "%c = Conv(%x, %w)\n" + normalize
    let parameters = [("w", [4, 3, 1, 1])] + Self.normalization
    try expect(try module(parameters, x: [1, 3, 4, 4], body, outputs: ["c", "y"]), staysSaying: "has another use")
  }

  @Test func aSharedWeightStays() throws {
    let body = "%c = Conv(%x, %w)\n%d = Conv(%x, %w) {pads = [1, 1, 1, 1]}\n" + normalize
    let parameters = [("w", [4, 3, 1, 1])] + Self.normalization
    try expect(try module(parameters, x: [1, 3, 4, 4], body, outputs: ["d", "y"]), staysSaying: "has another use")
  }

  @Test func aConvolutionThatARegionUsesStays() throws {
    let body = """
      %c = Conv(%x, %w)
      \(normalize)
      %most = ReduceMax(%x) {keepdims = 0}
      %flag = Cast(%most) {to = 9}
      %z = If(%flag) {
        then_branch = graph @t() -> (r: f32[1, 4, 4, 4]) {
          return %c
        },
        else_branch = graph @e() -> (s: f32[1, 4, 4, 4]) {
          return %y
        }
      }
      """
    let parameters = [("w", [4, 3, 1, 1])] + Self.normalization
    try expect(try module(parameters, x: [1, 3, 4, 4], body, outputs: ["z"]), staysSaying: "has another use")
  }

  @Test func aNormalizationInTrainingStays() throws {
    let body =
      "%c = Conv(%x, %w)\n%y = BatchNormalization(%c, %scale, %bias, %mean, %variance) {training_mode = 1}"
    try expect(try module([("w", [4, 3, 1, 1])] + Self.normalization, x: [1, 3, 4, 4], body), staysSaying: "")
  }

  @Test func aVarianceOfZeroWithoutEpsilonStays() throws {
    let body = """
      %zero = constant [0.0, 0.0, 0.0, 0.0] : f32[4]
      %c = Conv(%x, %w)
      %y = BatchNormalization(%c, %scale, %bias, %mean, %zero) {epsilon = 0.0}
      """
    try expect(
      try module([("w", [4, 3, 1, 1])] + Self.normalization, x: [1, 3, 4, 4], body), staysSaying: "does more")
  }

  /// Magnitudes are up to 1: times 1e38 they fit into a float, times another 8 they do not.
  @Test(arguments: [(["1e-38"], ["Conv", "Mul"]), (["1e+38"], ["Conv"]), (["8.0", "1e+38"], ["Conv", "Mul"])])
  func weightsThatWouldOverflowOrVanishStay(factors: [String], expected: [String]) throws {
    var body = "%y0 = Conv(%x, %w)\n"
    for (index, factor) in factors.enumerated() {
      body += "%k\(index) = constant [\(factor)] : f32[]\n%y\(index + 1) = Mul(%y\(index), %k\(index))\n"
    }
    let module = try module([("w", [4, 3, 1, 1])], x: [1, 3, 4, 4], body, outputs: ["y\(factors.count)"])
    let context = try run(Canonicalize(), on: module)
    #expect(computations(of: module) == expected)
    #expect(context.remarks.contains { $0.message.contains("overflow or vanish") } == (expected.count > 1))
  }

  @Test func numericsExactForbidsIt() throws {
    let module = try module(
      [("w", [4, 3, 1, 1]), ("k", [1])], x: [1, 3, 4, 4], "%c = Conv(%x, %w)\n%y = Mul(%c, %k)")
    #expect(try run(Canonicalize(), on: module, numerics: .exact).rewriter.mutationCount == 0)
  }

  // MARK: Products and normalizations

  @Test(arguments: [0, 1])
  func aGemmTakesScalesAndShifts(transB: Int) throws {
    let body = "%c = Gemm(%x, %w, %b) {transB = \(transB), alpha = 0.5}\n" + normalize
    let weight = transB == 1 ? [4, 3] : [3, 4]
    try expect(try module([("w", weight), ("b", [1, 4])] + Self.normalization, x: [2, 3], body), becomes: ["Gemm"])
  }

  @Test func aGemmWithBetaKeepsItsShift() throws {
    let body = "%c = Gemm(%x, %w, %b) {beta = 0.5}\n%y = Add(%c, %o)"
    let parameters: [Parameter] = [("w", [3, 4]), ("b", [4]), ("o", [4])]
    try expect(try module(parameters, x: [2, 3], body), staysSaying: "no place for the shift")
  }

  @Test func aMatrixProductTakesAScale() throws {
    let body = "%c = MatMul(%x, %w)\n%y = Mul(%c, %k)"
    try expect(try module([("w", [3, 4]), ("k", [4])], x: [2, 5, 3], body), becomes: ["MatMul"])
    try expect(try module([("w", [3, 4]), ("k", [1])], x: [2, 5, 3], body), becomes: ["MatMul"])
    try expect(try module([("w", [3, 4]), ("k", [5, 1])], x: [2, 5, 3], body), staysSaying: "does more")
  }

  @Test func aNormalizationTakesAScaleAndAShift() throws {
    let body = """
      %c = BatchNormalization(%x, %scale, %bias, %mean, %variance)
      %d = Mul(%c, %k)
      %y = Sub(%d, %o)
      """
    let parameters = Self.normalization + [("k", [4, 1]), ("o", [1])]
    try expect(try module(parameters, x: [2, 4, 3], body), becomes: ["BatchNormalization"])
  }

  @Test func aProductOfMatricesAndASumAreAGemm() throws {
    let parameters: [Parameter] = [("w", [3, 4]), ("b", [4])]
    try expect(try module(parameters, x: [2, 3], "%c = MatMul(%x, %w)\n%y = Add(%b, %c)"), becomes: ["Gemm"])
    try expect(
      try module(parameters, x: [2, 3], "%c = Gemm(%x, %w) {alpha = 2.0}\n%y = Add(%c, %b)"), becomes: ["Gemm"])
    try expect(try module(parameters, x: [2, 2, 3], "%c = MatMul(%x, %w)\n%y = Add(%c, %b)"), staysSaying: "")
    let wide: [Parameter] = [("w", [3, 4]), ("b", [2, 1])]
    try expect(try module(wide, x: [1, 3], "%c = MatMul(%x, %w)\n%y = Add(%c, %b)"), staysSaying: "may be larger")
  }

  @Test func integerProductsStay() throws {
    let text = """
      graph @main(%x: i64[2, 3], %w: i64[3, 4], %b: i64[4]) -> (y: i64[2, 4]) {
        %c = MatMul(%x, %w) : i64[2, 4]
        %y = Add(%c, %b) : i64[2, 4]
        return %y
      }
      """
    try PassTests.expect(Canonicalize(), leaves: text)
  }
}
