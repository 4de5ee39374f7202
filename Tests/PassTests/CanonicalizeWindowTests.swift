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

  // MARK: Dilation

  /// A convolution of 3 x 3 over the phases of images, in blocks of 2 x 3.
  private let blocked = """
    %cut = constant [1, 6, 2, 4, 3, 2] : i64[6]
    %r = Reshape(%x, %cut)
    %t = Transpose(%r) {perm = [2, 4, 0, 1, 3, 5]}
    %phases = constant [6, 6, 4, 2] : i64[4]
    %p = Reshape(%t, %phases)
    %n = Transpose(%p) {perm = [0, 3, 1, 2]}
    %c = Conv(%n, %w) {kernel_shape = [3, 3]}
    %l = Transpose(%c) {perm = [0, 2, 3, 1]}
    %parts = constant [2, 3, 1, 4, 2, 5] : i64[6]
    %s = Reshape(%l, %parts)
    %u = Transpose(%s) {perm = [2, 3, 0, 4, 1, 5]}
    %whole = constant [1, 8, 6, 5] : i64[4]
    %y = Reshape(%u, %whole)
    """

  @Test func aConvolutionOfPhasesIsDilated() throws {
    let dilated = try Simplification("%x: f32[1, 12, 12, 2]", blocked, resources: [("w", [5, 2, 3, 3])])
    try dilated.expect(["Transpose", "Conv", "Transpose"])
    #expect(dilated.after.main.operations.first { $0.is(.conv) }?.ints("dilations") == [2, 3])
  }

  /// Rows, which are images of one row on their way.
  @Test func aConvolutionOfPhasesOfRowsIsDilated() throws {
    let body = """
      %cut = constant [3, 6, 2, 4] : i64[4]
      %r = Reshape(%x, %cut)
      %t = Transpose(%r) {perm = [2, 0, 1, 3]}
      %phases = constant [6, 6, 4] : i64[3]
      %p = Reshape(%t, %phases)
      %n = Transpose(%p) {perm = [0, 2, 1]}
      %c = Conv(%n, %w) {kernel_shape = [3]}
      %l = Transpose(%c) {perm = [0, 2, 1]}
      %row = constant [1] : i64[1]
      %i = Unsqueeze(%l, %row)
      %q = Squeeze(%i, %row)
      %parts = constant [2, 3, 4, 5] : i64[4]
      %s = Reshape(%q, %parts)
      %u = Transpose(%s) {perm = [1, 2, 0, 3]}
      %whole = constant [3, 8, 5] : i64[3]
      %z = Reshape(%u, %whole)
      %f = Relu(%z)
      %next = constant [3, 2, 4, 5] : i64[4]
      %y = Reshape(%f, %next)
      """
    let dilated = try Simplification("%x: f32[3, 12, 4]", body, resources: [("w", [5, 4, 3])])
    try dilated.expect(["Transpose", "Conv", "Transpose", "Relu", "Reshape"])
    #expect(dilated.after.main.operations.first { $0.is(.conv) }?.ints("dilations") == [2])
  }

  @Test func phasesThatPadOrStrideStay() throws {
    func expectPhases(_ body: String, outputs: [String] = ["y"]) throws {
      let left = try Simplification("%x: f32[1, 12, 12, 2]", body, outputs: outputs, resources: [("w", [5, 2, 3, 3])])
      #expect(left.operations.count > 3)
    }
    try expectPhases(blocked, outputs: ["y", "c"])
    try expectPhases(
      blocked.replacing("kernel_shape = [3, 3]", with: "kernel_shape = [3, 3], pads = [1, 0, 0, 0]")
        .replacing("[2, 3, 1, 4, 2, 5]", with: "[2, 3, 1, 5, 2, 5]").replacing("[1, 8, 6, 5]", with: "[1, 10, 6, 5]"))
    try expectPhases(
      blocked.replacing("perm = [2, 3, 0, 4, 1, 5]", with: "perm = [2, 3, 1, 4, 0, 5]")
        .replacing("[1, 8, 6, 5]", with: "[1, 12, 4, 5]"))
  }

  @Test func whatIsSlicedOffIsNotPadded() throws {
    let body = """
      %c = Conv(%x, %w) {kernel_shape = [3, 3], pads = [2, 1, 3, 1]}
      %starts = constant [1, 0] : i64[2]
      %ends = constant [-2, 7] : i64[2]
      %axes = constant [2, 3] : i64[2]
      %y = Slice(%c, %starts, %ends, %axes)
      """
    let resources = [("w", [4, 2, 3, 3])]
    let padded = try Simplification("%x: f32[1, 2, 6, 7]", body, resources: resources, numerics: .exact)
    try padded.expect(["Conv"], tolerance: 0)
    #expect(padded.after.main.operations.first { $0.is(.conv) }?.ints("pads") == [1, 1, 1, 1])
    let across = body.replacing("%y = Slice(%c, ", with: "%t = Transpose(%c) {perm = [0, 2, 3, 1]}\n%y = Slice(%t, ")
      .replacing("constant [2, 3] : i64[2]", with: "constant [1, 2] : i64[2]")
    try Simplification("%x: f32[1, 2, 6, 7]", across, resources: resources).expect(["Conv", "Transpose"])
    func expectSlice(_ body: String, outputs: [String] = ["y"]) throws {
      let left = try Simplification("%x: f32[1, 2, 6, 7]", body, outputs: outputs, resources: resources)
      #expect(left.operations.contains("Slice"))
    }
    try expectSlice(body, outputs: ["y", "c"])
    try expectSlice(body.replacing("constant [1, 0]", with: "constant [3, 0]"))
    try expectSlice(body.replacing("{kernel_shape", with: "{strides = [2, 1], kernel_shape"))
    try expectSlice(body.replacing("constant [2, 3]", with: "constant [1, 3]"))
  }
}
