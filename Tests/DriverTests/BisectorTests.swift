import Backends
import FoundationEssentials
import Frontend
import IR
import Passes
import Testing

@testable import Driver

/// Takes signs away, and is wrong of one operation.
private struct DropSigns: Pass {
  static let name = "drop-signs"
  static let summary = "drops signs"
  static let details = "Abs(Abs x) = Abs x, and Neg x = Abs x."

  private struct DropSign: RewritePattern {
    static let roots: [OpDefinition] = [.neg, .abs]
    static let numerics = Numerics.exact

    func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
      guard let operand = operation.operand(0), let result = operation.result() else { return .noMatch }
      if operation.is(.abs), operand.definingOperation?.is(.abs) == true {
        try context.rewriter.replace(result, with: operand)
        return .rewritten
      }
      guard operation.is(.neg) else { return .noMatch }
      try context.rewriter.replace(
        operation, with: [context.rewriter.insertValue(.abs, [operand], before: operation, name: "wrong")])
      return .rewritten
    }
  }

  func run(on module: Module, _ context: PassContext) throws {
    try GreedyDriver([DropSign()]).run(on: module, context)
  }
}

@Suite struct BisectorTests {
  private let bench = Bench()

  private let model = """
    module "m" vocabulary {"" = 28, ai.onnx.ml = 5} target {"" = 17} {
      graph @main(%x: f32[4]) -> (y: f32[4]) {
        %a = Abs(%x) : f32[4]
        %b = Abs(%a) : f32[4]
        %c = Neg(%b) : f32[4]
        %d = Abs(%c) : f32[4]
        %e = Abs(%d) : f32[4]
        %f = Identity(%c) : f32[4]
        %y = Add(%e, %f) : f32[4]
        return %y
      }
    }

    """

  /// What bisecting says of the passes before the wrong one, that one, and those after it.
  private func bisect(_ before: String, _ wrong: [any Pass], _ after: String = "dce", to output: String? = nil) throws
    -> Bool
  {
    var compilation = Invocation(ModelPath(try bench.file("m.mir", model)))
    compilation.pipeline = try PipelineParser.parse(before.utf8).followed(by: Pipeline(passes: wrong))
      .followed(by: PipelineParser.parse(after.utf8))
    compilation.output = output.map { OutputDestination(bench.path($0)) }
    return try Bisector(BisectInvocation(compilation: compilation), bench.console).run()
  }

  @Test func passesThatAreRightAgree() throws {
    #expect(try bisect("canonicalize", []))
    #expect(bench.output == "the results agree after all of 2 applications of passes\n")
  }

  @Test func theFirstWrongPassIsFoundAndTheRewriteInIt() throws {
    #expect(try !bisect("dce", [DropSigns()]))
    #expect(bench.output.hasPrefix("the results differ after pass 2: drop-signs\nafter its rewrite "))
    #expect(bench.output.contains(": node 'c' (Neg): DropSign\n"))
    #expect(bench.output.hasSuffix("to see it again: mcc bisect \(bench.path("m.mir")) -passes='dce,drop-signs'\n"))
  }

  @Test func theModelBeforeThePassIsWrittenWhereThatWasAskedFor() throws {
    #expect(try !bisect("canonicalize", [DropSigns()], to: "before.mir"))
    #expect(bench.output.hasSuffix("to see it again: mcc bisect \(bench.path("before.mir")) -passes=drop-signs\n"))
    let text = try #require(bench.contents("before.mir"))
    // Canonicalize was at work, the wrong pass was not.
    #expect(!text.contains("Identity") && text.contains("Neg"))
  }
}
