import Backends
import Frontend
import IR
import Passes

/// What `mcc bisect` was asked for.
package struct BisectInvocation: Sendable {
  /// What to compile, and how; its output is where the model before the pass at fault goes.
  package var compilation: Invocation
  /// How results are compared with those of the model itself.
  package var comparison: CompareInvocation

  package init(compilation: Invocation) {
    self.compilation = compilation
    let model = compilation.model
    comparison = CompareInvocation(models: [ModelPath("\(model.path), compiled"), model])
    comparison.threads = compilation.threads
  }
}

/// Finds the first application of a pass after which a model no longer computes what it did, then the first rewrite in
/// it.
///
/// By halving: the passes before it are innocent together, and so are the rewrites before it in its pass.
package final class Bisector {
  private let invocation: BisectInvocation
  private let console: Console
  private let file: ModelFile
  private let original: Module

  /// - Throws: `ModelError` where the model cannot be read.
  package init(_ invocation: BisectInvocation, _ console: Console) throws {
    self.invocation = invocation
    self.console = console
    do {
      file = try ModelFile(invocation.compilation.model)
      original = try invocation.compilation.read(file, Diagnostics())
      try original.verify()
    } catch let error as ModelError {
      throw error.inFile(invocation.compilation.input)
    }
  }

  /// Lets the first applications of passes run, of the last of them only the first rewrites, and remembers what ran.
  private final class Prefix: Instrumentation {
    let applications: Int
    let rewrites: Int?
    private(set) var admitted: [PassApplication] = []

    init(applications: Int, rewrites: Int?) {
      self.applications = applications
      self.rewrites = rewrites
    }

    func admits(_ application: PassApplication) -> Bool {
      guard application.number <= applications else { return false }
      admitted.append(application)
      return true
    }

    func rewriteLimit(of application: PassApplication) -> Int? {
      application.number == applications ? rewrites : nil
    }
  }

  private struct Compiled {
    let module: Module
    let applications: [PassApplication]
    let rewrites: [Remark]
  }

  /// - Returns: whether all passes together leave the results as they were.
  package func run() throws -> Bool {
    defer { console.hideProgress() }
    do {
      let whole = try compile(applications: .max)
      let count = whole.applications.count
      if try agrees(whole) {
        console.hideProgress()
        console.output("the results agree after all of \(count) applications of passes\n")
        return true
      }
      let first = try firstBad(of: count, "passes") { try compile(applications: $0) }
      try tell(first)
      return false
    } catch let error as ModelError {
      throw error.inFile(invocation.compilation.input)
    }
  }

  /// The least of `1...count` for which results differ, where they do for `count` and do not for 0.
  private func firstBad(of count: Int, _ things: String, _ compile: (Int) throws -> Compiled) throws -> Int {
    var (good, bad) = (0, count)
    while bad - good > 1 {
      let middle = good + (bad - good) / 2
      console.showProgress("trying the first \(middle) of \(count) \(things) ...")
      if try agrees(compile(middle)) { good = middle } else { bad = middle }
    }
    return bad
  }

  private func compile(applications: Int, rewrites: Int? = nil) throws -> Compiled {
    let module = try invocation.compilation.read(file, Diagnostics())
    var configuration = PassManager.Configuration()
    configuration.threads = invocation.compilation.threads
    configuration.numerics = invocation.compilation.numerics
    let prefix = Prefix(applications: applications, rewrites: rewrites)
    let manager = PassManager(configuration, instruments: [prefix])
    do {
      try manager.run(invocation.compilation.pipeline, on: module)
    } catch {
      throw error.error
    }
    return Compiled(
      module: module, applications: prefix.admitted, rewrites: manager.remarks.filter { $0.kind == .applied })
  }

  private func agrees(_ compiled: Compiled, _ console: Console? = nil) throws -> Bool {
    let comparison = invocation.comparison
    return try Comparer.agree(compiled.module, original, comparison, console, names: comparison.models.map(\.path))
  }

  private func tell(_ first: Int) throws {
    let before = try compile(applications: first - 1)
    var after = try compile(applications: first)
    guard let culprit = after.applications.last else { return }
    let text = culprit.pass.pipelineText
    let own = after.rewrites.dropFirst(before.rewrites.count)
    var message = "the results differ after pass \(first): \(text)\n"
    // A pass that cannot be stopped halfway is to blame as a whole.
    if own.count > 1, try agrees(compile(applications: first, rewrites: 0)) {
      let rewrite = try firstBad(of: own.count, "rewrites") { try compile(applications: first, rewrites: $0) }
      after = try compile(applications: first, rewrites: rewrite)
      message += "after its rewrite \(rewrite) of \(own.count)"
      message += after.rewrites.last.map { ": \($0.place.map { "\($0): " } ?? "")\($0.message)\n" } ?? "\n"
    } else if let only = own.last, own.count == 1 {
      message += "by its only rewrite: \(only.place.map { "\($0): " } ?? "")\(only.message)\n"
    }
    console.hideProgress()
    console.output(message)
    _ = try agrees(after, console)
    try writeReproducer(before, after.applications)
  }

  /// Writes the model before the pass where that was asked for, and says what to type to see the difference again.
  private func writeReproducer(_ before: Compiled, _ applications: [PassApplication]) throws {
    let compilation = invocation.compilation
    var passes = Pipeline(passes: applications.map(\.pass))
    var model = compilation.input
    if let output = compilation.output, let last = applications.last {
      try compilation.outputFormat(isTerminal: console.outputIsTerminal)?.exporter?.write(
        before.module, to: output, options: compilation.export, diagnostics: Diagnostics())
      passes = Pipeline(passes: [last.pass])
      if case .file(let path) = output { model = path }
    }
    console.output(
      "to see it again: mcc bisect \(Reproducer.quoted(model)) -passes=\(Reproducer.quoted(passes.description))\n")
  }
}
