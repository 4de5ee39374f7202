import Testing

@testable import IR

@Suite struct RewriterTests {
  /// ONNX Runtime refuses a model with two nodes of one name.
  @Test func oneOfSeveralReplacementsTakesTheNameOfTheOperation() throws {
    let module = try Module.parse(
      """
      module "m" vocabulary {"" = 28} target {"" = 28} {
        graph @main(%x: f32[4]) -> (a: f32[*], b: f32[*]) {
          %a, %b = Split(%x) {num_outputs = 2} loc("split")
          return %a, %b
        }
      }
      """)
    let split = try #require(module.main.first)
    let rewriter = Rewriter(module, pass: "test")
    let halves = try [Int64(0), 1].map { start in
      let bounds = try [start * 2, start * 2 + 2].map {
        try rewriter.insertConstant(.integers([Int($0)]), name: "bound", before: split)
      }
      return try rewriter.insertValue(
        .slice, [module.main.arguments[0]] + bounds, before: split, name: "half")
    }
    try rewriter.replace(split, with: halves)
    let names = module.main.operations.filter { $0.is(.slice) }.map(\.location.name)
    #expect(names == ["split", ""])
    #expect(halves.map(\.name) == ["a", "b"])
  }
}
