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
  private let configuration: PassManager.Configuration
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
    configuration.remarksRewrites = invocation.remarksPath != nil
    self.configuration = configuration
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
    defer { console.hideProgress() }
    do {
      let input = try open()
      let module = try read(input)
      // The process ends with this verb: letting go of a module, operation by operation, would only keep it waiting.
      _ = Unmanaged.passRetained(module)
      let data = DataFiles(of: module, besides: input)
      try data.check(invocation.output)
      let before = wantsTable ? end(of: module, input.contents.count + data.byteCount) : nil
      try runPasses(on: module, input)
      try tellWarnings()
      var after = before == nil ? nil : end(of: module, nil)
      let bytes = try emit(module, format, input)
      after?.bytes = bytes
      try tellWarnings()
      if let before, let after { tell(before, after) } else { tellIdlePasses() }
      if invocation.timesPasses { console.error(TimeTable(timer).text) }
      try writeRemarks()
    } catch let error as ModelError {
      throw error.inFile(invocation.input)
    }
  }

  private func open() throws -> ModelFile {
    do {
      return try ModelFile(invocation.model)
    } catch let error as ModelError where error.kind == .noInput {
      throw MissingInput(error.file ?? invocation.input).explain(error)
    }
  }

  private func read(_ input: ModelFile) throws -> Module {
    console.showProgress("reading \(invocation.input) ...")
    let module = try timer.measure("(import)") { try invocation.read(input, diagnostics) }
    try timer.measure("(verify)") { try module.verify(infersAll: false) }
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
      try timer.measure("(verify)") { try module.verify(infersAll: false) }
    } catch {
      throw blame(error, input)
    }
  }

  /// Says which pass broke the module: runs all on a fresh one, and verifies after each.
  private func blame(_ error: any Error, _ input: ModelFile) -> ModelError {
    var configuration = configuration
    configuration.verifiesEach = true
    do {
      try PassManager(configuration).run(invocation.pipeline, on: invocation.read(input, Diagnostics()))
    } catch let failure as PassFailure {
      return Reproducer(invocation, input, failure.prefix).report(failure.error)
    } catch {}
    let broken = ModelError(.internalFailure, "the passes broke the module: \(error)")
    return Reproducer(invocation, input, invocation.pipeline).report(broken)
  }
}
