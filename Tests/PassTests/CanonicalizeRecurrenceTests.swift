import IR
import Testing

@testable import Passes

@Suite struct CanonicalizeRecurrenceTests {
  /// An LSTM of 3 steps over a batch of 2, whose hidden state has 5 elements.
  ///
  /// - Parameter order: the steps as they follow each other.
  private func longShortTermMemory(_ order: [Int], gates: [String] = ["i", "f", "g", "o"], start: String = "zeros")
    -> String
  {
    var lines = [input(gates: 4)]
    var (hidden, cell) = (start, start)
    for step in order {
      lines.append(
        """
        %u\(step) = Gemm(%\(hidden), %r, %c) {transB = 1}
        %z\(step) = Add(%u\(step), %q\(step))
        \(gates.map { "%\($0)\(step)" }.joined(separator: ", ")) = Split(%z\(step)) {axis = 1}
        %si\(step) = Sigmoid(%i\(step))
        %sf\(step) = Sigmoid(%f\(step))
        %tg\(step) = Tanh(%g\(step))
        %so\(step) = Sigmoid(%o\(step))
        %k\(step) = Mul(%sf\(step), %\(cell))
        %n\(step) = Mul(%si\(step), %tg\(step))
        %c\(step) = Add(%k\(step), %n\(step))
        %tc\(step) = Tanh(%c\(step))
        %h\(step) = Mul(%so\(step), %tc\(step))
        """)
      (hidden, cell) = ("h\(step)", "c\(step)")
    }
    return (lines + [output]).joined(separator: "\n")
  }

  /// A GRU like it.
  private func gatedUnit(_ order: [Int]) -> String {
    var lines = [input(gates: 3)]
    var hidden = "zeros"
    for step in order {
      lines.append(
        """
        %u\(step) = Gemm(%\(hidden), %r, %c) {transB = 1}
        %xr\(step), %xz\(step), %xn\(step) = Split(%q\(step)) {axis = 1}
        %hr\(step), %hz\(step), %hn\(step) = Split(%u\(step)) {axis = 1}
        %ar\(step) = Add(%xr\(step), %hr\(step))
        %sr\(step) = Sigmoid(%ar\(step))
        %az\(step) = Add(%hz\(step), %xz\(step))
        %sz\(step) = Sigmoid(%az\(step))
        %g\(step) = Mul(%hn\(step), %sr\(step))
        %an\(step) = Add(%xn\(step), %g\(step))
        %n\(step) = Tanh(%an\(step))
        %d\(step) = Sub(%\(hidden), %n\(step))
        %m\(step) = Mul(%d\(step), %sz\(step))
        %h\(step) = Add(%m\(step), %n\(step))
        """)
      hidden = "h\(step)"
    }
    return (lines + [output]).joined(separator: "\n")
  }

  /// What the input contributes to each step.
  private func input(gates: Int) -> String {
    """
    %zeros = constant splat 0 : f32[2, 5]
    %zero = constant [0] : i64[1]
    %m = MatMul(%x, %w)
    %a = Add(%m, %b)
    %p0, %p1, %p2 = Split(%a) {axis = 0}
    %q0 = Squeeze(%p0, %zero)
    %q1 = Squeeze(%p1, %zero)
    %q2 = Squeeze(%p2, %zero)
    """
  }

  /// All hidden states, one after the other.
  private var output: String {
    """
    %e0 = Unsqueeze(%h0, %zero)
    %e1 = Unsqueeze(%h1, %zero)
    %e2 = Unsqueeze(%h2, %zero)
    %y = Concat(%e0, %e1, %e2) {axis = 0}
    """
  }

  private func weights(gates: Int) -> [(String, [Int])] {
    [("w", [4, 5 * gates]), ("b", [5 * gates]), ("r", [5 * gates, 5]), ("c", [5 * gates])]
  }

  /// Expects `names` to be left once the weights are folded, and the same outputs.
  private func expect(
    _ names: [String], of body: String, gates: Int, outputs: [String] = ["y"], arguments: String = "",
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    let simplification = try Simplification(
      "%x: f32[3, 2, 4]\(arguments)", body, outputs: outputs, resources: weights(gates: gates))
    try run(Fold(), on: simplification.after)
    try simplification.expect(names, location)
  }

  /// A simple recurrent network like it.
  private func simple(_ order: [Int]) -> String {
    var lines = [input(gates: 1)]
    var hidden = "zeros"
    for step in order {
      lines.append(
        """
        %u\(step) = MatMul(%\(hidden), %r)
        %v\(step) = Add(%u\(step), %c)
        %s\(step) = Add(%v\(step), %q\(step))
        %h\(step) = Tanh(%s\(step))
        """)
      hidden = "h\(step)"
    }
    return (lines + [output]).joined(separator: "\n")
  }

  // MARK: Steps

  @Test func stepsOfAnLSTMAreOne() throws {
    let left = ["LSTM", "Squeeze"]
    try expect(left, of: longShortTermMemory([0, 1, 2]), gates: 4)
    try expect(left, of: longShortTermMemory([2, 1, 0]), gates: 4)
    try expect(left, of: longShortTermMemory([0, 1, 2], gates: ["o", "g", "i", "f"]), gates: 4)
  }

  @Test func stepsOfAGRUAreOne() throws {
    try expect(["GRU", "Squeeze"], of: gatedUnit([0, 1, 2]), gates: 3)
    try expect(["GRU", "Squeeze"], of: gatedUnit([2, 1, 0]), gates: 3)
  }

  @Test func stepsOfASimpleNetworkAreOne() throws {
    try expect(["RNN", "Squeeze"], of: simple([0, 1, 2]), gates: 1)
    try expect(["RNN", "Squeeze"], of: simple([2, 1, 0]), gates: 1)
  }

  @Test func theLastStateComesOfTheSame() throws {
    let body = longShortTermMemory([0, 1, 2])
    try expect(["LSTM", "Squeeze"], of: body, gates: 4, outputs: ["h2"])
    try expect(["LSTM", "Squeeze", "Squeeze"], of: body, gates: 4, outputs: ["h2", "c2"])
    try expect(["LSTM", "Squeeze"], of: longShortTermMemory([2, 1, 0]), gates: 4, outputs: ["h0"])
  }

  @Test func statesMayBeStackedBehindTheBatch() throws {
    let body = longShortTermMemory([0, 1, 2])
      .replacing("Concat(%e0, %e1, %e2) {axis = 0}", with: "Concat(%e0, %e1, %e2) {axis = 1}")
      .replacing("Unsqueeze(%h0, %zero)", with: "Unsqueeze(%h0, %one)").replacing(
        "Unsqueeze(%h1, %zero)", with: "Unsqueeze(%h1, %one)"
      )
      .replacing("Unsqueeze(%h2, %zero)", with: "Unsqueeze(%h2, %one)")
    try expect(["LSTM", "Squeeze", "Transpose"], of: "%one = constant [1] : i64[1]\n" + body, gates: 4)
  }

  @Test func someStatesAreParts() throws {
    try expect(
      ["LSTM", "Squeeze", "Squeeze", "Split", "Squeeze"], of: longShortTermMemory([0, 1, 2]), gates: 4,
      outputs: ["h0", "h2"])
  }

  @Test func aStateIsWhereItStarts() throws {
    try expect(
      ["Unsqueeze", "Unsqueeze", "LSTM", "Squeeze"], of: longShortTermMemory([0, 1, 2], start: "s"), gates: 4,
      arguments: ", %s: f32[2, 5]")
  }

  @Test func otherStepsStay() throws {
    func expectUnrolled(_ body: String, _ gates: Int, outputs: [String] = ["y"]) throws {
      let left = try Simplification("%x: f32[3, 2, 4]", body, outputs: outputs, resources: weights(gates: gates))
      #expect(!left.operations.contains("LSTM") && !left.operations.contains("GRU"))
    }
    let memory = longShortTermMemory([0, 1, 2])
    try expectUnrolled(memory, 4, outputs: ["y", "c1"])
    try expectUnrolled(memory.replacing("Sigmoid(%o1)", with: "Tanh(%o1)"), 4)
    try expectUnrolled(memory.replacing("Gemm(%h1, %r, %c)", with: "Gemm(%h0, %r, %c)"), 4)
    try expectUnrolled(memory.replacing("%k2 = Mul(%sf2, %c1)", with: "%k2 = Mul(%sf2, %c0)"), 4)
    try expectUnrolled(
      memory.replacing("Gemm(%h1, %r, %c) {transB = 1}", with: "Gemm(%h1, %r, %c) {alpha = 0.5, transB = 1}"), 4)
    let unit = gatedUnit([0, 1, 2])
    try expectUnrolled(unit.replacing("%d2 = Sub(%h1, %n2)", with: "%d2 = Sub(%h0, %n2)"), 3)
    try expectUnrolled(unit.replacing("%hr1, %hz1, %hn1", with: "%hz1, %hr1, %hn1"), 3)
  }

  // MARK: Directions

  @Test func directionsRunAtOnce() throws {
    let body = """
      %axis = constant [1] : i64[1]
      %f, %fh, %fc = LSTM(%x, %w0, %r0, %b0) {hidden_size = 5}
      %b, %bh, %bc = LSTM(%x, %w1, %r1, %b1) {direction = "reverse", hidden_size = 5}
      %sf = Squeeze(%f, %axis)
      %sb = Squeeze(%b, %axis)
      %y = Concat(%sf, %sb) {axis = 2}
      """
    let resources = (0...1).flatMap { [("w\($0)", [1, 20, 4]), ("r\($0)", [1, 20, 5]), ("b\($0)", [1, 40])] }
    func simplified(_ body: String, outputs: [String] = ["y"]) throws -> Simplification {
      try Simplification("%x: f32[3, 2, 4]", body, outputs: outputs, resources: resources, numerics: .exact)
    }
    try simplified(body).expect(["LSTM", "Transpose", "Reshape"], tolerance: 0)
    try simplified(body, outputs: ["y", "bh"]).expectUnchanged()
    try simplified(body.replacing("direction = \"reverse\", ", with: "")).expectUnchanged()
    let lengths = body.replacing("%b0)", with: "%b0, %n)").replacing("%b1)", with: "%b1, %n)")
    try simplified("%n = constant [3, 2] : i32[2]\n" + lengths).expectUnchanged()
  }

  @Test func zerosAreNoState() throws {
    let body = """
      %zeros = constant splat 0 : f32[1, 2, 5]
      %y, %h, %c = LSTM(%x, %w, %r, %b, _, %zeros, %s) {hidden_size = 5}
      """
    let weights = [("w", [1, 20, 4]), ("r", [1, 20, 5]), ("b", [1, 40])]
    let left = try Simplification("%x: f32[3, 2, 4], %s: f32[1, 2, 5]", body, resources: weights, numerics: .exact)
    try left.expect(["LSTM"], tolerance: 0)
    #expect(left.after.main.operations.first { $0.is(.lstm) }?.operand(5) == nil)
    #expect(left.after.main.operations.first { $0.is(.lstm) }?.operand(6) != nil)
    try Simplification(
      "%x: f32[3, 2, 4], %s: f32[1, 2, 5]", body.replacing("splat 0", with: "splat -0.0"), resources: weights
    ).expectUnchanged()
  }
}
