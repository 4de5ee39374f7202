import IR
import Testing

@testable import Passes

@Suite struct CanonicalizeNoOpTests {
  /// Expects the operations of `body`, which make `%y` of `%x`, to leave nothing but `Neg(%x)` and constants that are
  /// no longer used.
  private func expectNothing(
    _ body: String, x: String, y: String? = nil, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let simplified = try module(
      "graph @main(%x: \(x)) -> (z: \(y ?? x)) {\n\(body)\n%z = Neg(%y) : \(y ?? x)\nreturn %z\n}")
    try run(Canonicalize(), on: simplified)
    try run(DCE(), on: simplified)
    let names = simplified.main.operations.map(\.definition.name)
    #expect(names == ["Neg", "return"], sourceLocation: location)
    #expect(simplified.main.first?.operand(0)?.name == "x", sourceLocation: location)
  }

  /// Expects the operations of `body` to stay.
  private func expectStays(
    _ body: String, x: String, y: String? = nil, saying remark: String = "",
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    try expect(
      Canonicalize(), leaves: "graph @main(%x: \(x)) -> (y: \(y ?? x)) {\n\(body)\nreturn %y\n}", saying: remark,
      location)
  }

  @Test func operationsThatChangeNothingGo() throws {
    try expectNothing("%y = Identity(%x) : f32[n]", x: "f32[n]")
    try expectNothing("%y = Cast(%x) {to = 1} : f32[n]", x: "f32[n]")
    try expectNothing("%y, _ = Dropout(%x) : f32[n]", x: "f32[n]")
    try expectNothing("%y = Transpose(%x) {perm = [0, 1]} : f32[n, m]", x: "f32[n, m]")
    try expectNothing("%s = constant [-1, 3] : i64[2]\n%y = Reshape(%x, %s) : f32[n, 3]", x: "f32[n, 3]")
    try expectNothing("%s = constant [-1, 3] : i64[2]\n%y = Reshape(%x, %s) : f32[?, 3]", x: "f32[?, 3]")
    try expectNothing("%s = constant [1, 3] : i64[2]\n%y = Expand(%x, %s) : f32[n, 3]", x: "f32[n, 3]")
    try expectNothing("%p = constant [0, 0] : i64[2]\n%y = Pad(%x, %p) : f32[n]", x: "f32[n]")
    try expectNothing("%r = constant [1, 1] : i64[2]\n%y = Tile(%x, %r) : f32[n, m]", x: "f32[n, m]")
    try expectNothing("%y = Concat(%x) {axis = 0} : f32[n]", x: "f32[n]")
    try expectNothing("%y = Split(%x) {num_outputs = 1} : f32[n]", x: "f32[n]")
    try expectNothing("%y = Max(%x) : f32[n]", x: "f32[n]")
    try expectNothing("%y = Clip(%x) : f32[n]", x: "f32[n]")
    try expectNothing("%y = ReduceSum(%x) {noop_with_empty_axes = 1} : f32[n]", x: "f32[n]")
    try expectNothing(
      "%a = constant [0] : i64[1]\n%e = constant [9223372036854775807] : i64[1]\n%y = Slice(%x, %a, %e) : f32[n, 2]",
      x: "f32[n, 2]")
  }

  @Test func operationsThatChangeSomethingStay() throws {
    try expectStays("%y = Cast(%x) {to = 10} : f16[n]", x: "f32[n]", y: "f16[n]")
    try expectStays("%y = Transpose(%x) {perm = [1, 0]} : f32[n, n]", x: "f32[n, n]")
    try expectStays("%s = constant [3, -1] : i64[2]\n%y = Reshape(%x, %s) : f32[3, ?]", x: "f32[?, 3]", y: "f32[3, ?]")
    try expectStays("%s = constant [2, 1] : i64[2]\n%y = Expand(%x, %s) : f32[2, n]", x: "f32[1, n]", y: "f32[2, n]")
    try expectStays(
      """
      %a = constant [-1] : i64[1]
      %e = constant [-9223372036854775808] : i64[1]
      %ax = constant [0] : i64[1]
      %y = Slice(%x, %a, %e, %ax, %a) : f32[4]
      """, x: "f32[4]")
  }

  @Test func aScatterOfEverythingIsItsUpdates() throws {
    let body = "%i = constant [0, 1] : i64[2, 1]\n%s = ScatterND(%x, %i, %z)\n%y = Neg(%s)"
    try Simplification("%x: f32[2, 3], %z: f32[2, 3]", body).expect(["Neg"], tolerance: 0)
    try Simplification("%x: f32[2, 3], %z: f32[2, 3]", body.replacing("[0, 1]", with: "[1, 0]"))
      .expectUnchanged()
    try Simplification("%x: f32[3, 3], %z: f32[2, 3]", body).expectUnchanged()
    try Simplification(
      "%x: f32[2, 3], %z: f32[2, 3]", body.replacing("%z)", with: "%z) {reduction = \"add\"}")
    ).expectUnchanged()
  }

  @Test func aDropoutInTrainingStays() throws {
    try expectStays(
      "%r = constant [0.5] : f32[]\n%t = constant [true] : bool[]\n%y = Dropout(%x, %r, %t) : f32[n]", x: "f32[n]")
    try expectNothing(
      "%r = constant [0.5] : f32[]\n%t = constant [false] : bool[]\n%y = Dropout(%x, %r, %t) : f32[n]", x: "f32[n]")
    try expect(
      Canonicalize(),
      leaves: """
        graph @main(%x: f32[n]) -> (y: f32[n], m: bool[n]) {
          %y, %m = Dropout(%x) : f32[n], bool[n]
          return %y, %m
        }
        """)
  }

  @Test func neutralOperandsGo() throws {
    try expectNothing("%c = constant [1.0] : f32[]\n%y = Mul(%x, %c) : f32[n]", x: "f32[n]")
    try expectNothing("%c = constant [1.0, 1.0] : f32[2]\n%y = Mul(%c, %x) : f32[n, 2]", x: "f32[n, 2]")
    try expectNothing("%c = constant [1.0] : f32[1]\n%y = Div(%x, %c) : f32[n]", x: "f32[n]")
    try expectNothing("%c = constant [0.0] : f32[]\n%y = Sub(%x, %c) : f32[n]", x: "f32[n]")
    try expectNothing("%c = constant [-0.0] : f32[]\n%y = Add(%x, %c) : f32[n]", x: "f32[n]")
    try expectNothing("%c = constant [1.0] : f32[]\n%y = Pow(%x, %c) : f32[n]", x: "f32[n]")
    try expectNothing("%c = constant [0] : i64[]\n%y = Add(%x, %c) : i64[n]", x: "i64[n]")
  }

  @Test func whatIsNotNeutralStays() throws {
    try expectStays("%c = constant [0.0] : f32[]\n%y = Add(%x, %c) : f32[n]", x: "f32[n]")
    try expectStays("%c = constant [-0.0] : f32[]\n%y = Sub(%x, %c) : f32[n]", x: "f32[n]")
    try expectStays("%c = constant [1.0] : f32[]\n%y = Div(%c, %x) : f32[n]", x: "f32[n]")
    try expectStays("%c = constant [1.0, 1.0] : f32[2]\n%y = Mul(%x, %c) : f32[2]", x: "f32[1]", y: "f32[2]")
    try expectStays("%c = constant [1.0] : f32[1, 1]\n%y = Mul(%x, %c) : f32[1, n]", x: "f32[n]", y: "f32[1, n]")
    try expectStays("%c = constant [1.0, 1.0000001] : f32[2]\n%y = Mul(%x, %c) : f32[2]", x: "f32[2]")
  }

  @Test func theSignOfAZeroGoesOnlyWhereThatIsAskedFor() throws {
    let text = """
      graph @main(%x: f32[n]) -> (y: f32[n]) {
        %c = constant [0.0] : f32[]
        %y = Add(%x, %c) : f32[n]
        return %y
      }
      """
    let simplified = try module(text)
    try run(Canonicalize(), on: simplified, numerics: .fast)
    #expect(simplified.main.terminator?.operand(0)?.name == "x")
  }

  @Test func whatUndoesItselfGoes() throws {
    try expectNothing("%a = Neg(%x) : f32[n]\n%y = Neg(%a) : f32[n]", x: "f32[n]")
    try expectNothing("%a = Transpose(%x) : f32[m, n]\n%y = Transpose(%a) : f32[n, m]", x: "f32[n, m]")
    try expectNothing(
      "%k = constant [1] : i64[1]\n%a = Unsqueeze(%x, %k) : f32[n, 1]\n%y = Squeeze(%a, %k) : f32[n]", x: "f32[n]")
  }

  @Test func repeatedOperationsRunOnce() throws {
    try expect(
      Canonicalize(),
      makes: """
        graph @main(%x: f32[n]) -> (y: f32[n]) {
          %a = Relu(%x) : f32[n]
          %b = Relu(%a) : f32[n]
          %c = Ceil(%b) : f32[n]
          %y = Ceil(%c) : f32[n]
          return %y
        }
        """,
      into: """
        graph @main(%x: f32[n]) -> (y: f32[n]) {
          %a = Relu(%x) : f32[n]
          %c = Ceil(%a) : f32[n]
          return %c
        }
        """)
  }

  @Test func aMiddleValueThatIsAnOutputStays() throws {
    try expect(
      Canonicalize(),
      makes: """
        graph @main(%x: f32[2, 3, 4]) -> (a: f32[4, 3, 2], y: f32[3, 4, 2]) {
          %a = Transpose(%x) : f32[4, 3, 2]
          %y = Transpose(%a) {perm = [1, 0, 2]} : f32[3, 4, 2]
          return %a, %y
        }
        """,
      into: """
        graph @main(%x: f32[2, 3, 4]) -> (a: f32[4, 3, 2], y: f32[3, 4, 2]) {
          %a = Transpose(%x) : f32[4, 3, 2]
          %y = Transpose(%x) {perm = [1, 2, 0]} : f32[3, 4, 2]
          return %a, %y
        }
        """)
  }

  @Test func reshapesMerge() throws {
    let merged = try module(
      """
      graph @main(%x: f32[n, 2, 3]) -> (y: f32[1, n, 6]) {
        %a = Flatten(%x) : f32[n, 6]
        %k = constant [0] : i64[1]
        %y = Unsqueeze(%a, %k) : f32[1, n, 6]
        return %y
      }
      """)
    let original = merged.clone()
    try run(Canonicalize(), on: merged)
    try run(DCE(), on: merged)
    #expect(merged.main.operations.map(\.definition.name) == ["constant", "Reshape", "return"])
    #expect(merged.main.first?.result()?.contents == [.known(1), .known(-1), .known(6)])
    #expect(merged.main.first?.next?.result()?.name == "y")
    let argument = [try TensorLiteral.noise([5, 2, 3])]
    #expect(
      try outputs(of: merged, for: argument)[0].smallBytes() == outputs(of: original, for: argument)[0].smallBytes())
  }

  @Test func reshapesToTwoUnknownExtentsStay() throws {
    let body = """
      %k = constant [0] : i64[1]
      %s = constant [1, 0, 0, 6] : i64[4]
      %a = Unsqueeze(%x, %k) : f32[1, n, m, 2, 3]
      %y = Reshape(%a, %s) : f32[1, n, m, 6]
      """
    try expectStays(body, x: "f32[n, m, 2, 3]", y: "f32[1, n, m, 6]", saying: "not known")
  }

  @Test(
    arguments: [
      ("f32[n, m]", "Unsqueeze(%x, %first)", "Unsqueeze(%a, %last)", "Unsqueeze", [0, 3]),
      ("f32[n, 1, m]", "Unsqueeze(%x, %first)", "Unsqueeze(%a, %last)", "Unsqueeze", [0, 4]),
      ("f32[1, n, m, 1]", "Squeeze(%x, %last)", "Squeeze(%a, %first)", "Squeeze", [0, 3]),
      ("f32[n, m, 1]", "Squeeze(%x, %last)", "Unsqueeze(%a, %last)", "", []),
    ] as [(String, String, String, String, [Int])])
  func axesOfOneAreAllPutInOrTakenOutAtOnce(
    x: String, first: String, second: String, expected: String, axes: [Int]
  ) throws {
    let body = "%first = constant [0] : i64[1]\n%last = constant [-1] : i64[1]\n%a = \(first)\n%y = \(second)"
    let merged = try Simplification("%x: \(x)", body)
    #expect(merged.operations == [expected].filter { !$0.isEmpty })
    #expect(merged.after.main.first?.result()?.contents?.map(\.value) ?? [] == axes)
  }

  @Test func castsThatLoseNothingMerge() throws {
    try expect(
      Canonicalize(),
      makes: """
        graph @main(%x: f16[n]) -> (y: i64[n]) {
          %a = Cast(%x) {to = 1} : f32[n]
          %y = Cast(%a) {to = 7} : i64[n]
          return %y
        }
        """,
      into: """
        graph @main(%x: f16[n]) -> (y: i64[n]) {
          %y = Cast(%x) {to = 7} : i64[n]
          return %y
        }
        """)
    try expectStays(
      "%a = Cast(%x) {to = 7} : i64[n]\n%y = Cast(%a) {to = 1} : f32[n]", x: "f32[n]", saying: "may not hold")
  }
}
