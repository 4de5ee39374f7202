import IR
import Testing

@testable import Passes

@Suite struct CanonicalizeScalarTests {
  private let numbers = """
    %zero = constant [0.0] : f32[]
    %three = constant [3.0] : f32[]
    %six = constant [6.0] : f32[]
    %half = constant [0.5] : f32[]
    %one = constant [1.0] : f32[]
    %minus = constant [-1.0] : f32[]
    """

  private func simplified(
    _ body: String, x: String = "f32[2, 5]", outputs: [String] = ["y"], numerics: Numerics = .rounding
  ) throws -> Simplification {
    try Simplification("%x: \(x)", numbers + "\n" + body, outputs: outputs, numerics: numerics)
  }

  // MARK: Clamps

  @Test func clampsAreOne() throws {
    try simplified("%a = Relu(%x)\n%b = Clip(%a, %minus, %six)\n%c = Min(%b, %three)\n%y = Max(%c, %half)").expect([
      "Clip"
    ])
    try simplified("%a = Clip(%x, %minus, _)\n%y = Relu(%a)").expect(["Relu"])
    try simplified("%a = Clip(%x, %half, %one)\n%y = Clip(%a, %three, %six)").expect(["Clip"])
    try simplified("%y = Max(%x, %zero)").expect(["Relu"])
  }

  @Test func clampsThatAreUsedOrUnknownStay() throws {
    try simplified("%a = Relu(%x)\n%y = Clip(%a, _, %six)", outputs: ["y", "a"]).expectUnchanged(
      saying: "has another use")
    try simplified("%a = Relu(%x)\n%y = Clip(%a, _, %six)", numerics: .exact).expectUnchanged()
    try Simplification("%x: f32[4], %m: f32[]", "%a = Relu(%x)\n%y = Clip(%a, %m, _)").expectUnchanged()
    try Simplification(
      "%x: i64[4]",
      "%zero = constant [0] : i64[]\n%six = constant [6] : i64[]\n%a = Max(%x, %zero)\n%y = Min(%a, %six)",
      type: "i64"
    ).expectUnchanged()
  }

  @Test func activationsAreRecognized() throws {
    try simplified("%a = Mul(%x, %half)\n%y = Max(%a, %x)").expect(["LeakyRelu"])
    try simplified("%a = Mul(%x, %three)\n%y = Max(%a, %x)").expectUnchanged()
    try simplified("%a = Add(%x, %three)\n%b = Clip(%a, %zero, %six)\n%y = Div(%b, %six)").expect(["HardSigmoid"])
    try simplified("%a = Add(%x, %three)\n%b = Clip(%a, %zero, %six)\n%c = Mul(%x, %b)\n%y = Div(%c, %six)")
      .expect(["HardSwish"])
    try simplified("%a = Add(%x, %three)\n%b = Clip(%a, %zero, %six)\n%c = Div(%b, %six)\n%y = Mul(%c, %x)")
      .expect(["HardSwish"])
    try simplified("%b = Clip(%x, %zero, %six)\n%y = Div(%b, %six)").expect(["HardSigmoid"])
    try simplified(
      "%a = Add(%x, %three)\n%b = Clip(%a, %zero, %six)\n%y = Div(%b, %six)\n%z = Neg(%a)", outputs: ["y", "z"]
    )
    .expect(["Add", "HardSigmoid", "Neg"])
    try simplified("%a = Add(%x, %three)\n%b = Clip(%a, %zero, %six)\n%y = Mul(%b, %x)").expect(["HardSwish", "Mul"])
    try simplified("%a = Add(%x, %three)\n%b = Clip(%a, %zero, %three)\n%y = Mul(%b, %x)").expectUnchanged()
  }

  @Test func aClampOfIntegersIsNoActivation() throws {
    let body =
      "%zero = constant [0] : i64[]\n%six = constant [6] : i64[]\n%b = Clip(%x, %zero, %six)\n%y = Div(%b, %six)"
    try Simplification("%x: i64[4]", body, type: "i64").expectUnchanged()
  }

  @Test func anActivationThatTheTargetLacksIsNotMade() throws {
    let body = numbers + "\n%a = Add(%x, %three)\n%b = Clip(%a, %zero, %six)\n%c = Mul(%x, %b)\n%y = Div(%c, %six)"
    try Simplification("%x: f32[2, 5]", body, target: 13).expectUnchanged(saying: "has no HardSwish")
  }

  private let gelu = """
    %root = constant [1.4142135] : f32[]
    %half = constant [0.5] : f32[]
    %one = constant [1.0] : f32[]
    %d = Div(%x, %root)
    %e = Erf(%d)
    %a = Add(%e, %one)
    %m = Mul(%x, %a)
    %y = Mul(%m, %half)
    """

  @Test func aGeluIsRecognizedWhereTheTargetHasIt() throws {
    try Simplification("%x: f32[2, 5]", gelu, target: 20).expect(["Gelu"], runs: false)
    try Simplification("%x: f32[2, 5]", gelu, target: 17).expectUnchanged(saying: "has no Gelu")
    try Simplification("%x: f32[2, 5]", gelu, outputs: ["y", "e"], target: 20).expectUnchanged(saying: "another use")
    try Simplification("%x: f32[2, 5]", gelu.replacing("[1.4142135]", with: "[1.5]"), target: 20).expectUnchanged()
  }

  @Test func otherActivationsAreRecognized() throws {
    let one = "%one = constant [1.0] : f32[]\n"
    try Simplification("%x: f32[4]", one + "%e = Exp(%x)\n%s = Add(%e, %one)\n%y = Log(%s)").expect(["Softplus"])
    try Simplification(
      "%x: f32[4]", one + "%e = Exp(%x)\n%s = Add(%e, %one)\n%y = Log(%s)\n%z = Neg(%e)", outputs: ["y", "z"]
    )
    .expectUnchanged(saying: "(Exp) has another use: node 'z' (Neg)")
    try Simplification("%x: f32[4]", one + "%a = Abs(%x)\n%s = Add(%a, %one)\n%y = Div(%x, %s)").expect(["Softsign"])
    let mish = "%s = Softplus(%x)\n%t = Tanh(%s)\n%y = Mul(%t, %x)"
    try Simplification("%x: f32[4]", mish, target: 18).expect(["Mish"])
    try Simplification("%x: f32[4]", mish, target: 17).expectUnchanged(saying: "has no Mish")
    let swish = "%s = Sigmoid(%x)\n%y = Mul(%s, %x)"
    try Simplification("%x: f32[4]", swish, target: 24).expect(["Swish"])
    try Simplification("%x: f32[4]", swish, outputs: ["y", "s"], target: 24).expectUnchanged(saying: "another use")
    try Simplification("%x: f32[4]", swish, target: 23).expectUnchanged(saying: "has no Swish")
  }

  @Test func anEncodingIsNotDoneTwice() throws {
    let body = """
      %s = constant [0.5] : f32[]
      %t = constant [0.25] : f32[]
      %z = constant [3] : u8[]
      %q = QuantizeLinear(%x, %s, %z)
      %d = DequantizeLinear(%q, %s, %z)
      %r = QuantizeLinear(%d, %s, %z)
      %y = DequantizeLinear(%r, %s, %z)
      """
    try Simplification("%x: f32[4]", body, numerics: .exact)
      .expect(["QuantizeLinear", "DequantizeLinear"], tolerance: 0)
    try Simplification("%x: f32[4]", body.replacing("QuantizeLinear(%d, %s", with: "QuantizeLinear(%d, %t"))
      .expectUnchanged()
    try Simplification("%x: f32[4]", body.replacing("[0.5]", with: "[1e-38]")).expectUnchanged()
  }

  private let normalization = """
    %axes = constant [-1] : i64[1]
    %two = constant [2.0] : f32[]
    %epsilon = constant [1e-5] : f32[]
    %m = ReduceMean(%x, %axes)
    %d = Sub(%x, %m)
    %p = Pow(%d, %two)
    %v = ReduceMean(%p, %axes)
    %e = Add(%v, %epsilon)
    %s = Sqrt(%e)
    %n = Div(%d, %s)
    %k = Mul(%n, %scale)
    %y = Add(%k, %bias)
    """

  @Test func aLayerNormalizationIsRecognizedWhereTheTargetHasIt() throws {
    let vectors = [("scale", [5]), ("bias", [5])]
    try Simplification("%x: f32[2, 5]", normalization, resources: vectors).expect(["LayerNormalization"], runs: false)
    try Simplification("%x: f32[2, 5]", normalization, resources: vectors, target: 16)
      .expectUnchanged(saying: "has no LayerNormalization")
    try Simplification("%x: f32[2, 5]", normalization, outputs: ["y", "d"], resources: vectors)
      .expectUnchanged(saying: "another use")
    try Simplification("%x: f32[5, 5]", normalization, resources: [("scale", [5, 1]), ("bias", [5])])
      .expectUnchanged(saying: "no vector")
    let others = normalization.replacing("constant [-1]", with: "constant [0]")
    try Simplification("%x: f32[5, 5]", others, resources: vectors).expectUnchanged()
  }

  // MARK: Sums and products

  @Test func scalarsAreMerged() throws {
    try simplified("%a = Mul(%x, %three)\n%y = Mul(%six, %a)").expect(["Mul"])
    try simplified("%a = Add(%x, %three)\n%y = Add(%a, %six)").expect(["Add"])
    try simplified("%a = Add(%x, %three)\n%y = Sub(%a, %minus)").expect(["Add"])
    try simplified("%a = Neg(%x)\n%b = Exp(%x)\n%y = Add(%a, %b)").expect(["Exp", "Sub"])
    try simplified("%a = Exp(%x)\n%b = Div(%one, %a)\n%y = Mul(%b, %x)").expect(["Exp", "Div"])
  }

  /// `(x * 10) * 0.1` may overflow where `x` does not; `(x + 1e8) - 1e8` rounds on purpose.
  @Test func scalarsOfDifferentKindsStay() throws {
    try simplified("%a = Mul(%x, %three)\n%y = Mul(%a, %half)").expectUnchanged(saying: "something may overflow")
    try simplified("%a = Add(%x, %three)\n%y = Add(%a, %minus)").expectUnchanged(saying: "different signs")
    try simplified("%a = Add(%x, %zero)\n%y = Neg(%a)").expectUnchanged()
    try simplified("%a = Mul(%x, %three)\n%y = Mul(%a, %six)", outputs: ["y", "a"]).expectUnchanged(
      saying: "another use")
    try simplified("%a = Mul(%x, %three)\n%y = Mul(%a, %six)", numerics: .exact).expectUnchanged()
  }

  // MARK: Selections

  @Test func knownSelectionsGo() throws {
    let body = "%c = constant [true] : bool[1]\n%s = Where(%c, %x, %x)\n%y = Neg(%s)"
    try simplified(body).expect(["Neg"])
    try simplified("%c = constant [false, true] : bool[2, 1]\n%z = Exp(%x)\n%y = Where(%c, %x, %z)").expectUnchanged()
    try simplified("%c = Greater(%x, %zero)\n%n = Not(%c)\n%z = Exp(%x)\n%y = Where(%n, %x, %z)")
      .expect(["Greater", "Exp", "Where"])
  }

  @Test func knownBranchesAreInlined() throws {
    let body = """
      %c = constant [false] : bool[]
      %a = Exp(%x)
      %y = If(%c) {
        then_branch = graph @t() -> (r: f32[2, 5]) {
          %u = Neg(%x)
          return %u
        },
        else_branch = graph @e() -> (s: f32[2, 5]) {
          %u = Abs(%x)
          %w = Add(%u, %a)
          return %w
        }
      }
      """
    let inlined = try simplified(body)
    try inlined.expect(["Exp", "Abs", "Add"], runs: false)
    #expect(inlined.after.main.terminator?.operand(0)?.name == "y")
  }

  /// A branch that runs always and is wrong all the same is the runtime's to refuse.
  @Test func knownBranchesThatAreInvalidStay() throws {
    let body = """
      %c = constant [true] : bool[]
      %s = constant [2, 2] : i64[2]
      %y = If(%c) {
        then_branch = graph @t() -> (r: f32[*]) {
          %n = Shape(%x)
          %a = Expand(%x, %n)
          %u = Concat(%a, %k) {axis = 0}
          return %u
        },
        else_branch = graph @e() -> (s: f32[*]) {
          %u = Abs(%x)
          return %u
        }
      }
      """
    try Simplification("%x: f32[2, 5], %k: f32[2, 5]", body).expect(["Concat"], runs: false)
  }

  // MARK: Reductions

  private let axes = "%axes = constant [2, 3] : i64[2]\n"

  @Test func axesAreDroppedOrKeptByTheReduction() throws {
    let x = "f32[2, 3, 4, 5]"
    try simplified(axes + "%a = ReduceMean(%x, %axes)\n%y = Flatten(%a)", x: x).expect(["ReduceMean"])
    try simplified(axes + "%a = ReduceMax(%x, %axes)\n%y = Squeeze(%a, %axes)", x: x).expect(["ReduceMax"])
    try simplified(axes + "%a = ReduceMax(%x, %axes) {keepdims = 0}\n%y = Unsqueeze(%a, %axes)", x: x).expect([
      "ReduceMax"
    ])
    try simplified("%a = GlobalAveragePool(%x)\n%y = Flatten(%a)", x: x).expect(["ReduceMean"], runs: false)
    try simplified("%a = Softmax(%x)\n%y = Log(%a)").expect(["LogSoftmax"])
  }

  @Test func axesThatAreElsewhereOrUsedStay() throws {
    let x = "f32[2, 3, 4, 5]"
    try simplified(axes + "%a = ReduceMean(%x, %axes)\n%y = Flatten(%a)", x: x, outputs: ["y", "a"])
      .expectUnchanged(saying: "another use")
    try simplified(
      axes + "%front = constant [0, 1] : i64[2]\n%a = ReduceMax(%x, %axes) {keepdims = 0}\n%y = Unsqueeze(%a, %front)",
      x: x
    )
    .expectUnchanged()
    try simplified(axes + "%a = ReduceSum(%x) {noop_with_empty_axes = 1}\n%b = Neg(%a)\n%y = Flatten(%b)", x: x)
      .expect(["Neg", "Flatten"], runs: false)
    try simplified("%a = GlobalAveragePool(%x)\n%y = Flatten(%a)", x: x, numerics: .exact).expectUnchanged()
    try simplified("%a = Softmax(%x)\n%y = ArgMax(%a)").expectUnchanged()
  }

  @Test func reductionsTakeInSquaresAndMagnitudes() throws {
    try simplified("%a = Mul(%x, %x)\n%b = ReduceSum(%a)\n%y = Sqrt(%b)").expect(["ReduceL2"])
    try simplified("%a = Abs(%x)\n%y = ReduceSum(%a)").expect(["ReduceL1"])
    try simplified("%a = Mul(%x, %x)\n%y = ReduceSum(%a)", outputs: ["y", "a"]).expectUnchanged(saying: "another use")
  }
}
