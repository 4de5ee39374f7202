import Testing

@testable import IR

/// An operation is to be inferred again where something that its types follow from has changed, and only there.
@Suite struct StaleTypesTests {
  private func module() throws -> Module {
    try Module.parse(
      """
      module "m" vocabulary {"" = 28} target {"" = 28} {
        graph @main(%x: f32[2, 3], %z: f32[6]) -> (y: f32[*]) {
          %s = constant [3, 2] : i64[2]
          %a = Neg(%x)
          %r = Reshape(%a, %s)
          %y = Relu(%r)
          return %y
        }
      }
      """)
  }

  private func operation(_ definition: OpDefinition, in module: Module) throws -> Operation {
    try #require(module.main.operations.first { $0.is(definition) })
  }

  private func stale(in module: Module) -> [String] {
    module.main.operations.filter { $0.mayInferMore && !$0.is(.return) }.map(\.definition.name.text)
  }

  @Test func nothingIsStaleOnceAllIsInferred() throws {
    let module = try module()
    #expect(stale(in: module) == [])
    try module.inferTypes()
    #expect(stale(in: module) == [])
  }

  @Test func aChangeMakesStaleWhatFollowsFromIt() throws {
    let module = try module()
    let rewriter = Rewriter(module, pass: "test")
    let reshape = try operation(.reshape, in: module)
    rewriter.setOperand(0, of: reshape, to: module.main.arguments[1])
    #expect(stale(in: module) == ["Reshape"])
    try reshape.inferTypes()
    #expect(stale(in: module) == [])
    rewriter.setDefinition(of: try operation(.neg, in: module), to: .abs)
    #expect(stale(in: module) == ["Abs"])
    rewriter.setAttribute("allowzero", of: reshape, to: .int(1))
    #expect(stale(in: module) == ["Abs", "Reshape"])
  }

  @Test func anotherConstantMakesItsUsersStaleThoughItsTypeIsTheSame() throws {
    let module = try module()
    let rewriter = Rewriter(module, pass: "test")
    let shape = try #require(module.main.operations.first { $0.isConstant })
    let reshape = try operation(.reshape, in: module)
    reshape.result()?.type = .unknown
    try operation(.relu, in: module).inferTypes()
    try rewriter.setLiteral(of: shape, to: try .integers([6, 1]))
    #expect(stale(in: module) == ["Reshape"])
    try reshape.inferTypes()
    #expect(reshape.result()?.tensorType?.shape == [6, 1])
    #expect(stale(in: module) == ["Relu"])
  }
}
