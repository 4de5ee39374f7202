import IR
import Passes

/// Prints the module between passes, as `-print-ir-before`, `-print-ir-after`, `-print-ir-after-all` and `-print-changed`
/// ask.
package final class ModulePrinter: Instrumentation {
  /// When to print.
  package struct Selection: Sendable {
    package var before: [String] = []
    package var after: [String] = []
    package var afterAll = false
    package var changed = false

    package init() {}

    var isEmpty: Bool { before.isEmpty && after.isEmpty && !afterAll && !changed }
  }

  private let selection: Selection
  private let console: Console

  init(_ selection: Selection, _ console: Console) {
    self.selection = selection
    self.console = console
  }

  package func willRun(_ application: PassApplication, on module: Module) {
    if selection.before.contains(application.name) { print(module, "before \(application.pass.pipelineText)") }
  }

  package func didRun(_ application: PassApplication, on module: Module, changed: Bool) {
    let isChosen = selection.afterAll || selection.after.contains(application.name) || (selection.changed && changed)
    if isChosen {
      print(module, "after \(application.pass.pipelineText)\(changed ? "" : " (nothing changed)")")
    }
  }

  private func print(_ module: Module, _ title: String) {
    console.error("// *** \(title)\n")
    do {
      console.error(try module.text(.elided))
    } catch {
      console.error("// cannot be printed: \(error)\n")
    }
  }
}
