import Backends
import Frontend
import IR
import Passes

/// The default verb: reads a model, runs a pipeline on it, and writes the result or shows it.
package final class Compiler {
  let invocation: Invocation
  let console: Console
  let diagnostics: Diagnostics
  let timer = PassTimer()
  let manager: PassManager
  /// How many of the warnings were told.
  var toldWarnings = 0

  package init(_ invocation: Invocation, _ console: Console) {
    self.invocation = invocation
    self.console = console
    diagnostics = Diagnostics(warningsAreErrors: invocation.warningsAreErrors)
    var configuration = PassManager.Configuration()
    configuration.threads = invocation.threads
    configuration.numerics = invocation.numerics
    configuration.verifiesEach = invocation.verifiesEach
    manager = PassManager(configuration, instruments: Self.instruments(invocation, console, timer))
  }

  private static func instruments(
    _ invocation: Invocation, _ console: Console, _ timer: PassTimer
  ) -> [any Instrumentation] {
    var instruments: [any Instrumentation] = []
    if let limit = invocation.bisectionLimit {
      instruments.append(Bisection(limit: limit) { console.error($0 + "\n") })
    }
    if console.errorIsTerminal { instruments.append(ProgressLine(console)) }
    if !invocation.printing.isEmpty { instruments.append(ModulePrinter(invocation.printing, console)) }
    // Last, so that no other instrument's time is counted.
    return instruments + [timer]
  }

  /// Runs the whole. Nothing is written unless everything before it succeeded.
  ///
  /// - Throws: `ModelError` that names the file and the place.
  package func run() throws {
    let format = try invocation.outputFormat(isTerminal: console.outputIsTerminal)
    do {
      let input = try open()
      let module = try read(input)
      let data = DataFiles(of: module, besides: input)
      try data.check(invocation.output)
      let before = wantsTable ? end(of: module, input.contents.count + data.byteCount) : nil
      try runPasses(on: module, input)
      try tellWarnings()
      let bytes = try emit(module, format, input)
      try tellWarnings()
      if let before { tell(before, end(of: module, bytes)) }
      if invocation.timesPasses { console.error(TimeTable(timer).text) }
      try writeRemarks()
    } catch let error as ModelError {
      console.hideProgress()
      throw error.inFile(invocation.input)
    }
  }

  private func open() throws -> ModelFile {
    do {
      return try ModelFile(path: invocation.input)
    } catch let error as ModelError where error.kind == .noInput {
      throw MissingInput(invocation.input).explain(error)
    }
  }

  private func read(_ input: ModelFile) throws -> Module {
    console.showProgress("reading \(invocation.input) ...")
    let options = ImportOptions(format: invocation.inputFormat)
    let module = try timer.measure("(import)") { try Module.read(input, options, diagnostics: diagnostics) }
    if let opset = invocation.opset {
      module.target[""] = opset
      module.isTargetPinned = true
    }
    try timer.measure("(verify)") { try module.verify() }
    return module
  }

  private func runPasses(on module: Module, _ input: ModelFile) throws {
    guard !invocation.pipeline.isEmpty else { return }
    do {
      try manager.run(invocation.pipeline, on: module)
    } catch {
      throw error.isDefect ? Reproducer(invocation, input, error.prefix).report(error.error) : error.error
    }
    do {
      try timer.measure("(verify)") { try module.verify() }
    } catch {
      let broken = ModelError(.internalFailure, "the passes broke the module: \(error); -verify-each says which")
      throw Reproducer(invocation, input, invocation.pipeline).report(broken)
    }
  }
}
