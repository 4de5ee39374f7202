import IR
import Testing

@testable import Passes

@Suite struct FoldTests {
  @Test func operationsOnConstantsBecomeConstants() throws {
    try expect(
      Fold(),
      makes: """
        graph @main(%x: f32[2]) -> (y: f32[2]) {
          %a = constant [1.0, 2.0] : f32[2]
          %b = constant [3.0, 4.0] : f32[2, 1]
          %c = Squeeze(%b) : f32[2]
          %d = Mul(%a, %c) : f32[2]
          %y = Add(%x, %d) : f32[2]
          return %y
        }
        """,
      into: """
        graph @main(%x: f32[2]) -> (y: f32[2]) {
          %a = constant [1.0, 2.0] : f32[2]
          %b = constant [3.0, 4.0] : f32[2, 1]
          %c = constant [3.0, 4.0] : f32[2]
          %d = constant [3.0, 8.0] : f32[2]
          %y = Add(%x, %d) : f32[2]
          return %y
        }
        """)
  }

  @Test func whatFollowsFromKnownShapesIsConstant() throws {
    let simplified = try module(
      """
      graph @main(%x: f32[n, 3, 4]) -> (y: f32[n, 12]) {
        %s = Shape(%x) : i64[3]
        %one = constant [1] : i64[]
        %two = constant [2] : i64[]
        %c = Gather(%s, %one) : i64[]
        %h = Gather(%s, %two) : i64[]
        %m = Mul(%c, %h) : i64[]
        %axes = constant [0] : i64[1]
        %k = Unsqueeze(%m, %axes) : i64[1]
        %free = constant [-1] : i64[1]
        %t = Concat(%free, %k) {axis = 0} : i64[2]
        %y = Reshape(%x, %t) : f32[n, 12]
        return %y
      }
      """)
    try run(Fold(), on: simplified)
    try run(DCE(), on: simplified)
    #expect(
      try simplified.text()
        == module(
          """
          graph @main(%x: f32[n, 3, 4]) -> (y: f32[n, 12]) {
            %t = constant [-1, 12] : i64[2]
            %y = Reshape(%x, %t) : f32[n, 12]
            return %y
          }
          """
        ).text())
  }

  @Test func whatDependsOnAFreeDimensionStays() throws {
    try expect(
      Fold(),
      leaves: """
        graph @main(%x: f32[n, 3]) -> (y: i64[2]) {
          %s = Shape(%x) : i64[2]
          return %s
        }
        """)
  }

  @Test func randomAndEncodedAndDefaultedValuesStay() throws {
    try expect(
      Fold(),
      leaves: """
        graph @main(%w: f32[2] = [1.0, 2.0] : f32[2]) -> (a: f32[2], b: f32[2], c: f32[2]) {
          %a = Relu(%w) : f32[2]
          %k = constant [1.0, 2.0] : f32[2]
          %b = RandomNormalLike(%k) : f32[2]
          %q = constant [1, 2] : i8[2]
          %s = constant [0.5] : f32[]
          %c = DequantizeLinear(%q, %s) : f32[2]
          return %a, %b, %c
        }
        """)
  }

  @Test func aBombIsLeftInPlace() throws {
    try expect(
      Fold(),
      leaves: """
        graph @main() -> (a: f32[60000, 60000], b: i64[?]) {
          %shape = constant [60000, 60000] : i64[2]
          %a = ConstantOfShape(%shape) : f32[60000, 60000]
          %from = constant [0] : i64[]
          %to = constant [3000000000] : i64[]
          %step = constant [1] : i64[]
          %b = Range(%from, %to, %step) : i64[3000000000]
          return %a, %b
        }
        """, saying: "14400000000 bytes")
  }

  @Test func loopsAndTilesThatExplodeAreLeftInPlace() throws {
    try expect(
      Fold(),
      leaves: """
        graph @main() -> (y: f32[], z: f32[?]) {
          %n = constant [1099511627776] : i64[]
          %x = constant [1.0] : f32[]
          %y = Loop(%n, _, %x) {
            body = graph @body(%i: i64[], %c: bool[], %v: f32[]) -> (d: bool[], w: f32[]) {
              %w = Add(%v, %x) : f32[]
              return %c, %w
            }
          } : f32[]
          %one = constant [1.0] : f32[1]
          %many = constant [1000000] : i64[1]
          %t = Tile(%one, %many) : f32[1000000]
          %z = Tile(%t, %many) : f32[1000000000000]
          return %y, %z
        }
        """, saying: "it would take")
  }

  @Test func aConstantThatGrowsTheModelIsNotWrittenButWhatFollowsIs() throws {
    let before = """
      graph @main() -> (a: f32[2000], b: f32[1]) {
        %shape = constant [2000] : i64[1]
        %a = ConstantOfShape(%shape) : f32[2000]
        %axes = constant [0] : i64[1]
        %b = ReduceMax(%a, %axes) : f32[1]
        return %a, %b
      }
      """
    try expect(
      Fold(), makes: before,
      into: """
        graph @main() -> (a: f32[2000], b: f32[1]) {
          %shape = constant [2000] : i64[1]
          %a = ConstantOfShape(%shape) : f32[2000]
          %axes = constant [0] : i64[1]
          %b = constant [0.0] : f32[1]
          return %a, %b
        }
        """)
    var generous = Fold()
    generous.growth = .kibibytes(8)
    let grown = try module(before)
    try run(generous, on: grown)
    try run(DCE(), on: grown)
    #expect(grown.main.operations.map(\.definition.name) == ["constant", "constant", "return"])
  }

  /// What one operation may cost, two may cost twice: a chain is folded where it would leave its last operation alone.
  @Test func aConstantMayCostMoreWhereMoreGoes() throws {
    let before = """
      graph @main(%x: f32[2000]) -> (y: f32[2000]) {
        %shape = constant [2000] : i64[1]
        %a = ConstantOfShape(%shape) : f32[2000]
        %b = Neg(%a) : f32[2000]
        %y = Add(%x, %b) : f32[2000]
        return %y
      }
      """
    let folded = try module(before)
    try run(Fold(), on: folded)
    try run(DCE(), on: folded)
    #expect(folded.main.operations.map(\.definition.name) == ["constant", "Add", "return"])
    let shared = try module(before.replacing("Add(%x, %b)", with: "Sum(%x, %b, %a)"))
    try run(Fold(), on: shared)
    #expect(shared.main.operations.contains { $0.is(.neg) })
  }

  @Test func aConstantMayReplaceOneOfItsSize() throws {
    let folded = try module(
      """
      graph @main(%x: f32[1, 1000]) -> (y: f32[1, 2000]) {
        %w = constant #w : f32[2000, 1000]
        %t = Transpose(%w) {perm = [1, 0]} : f32[1000, 2000]
        %y = MatMul(%x, %t) : f32[1, 2000]
        return %y
      }
      """.replacing("constant #w", with: "ConstantOfShape(%shape)").replacing(
        "%w =", with: "%shape = constant [2000, 1000] : i64[2]\n%w ="))
    let shared = try TensorLiteral(.float32, [2000, 1000], bytes: [UInt8](repeating: 1, count: 8_000_000))
    let operation = try #require(folded.main.operations.first { $0.definition.name == "ConstantOfShape" })
    let context = PassContext(folded, pass: "test")
    let weight = try context.rewriter.insertConstant(shared, name: "weight", before: operation)
    try context.rewriter.replace(operation, with: [weight])
    try run(Fold(), on: folded)
    let product = try #require(folded.main.operations.first { $0.definition.name == "MatMul" })
    let transposed = try #require(product.operand(1)?.literal)
    guard case .whole = transposed.source else {
      Issue.record("made at once")
      return
    }
  }

  @Test func roundingIsForbiddenToExactNumerics() throws {
    let text = """
      graph @main() -> (y: f32[1]) {
        %a = constant [2.0] : f32[1]
        %y = Exp(%a) : f32[1]
        return %y
      }
      """
    try expect(Fold(), leaves: text, saying: "numerics=exact", numerics: .exact)
    let folded = try module(text)
    try run(Fold(), on: folded)
    #expect(folded.main.first?.next?.isConstant == true)
  }

  @Test func undefinedOperationsStay() throws {
    try expect(
      Fold(),
      leaves: """
        graph @main() -> (y: i64[1], z: f32[]) {
          %a = constant [1] : i64[1]
          %b = constant [0] : i64[1]
          %y = Div(%a, %b) : i64[1]
          %data = constant [1.0, 2.0] : f32[2]
          %far = constant [7] : i64[]
          %z = Gather(%data, %far) : f32[]
          return %y, %z
        }
        """, saying: "division 1 / 0")
  }

  @Test func regionsAreFoldedToo() throws {
    try expect(
      Fold(),
      makes: """
        graph @main(%c: bool[]) -> (y: f32[1]) {
          %a = constant [2.0] : f32[1]
          %y = If(%c) {
            then_branch = graph @t() -> (r: f32[1]) {
              %r = Neg(%a) : f32[1]
              return %r
            },
            else_branch = graph @e() -> (s: f32[1]) {
              %s = Sqrt(%a) : f32[1]
              return %s
            }
          } : f32[1]
          return %y
        }
        """,
      into: """
        graph @main(%c: bool[]) -> (y: f32[1]) {
          %a = constant [2.0] : f32[1]
          %y = If(%c) {
            then_branch = graph @t() -> (r: f32[1]) {
              %r = constant [-2.0] : f32[1]
              return %r
            },
            else_branch = graph @e() -> (s: f32[1]) {
              %s = constant [1.4142135] : f32[1]
              return %s
            }
          } : f32[1]
          return %y
        }
        """)
  }
}
