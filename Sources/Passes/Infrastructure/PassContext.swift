import IR

/// What a running pass has at hand.
package final class PassContext {
  /// The one way to change the module.
  package let rewriter: Rewriter
  /// The threads that work over weights may take. Results never depend on it.
  package let threads: Int
  /// The numerics class that rewrites must stay within.
  package let numerics: Numerics
  /// Whether what is merely suspicious is an error: in tests, and with `-verify-each`.
  package let isStrict: Bool
  /// What the pass has to say: what fired, and what nearly did.
  package private(set) var remarks: [Remark] = []
  /// The counts that `-stats` prints, in the order in which they were first counted.
  package private(set) var statistics: [(name: String, count: Int)] = []
  /// What was measured of weights by passes of this run, so that no later pass reads them again.
  package let analyses: AnalysisCache
  /// What lossy passes of this run do to weights.
  package let weightErrors: WeightErrors
  /// Whether somebody reads what was applied to which operation, and what was not. It is put into words only then.
  private let remarksRewrites: Bool
  private var rewritesLeft: Int

  /// Whether one more rewrite may be applied. Passes ask before each, so that the one that breaks a model can be found.
  package var mayRewrite: Bool { rewritesLeft > 0 }

  package init(
    _ module: Module, pass: String, threads: Int = 1, numerics: Numerics = .rounding, isStrict: Bool = false,
    analyses: AnalysisCache = AnalysisCache(), weightErrors: WeightErrors = WeightErrors(),
    remarksRewrites: Bool = true, rewriteLimit: Int = .max
  ) {
    rewriter = Rewriter(module, pass: pass)
    self.threads = threads
    self.numerics = numerics
    self.isStrict = isStrict
    self.analyses = analyses
    self.weightErrors = weightErrors
    self.remarksRewrites = remarksRewrites
    rewritesLeft = rewriteLimit
  }

  /// Says that a rewrite was applied to `operation`.
  package func applied(_ message: @autoclosure () -> String, at operation: Operation) {
    applied(message(), at: operation.place)
  }

  /// Says that a rewrite was applied at `place`: of an operation that may be gone by now.
  package func applied(_ message: @autoclosure () -> String, at place: @autoclosure () -> String) {
    if remarksRewrites { add(.applied, place(), message()) }
    rewritesLeft -= 1
  }

  /// Says that a rewrite did not apply to `operation`, and why.
  package func missed(_ message: @autoclosure () -> String, at operation: Operation) {
    if remarksRewrites { add(.missed, operation.place, message()) }
  }

  /// Says something about the pass's work as a whole: "0 of 161 weights eligible: ...".
  package func note(_ message: String) { add(.note, nil, message) }

  /// Says what the user should know even without asking for remarks.
  package func warn(_ message: String, at operation: Operation? = nil) { add(.warning, operation?.place, message) }

  /// Adds to the statistic `name`.
  package func count(_ name: String, _ amount: Int = 1) {
    if let index = statistics.firstIndex(where: { $0.name == name }) {
      statistics[index].count += amount
    } else {
      statistics.append((name, amount))
    }
  }

  private func add(_ kind: Remark.Kind, _ place: String?, _ message: String) {
    remarks.append(Remark(kind: kind, pass: rewriter.pass, place: place, message: message))
  }
}
