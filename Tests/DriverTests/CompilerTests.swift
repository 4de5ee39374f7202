import Backends
import IR
import Passes
import Testing

@testable import Driver

@Suite struct CompilerTests {
  private let bench = Bench()

  @Test func textWithoutAnOutputIsShownAsText() throws {
    try bench.compile(try bench.file("m.mir", sampleModel))
    #expect(bench.output == sampleModel)
    #expect(bench.error.isEmpty)
  }

  @Test func theResultOfPassesIsShown() throws {
    try bench.compile(try bench.file("m.mir", sampleModel), "freeze-defaults")
    #expect(bench.output.contains("%b = constant [1.0, 2.0] : f32[2]"))
  }

  @Test func anOutputIsWrittenInTheFormatOfItsSuffix() throws {
    let input = try bench.file("m.mir", sampleModel)
    try bench.compile(input) { $0.output = .file(bench.path("copy.mir")) }
    #expect(bench.contents("copy.mir")?.hasPrefix("module \"m\"") == true)
    try bench.compile(input) { $0.output = .file(bench.path("copy.dot")) }
    #expect(bench.contents("copy.dot")?.hasPrefix("digraph \"m\" {") == true)
    #expect(bench.output.isEmpty && bench.error.isEmpty)
  }

  @Test func anUnknownSuffixIsRefused() throws {
    let input = try bench.file("m.mir", sampleModel)
    let error = #expect(throws: ModelError.self) {
      try bench.compile(input) { $0.output = .file(bench.path("copy.xyz")) }
    }
    #expect(error?.kind == .usage)
  }

  @Test func statisticsTellBeforeAndAfter() throws {
    try bench.compile(try bench.file("m.mir", sampleModel), "freeze-defaults") {
      $0.statistics = .text
      $0.emit = OutputFormat.none
    }
    #expect(
      bench.error == """
                      before     after
        bytes            221         -
        operations         2         2
        parameters         2         2
        zeros              0         0
        target      opset 17  opset 17
        freeze-defaults: 1 of 1 arguments with a default are constants now
        1  freeze-defaults  arguments frozen

        """)
  }

  @Test func statisticsAsJSONAreOneLine() throws {
    try bench.compile(try bench.file("m.mir", sampleModel), "freeze-defaults") {
      $0.statistics = .json
      $0.emit = OutputFormat.none
    }
    #expect(bench.error.hasPrefix(#"{"before": {"bytes": 221, "operations": 2, "parameters": 2, "int8": 0, "#))
    #expect(bench.error.filter { $0 == "\n" }.count == 1)
  }

  @Test func remarksGoToTheirFile() throws {
    try bench.compile(try bench.file("m.mir", sampleModel), "freeze-defaults") {
      $0.remarksPath = bench.path("remarks")
      $0.emit = OutputFormat.none
    }
    let remarks = try #require(bench.contents("remarks"))
    #expect(remarks.contains(#""pass": "freeze-defaults", "place": null, "message": "1 of 1"#))
  }

  @Test func theModuleIsPrintedBetweenPasses() throws {
    try bench.compile(try bench.file("m.mir", sampleModel), "freeze-defaults,freeze-defaults") {
      $0.printing.changed = true
      $0.emit = OutputFormat.none
    }
    #expect(bench.error.components(separatedBy: "// *** after freeze-defaults\n").count == 2)
  }

  @Test func bisectionLeavesPassesOut() throws {
    try bench.compile(try bench.file("m.mir", sampleModel), "freeze-defaults") { $0.bisectionLimit = 0 }
    #expect(bench.output == sampleModel)
    #expect(bench.error == "BISECT: NOT running pass (1) freeze-defaults\n")
  }

  @Test func aGlobThatMatchesNothingIsAUsageError() throws {
    let input = try bench.file("m.mir", sampleModel)
    let error = #expect(throws: ModelError.self) { try bench.compile(input, "freeze-defaults{include=c}") }
    #expect(error?.kind == .usage)
    #expect(error?.message == "freeze-defaults: include=c matches nothing; did you mean 'b'?")
  }

  @Test func anInvalidModelIsRefusedWithItsPlace() throws {
    let input = try bench.file("bad.mir", sampleModel.replacing("Relu(%s)", with: "Relu(%t)"))
    let error = #expect(throws: ModelError.self) { try bench.compile(input) }
    #expect(error?.kind == .invalidModel)
    #expect(error?.file == input)
    #expect(error?.place != nil)
  }
}
