import IR
import Testing

@testable import Passes

@Suite struct FreezeDefaultsTests {
  private let module = Module(name: "m")

  /// `Relu(w)` and `Relu(x)`, where the argument `w` has a default and `x` has none.
  init() throws {
    let builder = Builder(module, at: .end(of: module.main))
    let literal = try TensorLiteral(.float32, [1], bytes: [0, 0, 128, 63])
    let type = ValueType.tensor(.float32, [.known(1)])
    let weight = builder.addArgument(to: module.main, name: "w", type: type, default: literal)
    let input = builder.addArgument(to: module.main, name: "x", type: type)
    let results = [weight, input].compactMap { argument in
      builder.insert(.relu, operands: [argument], results: [.init(ByteString("y." + argument.name.text))]).result()
    }
    for result in results { builder.addOutput(to: module.main, .init(name: result.name, type: type)) }
    builder.insertReturn(results)
  }

  private func run(_ pass: FreezeDefaults) throws -> PassContext {
    let context = PassContext(module, pass: FreezeDefaults.name, isStrict: true)
    try pass.run(on: module, context)
    return context
  }

  @Test func anArgumentWithADefaultBecomesAConstantOfItsName() throws {
    let context = try run(FreezeDefaults())
    #expect(module.main.arguments.map(\.name) == ["x"])
    #expect(module.main.arguments.map(\.index) == [0])
    let first = try #require(module.main.first)
    #expect(first.isConstant)
    #expect(first.result()?.name == "w")
    #expect(first.result()?.uses.map(\.owner.place) == ["node 'y.w' (Relu)"])
    #expect(try first.literal?.smallBytes() == [0, 0, 128, 63])
    #expect(context.statistics.map(\.count) == [1])
  }

  @Test func aSecondRunChangesNothing() throws {
    _ = try run(FreezeDefaults())
    #expect(try run(FreezeDefaults()).rewriter.mutationCount == 0)
  }

  @Test func excludedArgumentsStay() throws {
    var pass = FreezeDefaults()
    pass.exclude = [try Glob("w")]
    #expect(try run(pass).rewriter.mutationCount == 0)
    #expect(module.main.arguments.map(\.name) == ["w", "x"])
  }

  @Test func aGlobIsForArgumentsWithADefault() throws {
    var pass = FreezeDefaults()
    pass.include = [try Glob("x")]
    #expect(throws: ModelError.self) { try run(pass) }
  }
}
