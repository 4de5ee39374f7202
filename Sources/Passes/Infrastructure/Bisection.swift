/// Lets only the first applications of passes run, and says which: the way to find the one that breaks a model.
package final class Bisection: Instrumentation {
  private let limit: Int
  private let log: (String) -> Void

  /// - Parameter log: takes a line for each application.
  package init(limit: Int, log: @escaping (String) -> Void) {
    self.limit = limit
    self.log = log
  }

  package func admits(_ application: PassApplication) -> Bool {
    let runs = application.number <= limit
    log("BISECT: \(runs ? "running" : "NOT running") pass (\(application.number)) \(application.pass.pipelineText)")
    return runs
  }
}
