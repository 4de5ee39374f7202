import IR
import Testing

@testable import Passes

@Suite struct PruneTests {
  static let weights: [Float] = [0.5, -0.25, 0, -0.0, .leastNonzeroMagnitude, .infinity, -3, 0.25, 2, 0.125, -0.125, 7]

  static func model(_ weights: [Float], _ columns: Int) -> String {
    let values = weights.map { $0.isInfinite ? "inf" : "\($0)" }.joined(separator: ", ")
    let type = "f32[\(weights.count / columns), \(columns)]"
    return """
      module "m" vocabulary {"" = 28} target {"" = 17} {
        graph @main(%x: f32[*]) -> (y: f32[*]) {
          %w = constant [\(values)] : \(type)
          %y = MatMul(%x, %w) : f32[*]
          return %y
        }
      }
      """
  }

  /// The weight after pruning.
  static func pruned(_ weights: [Float], _ configure: (inout Prune) -> Void) throws -> [Float] {
    let module = try Module.parse(model(weights, 2))
    var pass = Prune()
    pass.minElements = 1
    configure(&pass)
    try pass.run(on: module, PassContext(module, pass: "prune"))
    return try Quant8Tests.floats(try Quant8Tests.constant(module, "w"))
  }

  @Test(arguments: [0, 0.1, 0.25, 0.5, 0.75, 1]) func makesExactlyTheFractionZero(_ sparsity: Double) throws {
    let weights = MagnitudeSelectionTests.floats(2001 * 2, seed: 9)
    let after = try Self.pruned(weights) { $0.sparsity = sparsity }
    #expect(after.count { $0 == 0 } == Int(sparsity * 4002))
    let survivors = zip(weights, after).filter { $0.1 != 0 }
    #expect(survivors.allSatisfy { $0.0.bitPattern == $0.1.bitPattern })
    let lost = zip(weights, after).filter { $0.1 == 0 }.map(\.0.magnitude).max() ?? 0
    #expect(survivors.allSatisfy { $0.0.magnitude >= lost })
  }

  @Test func takesTiesInOrderAndKeepsSpecialValues() throws {
    let after = try Self.pruned(Self.weights) { $0.sparsity = 0.5 }
    let expected: [Float] = [0.5, 0, 0, 0, 0, .infinity, -3, 0.25, 2, 0, 0, 7]
    #expect(after.map(\.bitPattern) == expected.map(\.bitPattern))
  }

  @Test func zeroesAllBelowAThreshold() throws {
    let after = try Self.pruned(Self.weights) { $0.threshold = 0.25 }
    let expected: [Float] = [0.5, -0.25, 0, 0, 0, .infinity, -3, 0.25, 2, 0, 0, 7]
    #expect(after.map(\.bitPattern) == expected.map(\.bitPattern))
  }

  @Test(arguments: [0.01, 0.05, 0.3]) func staysWithinTheErrorAndUsesIt(_ bound: Double) throws {
    let weights = MagnitudeSelectionTests.floats(4002, seed: 10)
    let after = try Self.pruned(weights) { $0.maxError = bound }
    func squares(_ values: [Float]) -> Double { values.reduce(0) { $0 + Double($1) * Double($1) } }
    let lost = zip(weights, after).filter { $0.1 == 0 }.map(\.0)
    let next = zip(weights, after).filter { $0.1 != 0 }.map(\.0).min { $0.magnitude < $1.magnitude } ?? 0
    #expect(squares(lost) <= bound * bound * squares(weights))
    #expect(squares(lost + [next]) > bound * bound * squares(weights))
  }

  @Test func choosesAmongAllTensorsTogether() throws {
    let text = """
      module "m" vocabulary {"" = 28} target {"" = 17} {
        graph @main(%x: f32[*]) -> (z: f32[*]) {
          %a = constant [1.0, 2.0, 3.0, 4.0] : f32[2, 2]
          %b = constant [0.5, 8.0, -1.0, 9.0] : f32[2, 2]
          %y = MatMul(%x, %a) : f32[*]
          %z = MatMul(%y, %b) : f32[*]
          return %z
        }
      }
      """
    let module = try Module.parse(text)
    var pass = Prune()
    (pass.minElements, pass.scope, pass.sparsity) = (1, .global, 0.25)
    try pass.run(on: module, PassContext(module, pass: "prune"))
    #expect(try Quant8Tests.floats(try Quant8Tests.constant(module, "a")) == [0, 2, 3, 4])
    #expect(try Quant8Tests.floats(try Quant8Tests.constant(module, "b")) == [0, 8, -1, 9])
  }

  @Test func tellsWhatQuant8NeedsWithoutAnotherRead() throws {
    let module = try Module.parse(Self.model(MagnitudeSelectionTests.floats(4096, seed: 11), 64))
    let context = PassContext(module, pass: "prune")
    var pass = Prune()
    pass.sparsity = 0.3
    try pass.run(on: module, context)
    let masked = try Quant8Tests.constant(module, "w")
    let derived = try #require(context.analyses.known(ChannelRanges.self, of: masked))
    let fresh = try ChannelRanges.of(masked, derived.layout, PassContext(module, pass: "quant8"))
    #expect(derived.largest == fresh.largest)
    #expect(derived.layout.axis == 1)
  }

  @Test func refusesNaNAndTwoGoals() throws {
    let module = try Module.parse(Self.model(Self.weights, 2).replacing("inf", with: "nan"))
    var pass = Prune()
    pass.minElements = 1
    let refusal = #expect(throws: ModelError.self) { try pass.run(on: module, PassContext(module, pass: "prune")) }
    #expect(refusal?.place == "tensor 'w'")
    (pass.sparsity, pass.threshold) = (0.5, 1)
    #expect(throws: ModelError.self) { try pass.run(on: module, PassContext(module, pass: "prune")) }
  }

  @Test func saysSoWhereNothingIsToDo() throws {
    let module = try Module.parse(Self.model(Self.weights, 2))
    let context = PassContext(module, pass: "prune")
    try Prune().run(on: module, context)
    #expect(context.rewriter.mutationCount == 0)
    #expect(context.remarks.map(\.message) == ["nothing to prune: 0 of 1 weights eligible: 1 under 1024 elements"])
  }
}
