import IR
import Testing

@Suite struct ClonerTests {
  private static let text = """
    module "m" vocabulary {"" = 28} target {"" = 17} with {documentation = "d"} {
      graph @g(%x: f32[n, 2] with {documentation = "x"}, %c: bool[]) -> (y: f32[n, 2]) {
        %w = constant operation [1.0, 2.0] : f32[2] loc("w", fold)
        %a = Add(%x, %w) with {documentation = "a"} : f32[n, 2] declared
        %y, _ = Dropout(%a)
        %z = If(%c) {
          else_branch = graph @e() -> (e: ?) { %e = Relu(%a) return %e },
          then_branch = graph @t() -> (t: ?) { %i = If(%c) {
            else_branch = graph @f() -> (f: ?) { return %w },
            then_branch = graph @h() -> (h: ?) { return %x }
          } return %i }
        }
        %f = "d"::F:o(%z, _)
        return %y
      }
      function "d"::F:o(%p: ?, %q: ?) -> (r: ?) attributes {alpha, beta = 1} opsets {"" = 17} {
        %r = Elu(%p) {alpha = float $alpha}
        return %r
      }
    }
    """

  @Test func aCloneIsEqualAndWhole() throws {
    let module = try Module.parse(Self.text)
    let copy = module.clone()
    #expect(try copy.difference(from: module) == nil)
    #expect(try copy.text(.complete) == module.text(.complete))
    try copy.verify()
    let originals = Set(operations(of: module))
    #expect(operations(of: copy).allSatisfy { !originals.contains($0) })
    for operation in operations(of: copy) {
      #expect(operation.operands.allSatisfy { $0?.parent?.module == nil || $0?.parent?.module === copy })
    }
  }

  @Test func changingACloneLeavesTheModuleAlone() throws {
    let module = try Module.parse(Self.text)
    let before = try module.text(.complete)
    let copy = module.clone()
    let rewriter = Rewriter(copy, pass: "test")
    for operation in operations(of: copy) where operation.is(.relu) { rewriter.setDefinition(of: operation, to: .neg) }
    let add = try #require(operations(of: copy).first { $0.is(.add) })
    rewriter.setOperand(0, of: add, to: add.operand(1))
    rewriter.setTarget(domain: "", to: 21)
    #expect(try module.text(.complete) == before)
    #expect(try copy.text(.complete) != before)
    #expect(copy.freshName("a") == "a_1")
  }

  @Test func literalsAreShared() throws {
    let module = try Module.parse(Self.text)
    let copy = module.clone()
    #expect(module.main.first?.literal?.source == copy.main.first?.literal?.source)
  }

  private func operations(of module: Module) -> [Operation] {
    var found: [Operation] = []
    module.forEachOperation { found.append($0) }
    return found
  }
}
