import Backends
import FoundationEssentials
import IR
import Passes
import Testing

@testable import Driver

/// A folder of its own, a console that remembers, and models to compile.
private final class Bench {
  let folder = URL(filePath: NSTemporaryPath.make())
  private(set) var output = ""
  private(set) var error = ""

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  /// Writes `text` to a file and returns its path.
  func file(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: folder.appending(path: name))
    return path(name)
  }

  func path(_ name: String) -> String { folder.appending(path: name).path }

  func contents(_ name: String) -> String? { try? String(contentsOf: folder.appending(path: name), encoding: .utf8) }

  /// Compiles `input`, set up by `prepare`.
  func compile(_ input: String, _ passes: String = "", _ prepare: (inout Invocation) -> Void = { _ in }) throws {
    var invocation = Invocation(input: input)
    if !passes.isEmpty { invocation.pipeline = try PipelineParser.parse(passes.utf8) }
    prepare(&invocation)
    let console = Console(
      output: { [self] in remember($0, in: \.output) }, error: { [self] in remember($0, in: \.error) })
    try Compiler(invocation, console).run()
  }

  private func remember(_ bytes: UnsafeRawBufferPointer, in stream: ReferenceWritableKeyPath<Bench, String>) -> Bool {
    self[keyPath: stream] += String(decoding: bytes, as: UTF8.self)
    return true
  }
}

private enum NSTemporaryPath {
  static func make() -> String {
    let path = FileManager.default.temporaryDirectory.appending(path: "mcc-tests-\(UUID().uuidString)").path
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }
}

private let model = """
  module "m" vocabulary {"" = 28, ai.onnx.ml = 5} target {"" = 17} {
    graph @main(%x: f32[2], %b: f32[2] = [1.0, 2.0] : f32[2]) -> (y: f32[2]) {
      %s = Add(%x, %b) : f32[2]
      %y = Relu(%s) : f32[2]
      return %y
    }
  }

  """

@Suite struct CompilerTests {
  private let bench = Bench()

  @Test func textWithoutAnOutputIsShownAsText() throws {
    try bench.compile(try bench.file("m.mir", model))
    #expect(bench.output == model)
    #expect(bench.error.isEmpty)
  }

  @Test func theResultOfPassesIsShown() throws {
    try bench.compile(try bench.file("m.mir", model), "freeze-defaults")
    #expect(bench.output.contains("%b = constant [1.0, 2.0] : f32[2]"))
  }

  @Test func anOutputIsWrittenInTheFormatOfItsSuffix() throws {
    let input = try bench.file("m.mir", model)
    try bench.compile(input) { $0.output = .file(bench.path("copy.mir")) }
    #expect(bench.contents("copy.mir")?.hasPrefix("module \"m\"") == true)
    try bench.compile(input) { $0.output = .file(bench.path("copy.dot")) }
    #expect(bench.contents("copy.dot")?.hasPrefix("digraph \"m\" {") == true)
    #expect(bench.output.isEmpty && bench.error.isEmpty)
  }

  @Test func anUnknownSuffixIsRefused() throws {
    let input = try bench.file("m.mir", model)
    let error = #expect(throws: ModelError.self) {
      try bench.compile(input) { $0.output = .file(bench.path("copy.xyz")) }
    }
    #expect(error?.kind == .usage)
  }

  @Test func statisticsTellBeforeAndAfter() throws {
    try bench.compile(try bench.file("m.mir", model), "freeze-defaults") {
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
    try bench.compile(try bench.file("m.mir", model), "freeze-defaults") {
      $0.statistics = .json
      $0.emit = OutputFormat.none
    }
    #expect(bench.error.hasPrefix(#"{"before": {"bytes": 221, "operations": 2, "parameters": 2, "int8": 0, "#))
    #expect(bench.error.filter { $0 == "\n" }.count == 1)
  }

  @Test func remarksGoToTheirFile() throws {
    try bench.compile(try bench.file("m.mir", model), "freeze-defaults") {
      $0.remarksPath = bench.path("remarks")
      $0.emit = OutputFormat.none
    }
    let remarks = try #require(bench.contents("remarks"))
    #expect(remarks.contains(#""pass": "freeze-defaults", "place": null, "message": "1 of 1"#))
  }

  @Test func theModuleIsPrintedBetweenPasses() throws {
    try bench.compile(try bench.file("m.mir", model), "freeze-defaults,freeze-defaults") {
      $0.printing.changed = true
      $0.emit = OutputFormat.none
    }
    #expect(bench.error.components(separatedBy: "// *** after freeze-defaults\n").count == 2)
  }

  @Test func bisectionLeavesPassesOut() throws {
    try bench.compile(try bench.file("m.mir", model), "freeze-defaults") { $0.bisectionLimit = 0 }
    #expect(bench.output == model)
    #expect(bench.error == "BISECT: NOT running pass (1) freeze-defaults\n")
  }

  @Test func aGlobThatMatchesNothingIsAUsageError() throws {
    let input = try bench.file("m.mir", model)
    let error = #expect(throws: ModelError.self) { try bench.compile(input, "freeze-defaults{include=c}") }
    #expect(error?.kind == .usage)
    #expect(error?.message == "freeze-defaults: include=c matches nothing; did you mean 'b'?")
  }

  @Test func anInvalidModelIsRefusedWithItsPlace() throws {
    let input = try bench.file("bad.mir", model.replacing("Relu(%s)", with: "Relu(%t)"))
    let error = #expect(throws: ModelError.self) { try bench.compile(input) }
    #expect(error?.kind == .invalidModel)
    #expect(error?.file == input)
    #expect(error?.place != nil)
  }
}
