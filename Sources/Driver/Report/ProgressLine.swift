import IR
import Passes

/// Shows on a terminal which pass is at work.
final class ProgressLine: Instrumentation {
  private let console: Console

  init(_ console: Console) {
    self.console = console
  }

  func willRun(_ application: PassApplication, on module: Module) {
    console.showProgress("running \(application.name) ...")
  }
}
