import IR
import Testing

@testable import Evaluator

/// Whole graphs, read from their text.
@Suite struct InterpreterTests {
  private func module(_ body: String) throws -> Module {
    let text = "module \"m\" vocabulary {\"\" = 28} target {\"\" = 17} {\n\(body)\n}\n"
    return try Module.parse(text)
  }

  private func run(_ body: String, _ inputs: TensorLiteral?...) throws -> [RuntimeValue?] {
    try Interpreter.run(
      module(body), inputs.map { $0.map { .tensor($0) } }, budget: .running(bytes: 1 << 20))
  }

  @Test func valuesAreLetGoAfterTheirLastUse() throws {
    let module = try module(
      """
      graph @main(%x: f32[256]) -> (c: f32[256]) {
        %a = Neg(%x) : f32[256]
        %b = Neg(%a) : f32[256]
        %c = Neg(%b) : f32[256]
        return %c
      }
      """)
    let interpreter = Interpreter(module, budget: .running(bytes: 1 << 20))
    let results = try interpreter.run(module.main, [.tensor(.counting([256]))])
    #expect(try results[0]?.tensor?.floats == TensorLiteral.counting([256]).floats.map { -$0 })
    #expect(interpreter.peakBytes == 2 * 1024)
  }

  /// Somebody who watches sees every value, and so each operation is run on its own.
  @Test(arguments: [(1, "Relu(%n)"), (2, "Relu(%n)"), (4, "Relu(%n)"), (1, "Neg(%n)"), (1, "Add(%n, %c)")])
  func whatFollowsAConvolutionIsComputedWithIt(groups: Int, last: String) throws {
    let module = try Module.parse(
      """
      module "m" vocabulary {"" = 28} target {"" = 17} {
        graph @main(%x: f32[2, 4, 5, 6]) -> (y: f32[2, 4, 3, 4]) {
          %w = constant #w : f32[4, \(4 / groups), 3, 3]
          %s = constant #s : f32[4]
          %b = constant #b : f32[4]
          %m = constant #m : f32[4]
          %v = constant #v : f32[4]
          %c = Conv(%x, %w, %b) {group = \(groups)} : f32[2, 4, 3, 4]
          %n = BatchNormalization(%c, %s, %b, %m, %v) : f32[2, 4, 3, 4]
          %y = \(last) : f32[2, 4, 3, 4]
          return %y
        }
      }
      resource #w : f32[4, \(4 / groups), 3, 3] = seeded {seed = 1, low = -1}
      resource #s : f32[4] = seeded {seed = 2, low = -1}
      resource #b : f32[4] = seeded {seed = 3, low = -1}
      resource #m : f32[4] = seeded {seed = 4, low = -1}
      resource #v : f32[4] = seeded {seed = 5, low = 1}
      """)
    let input = RuntimeValue.tensor(try .f32([2, 4, 5, 6], (0..<240).map { Float($0 * 37 % 101) / 50 - 1 }))
    let budget = Evaluator.Budget.running(bytes: 1 << 20, threads: 2)
    var seen: [String] = []
    let apart = try Interpreter.run(module, [input], budget: budget) { value, _ in seen.append(value.name.text) }
    let together = try Interpreter.run(module, [input], budget: budget)
    #expect(seen == ["c", "n", "y"])
    let (expected, found) = (try #require(try apart[0]?.tensor?.floats), try #require(try together[0]?.tensor?.floats))
    #expect(found.count == expected.count && Set(expected).count > 10)
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test func loopsCarryAndStack() throws {
    let results = try run(
      """
      graph @main(%n: i64[], %x: f32[]) -> (last: f32[], all: f32[?]) {
        %go = constant [true] : bool[]
        %last, %all = Loop(%n, %go, %x) {
          body = graph @body(%i: i64[], %c: bool[], %v: f32[]) -> (d: bool[], w: f32[], s: f32[]) {
            %w = Add(%v, %x) : f32[]
            return %c, %w, %v
          }
        } : f32[], f32[?]
        return %last, %all
      }
      """, .i64(3), .f32([], [2]))
    #expect(try results[0]?.tensor?.floats == [8])
    #expect(try results[1]?.tensor?.floats == [2, 4, 6])
  }

  @Test func branchesSeeWhatIsAround() throws {
    let body = """
      graph @main(%p: bool[], %x: f32[2]) -> (y: f32[2]) {
        %y = If(%p) {
          else_branch = graph @e() -> (b: f32[2]) {
            %b = Neg(%x) : f32[2]
            return %b
          },
          then_branch = graph @t() -> (a: f32[2]) {
            %a = Add(%x, %x) : f32[2]
            return %a
          }
        } : f32[2]
        return %y
      }
      """
    #expect(try run(body, .bools([], [true]), .f32([2], [1, 2]))[0]?.tensor?.floats == [2, 4])
    #expect(try run(body, .bools([], [false]), .f32([2], [1, 2]))[0]?.tensor?.floats == [-1, -2])
  }

  @Test func anEndlessLoopMeetsTheBudget() throws {
    let module = try module(
      """
      graph @main(%x: f32[]) -> (y: f32[]) {
        %n = constant [1099511627776] : i64[]
        %y = Loop(%n, _, %x) {
          body = graph @body(%i: i64[], %c: bool[], %v: f32[]) -> (d: bool[], w: f32[]) {
            return %c, %v
          }
        } : f32[]
        return %y
      }
      """)
    #expect(throws: ModelError.self) {
      try Interpreter.run(module, [.tensor(.f32([], [1]))], budget: .init(resultBytes: 1 << 20, work: .init(1 << 16)))
    }
  }
}
