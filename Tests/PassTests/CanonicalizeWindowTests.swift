import IR
import Testing

@testable import Passes

@Suite struct CanonicalizeWindowTests {
  private let x = "%x: f32[1, 4, 5, 6]"
  private let border = "%p = constant [0, 0, 1, 2, 0, 0, 0, 1] : i64[8]\n%low = constant [-inf] : f32[]\n"
  private let filters = [("w", [2, 4, 3, 3])]

  // MARK: Borders

  @Test func aBorderGoesIntoTheWindow() throws {
    let body = border + "%a = Pad(%x, %p)\n"
    try Simplification(x, body + "%y = Conv(%a, %w) {pads = [0, 1, 1, 0]}", resources: filters).expect(["Conv"])
    try Simplification(x, body + "%y = AveragePool(%a) {kernel_shape = [3, 3]}").expect(["AveragePool"])
    try Simplification(x, border + "%a = Pad(%x, %p, %low)\n%y = MaxPool(%a) {kernel_shape = [3, 3]}")
      .expect(["MaxPool"])
    try Simplification(x, border + "%r = Relu(%x)\n%a = Pad(%r, %p)\n%y = MaxPool(%a) {kernel_shape = [3, 3]}")
      .expect(["Relu", "MaxPool"])
  }

  @Test func aBorderGoesIntoTheWindowThroughATranspose() throws {
    let channelsLast = "%x: f32[1, 5, 6, 4]"
    let body = """
      %p = constant [0, 1, 2, 0, 0, 0, 1, 0] : i64[8]
      %a = Pad(%x, %p)
      %t = Transpose(%a) {perm = [0, 3, 1, 2]}
      %y = Conv(%t, %w)
      """
    try Simplification(channelsLast, body, resources: filters).expect(["Transpose", "Conv"])
    try Simplification(channelsLast, body, outputs: ["y", "a"], resources: filters)
      .expectUnchanged(saying: "its result is also an output")
    let channels = body.replacing("[0, 1, 2, 0, 0, 0, 1, 0]", with: "[0, 0, 0, 1, 0, 0, 0, 1]")
    try Simplification("%x: f32[1, 5, 6, 2]", channels, resources: filters).expectUnchanged()
  }

  @Test func aBorderThatMeansSomethingElseStays() throws {
    let body = border + "%a = Pad(%x, %p)\n"
    try Simplification(x, body + "%y = MaxPool(%a) {kernel_shape = [3, 3]}").expectUnchanged(saying: "largest element")
    try Simplification(x, body + "%y = MaxPool(%a) {kernel_shape = [2, 2]}").expectUnchanged(saying: "borders alone")
    try Simplification(x, body + "%y = AveragePool(%a) {kernel_shape = [3, 3], ceil_mode = 1}")
      .expectUnchanged(saying: "borders alone")
    try Simplification(x, body + "%y = AveragePool(%a) {kernel_shape = [3, 3], pads = [1, 0, 0, 0]}")
      .expectUnchanged(saying: "does not count")
    try Simplification(x, body + "%y = Conv(%a, %w) {auto_pad = \"SAME_UPPER\"}", resources: filters)
      .expectUnchanged(saying: "pads by itself")
    try Simplification(x, body + "%y = Conv(%a, %w)", outputs: ["y", "a"], resources: filters)
      .expectUnchanged(saying: "also an output")
    let negative = body.replacing("[0, 0, 1,", with: "[0, 0, -1,")
    try Simplification(x, negative + "%y = Conv(%a, %w)", resources: filters).expectUnchanged(saying: "removes")
    let filled = border + "%one = constant [1.0] : f32[]\n%a = Pad(%x, %p, %one)\n%y = Conv(%a, %w)"
    try Simplification(x, filled, resources: filters).expectUnchanged(saying: "something else than 0")
    let mirrored = border + "%a = Pad(%x, %p) {mode = \"reflect\"}\n%y = Conv(%a, %w)"
    try Simplification(x, mirrored, resources: filters).expectUnchanged(saying: "not constant")
  }

  // MARK: Shifts

  private let input = """
    %mean = constant [0.5, 0.25, -1.0, 0.0] : f32[4, 1, 1]
    %deviation = constant [2.0, 0.5, 1.5, 0.25] : f32[4, 1, 1]
    %s = Sub(%x, %mean)
    %n = Div(%s, %deviation)

    """

  @Test func aNormalizedInputGoesIntoTheConvolution() throws {
    try Simplification(x, input + "%y = Conv(%n, %w, %b)", resources: filters + [("b", [2])]).expect(["Conv"])
    try Simplification(x, input + "%y = Conv(%n, %g) {group = 2}", resources: [("g", [6, 2, 1, 1])]).expect(["Conv"])
    let columns = "%k = constant [0.5, 0.25, -1.0] : f32[3]\n%s = Add(%x, %k)\n"
    for (transB, shape) in [(0, [3, 2]), (1, [2, 3])] {
      try Simplification("%x: f32[5, 3]", columns + "%y = Gemm(%s, %w) {transB = \(transB)}", resources: [("w", shape)])
        .expect(["Gemm"])
    }
  }

  @Test func aShiftOfWhatIsPaddedStays() throws {
    let shift = input.split(separator: "\n").dropLast().joined(separator: "\n") + "\n"
    try Simplification(x, shift + "%y = Conv(%s, %w) {pads = [1, 1, 1, 1]}", resources: filters)
      .expectUnchanged(saying: "pads with zeros")
    try Simplification(x, shift + "%y = Conv(%s, %w)", outputs: ["y", "s"], resources: filters)
      .expectUnchanged(saying: "has another use: its result is also an output of the graph")
    try Simplification(x, shift + "%y = Conv(%s, %w)", resources: filters, numerics: .exact).expectUnchanged()
    let width = "%k = constant [0.5, 0.25, -1.0, 2.0] : f32[4]\n%s = Add(%x, %k)\n%y = Conv(%s, %w)"
    try Simplification("%x: f32[1, 4, 4, 4]", width, resources: filters).expectUnchanged(saying: "does more")
  }

  /// `+ 0.0` makes +0 of -0: a bias of zeros does so, too.
  @Test func addingZeroIsNotForgotten() throws {
    let body = "%z = constant [0.0] : f32[]\n%c = Conv(%x, %w)\n%y = Add(%c, %z)"
    let folded = try Simplification(x, body, resources: filters)
    try folded.expect(["Conv"])
    #expect(folded.after.main.operations.first { $0.is(.conv) }?.operandCount == 3)
    let product = "%z = constant [0.0] : f32[]\n%c = MatMul(%x, %w)\n%y = Add(%c, %z)"
    try Simplification("%x: f32[2, 5, 3]", product, resources: [("w", [3, 4])]).expectUnchanged()
  }
}
