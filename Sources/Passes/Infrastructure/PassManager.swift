import IR

/// Runs a pipeline on a module. Where a combinator repeats passes, those that found nothing to do do not run again before
/// the module changes.
package final class PassManager {
  /// How to run, whatever the pipeline.
  package struct Configuration: Sendable {
    /// The threads that work over weights may take.
    package var threads = 1
    package var numerics = Numerics.rounding
    /// Whether to verify the module after each pass that changed it, and to be strict about what is merely suspicious.
    package var verifiesEach = false
    /// Whether remarks say of each operation what was applied to it, and what was not.
    package var remarksRewrites = true
    /// Throws where a module is not valid.
    package var verify: @Sendable (Module) throws -> Void = { try $0.verify() }

    package init() {}
  }

  /// How often a pass counted something.
  package struct Statistic: Sendable {
    package let pass: String
    package let name: String
    package var count: Int
  }

  private let configuration: Configuration
  private let instruments: [any Instrumentation]
  /// What was measured of weights, for whoever comes after the passes.
  package let analyses = AnalysisCache()
  /// What lossy passes did to weights.
  package let weightErrors = WeightErrors()
  package private(set) var remarks: [Remark] = []
  /// In the order in which they were first counted.
  package private(set) var statistics: [Statistic] = []
  private var applicationCount = 0
  /// How often the module was changed so far.
  private var mutationCount = 0
  /// What that was when a pass, by its text, last found nothing to do.
  private var idleSince: [String: Int] = [:]
  /// What ran so far, combinators unrolled.
  private var executed: [any Pass] = []

  package init(_ configuration: Configuration = Configuration(), instruments: [any Instrumentation] = []) {
    self.configuration = configuration
    self.instruments = instruments
  }

  /// Runs `pipeline` on `module`, which is valid and stays valid.
  ///
  /// - Throws: the failure of the first pass that fails; the module is then in an undefined state.
  package func run(_ pipeline: Pipeline, on module: Module) throws(PassFailure) {
    try run(pipeline, on: module, isRepeated: false)
  }

  /// - Parameter isRepeated: whether the pipeline may run again, so that nobody asked for each single run of its passes.
  private func run(_ pipeline: Pipeline, on module: Module, isRepeated: Bool) throws(PassFailure) {
    for element in pipeline.elements {
      switch element {
      case .pass(let pass) where isRepeated && idleSince[pass.pipelineText] == mutationCount: break
      case .pass(let pass): try run(pass, on: module)
      case .combinator(let combinator, let inner): try run(combinator, inner, on: module)
      case .shipped(_, let inner): try run(inner, on: module, isRepeated: isRepeated)
      }
    }
  }

  private func run(_ combinator: some Combinator, _ pipeline: Pipeline, on module: Module) throws(PassFailure) {
    for _ in 0..<combinator.rounds {
      let before = mutationCount
      try run(pipeline, on: module, isRepeated: true)
      if type(of: combinator).stopsWhenSettled && mutationCount == before { return }
    }
    if type(of: combinator).stopsWhenSettled {
      let message = "still changing the model after \(combinator.rounds) rounds of \(pipeline)"
      remarks.append(Remark(kind: .missed, pass: type(of: combinator).name, place: nil, message: message))
    }
  }

  private func run(_ pass: any Pass, on module: Module) throws(PassFailure) {
    applicationCount += 1
    let application = PassApplication(number: applicationCount, pass: pass)
    guard instruments.allSatisfy({ $0.admits(application) }) else { return }
    executed.append(pass)
    let rewriteLimit = instruments.compactMap { $0.rewriteLimit(of: application) }.min()
    let context = PassContext(
      module, pass: application.name, threads: configuration.threads, numerics: configuration.numerics,
      isStrict: configuration.verifiesEach, analyses: analyses, weightErrors: weightErrors,
      remarksRewrites: configuration.remarksRewrites, rewriteLimit: rewriteLimit ?? .max)
    for instrument in instruments { instrument.willRun(application, on: module) }
    defer { collect(context) }
    do {
      try check(type(of: pass).requires, of: module)
      try pass.run(on: module, context)
    } catch {
      throw failure(error, application)
    }
    let changes = context.rewriter.mutationCount
    mutationCount += changes
    if changes == 0, rewriteLimit == nil { idleSince[pass.pipelineText] = mutationCount }
    for instrument in instruments { instrument.didRun(application, on: module, changed: changes > 0) }
    if configuration.verifiesEach && changes > 0 { try verify(module, after: application) }
  }

  private func check(_ requirements: [Requirement], of module: Module) throws {
    for requirement in requirements where !requirement.holds(of: module) {
      throw ModelError(.invalidModel, requirement.explanation)
    }
  }

  private func verify(_ module: Module, after application: PassApplication) throws(PassFailure) {
    do {
      try configuration.verify(module)
    } catch {
      let text = "broke the module: \(error)"
      throw failure(ModelError(.internalFailure, text), application)
    }
  }

  private func failure(_ error: any Error, _ application: PassApplication) -> PassFailure {
    var known = error as? ModelError ?? ModelError(.internalFailure, "\(error)")
    known.message = "\(application.name): \(known.message)"
    return PassFailure(error: known, application: application, prefix: Pipeline(passes: executed))
  }

  private func collect(_ context: PassContext) {
    let isIdle = context.rewriter.mutationCount == 0
    remarks += context.remarks.map { remark in
      var remark = remark
      if isIdle && remark.kind == .note { remark.kind = .idle }
      return remark
    }
    let pass = context.rewriter.pass
    for (name, count) in context.statistics {
      if let index = statistics.firstIndex(where: { $0.pass == pass && $0.name == name }) {
        statistics[index].count += count
      } else {
        statistics.append(Statistic(pass: pass, name: name, count: count))
      }
    }
  }
}
