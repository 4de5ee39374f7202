import IR
import Testing

@testable import Passes

@Suite struct InferShapesTests {
  @Test func whatIsInferredIsDeclared() throws {
    let module = try module(
      """
      graph @main(%x: f32[n, 3]) -> (y: f32[*]) {
        %a = Relu(%x)
        %y = Transpose(%a) {perm = [1, 0]}
        return %y
      }
      """)
    let values = module.main.operations.flatMap(\.presentResults)
    #expect(values.map(\.declaredType) == [nil, nil])
    let context = try run(InferShapes(), on: module)
    let n = Dimension.symbol("n")
    #expect(
      values.map(\.declaredType) == [
        .tensor(.float32, [n, .known(3)]), .tensor(.float32, [.known(3), n]),
      ])
    #expect(context.statistics.map(\.count) == [2])
    #expect(try run(InferShapes(), on: module).rewriter.mutationCount == 0)
  }
}
