import IR

/// One run of one pass.
package struct PassApplication: Sendable {
  /// Counts all applications of a run of the manager, from 1.
  package let number: Int
  package let pass: any Pass

  package var name: String { type(of: pass).name }
}

/// Watches the manager at work, and may keep a pass from running. What it sees it must not change.
package protocol Instrumentation: AnyObject {
  /// Whether the pass may run.
  func admits(_ application: PassApplication) -> Bool
  /// How many rewrites the pass may make; `nil` for all.
  func rewriteLimit(of application: PassApplication) -> Int?
  func willRun(_ application: PassApplication, on module: Module)
  /// - Parameter changed: whether the pass mutated the module.
  func didRun(_ application: PassApplication, on module: Module, changed: Bool)
}

extension Instrumentation {
  package func admits(_ application: PassApplication) -> Bool { true }
  package func rewriteLimit(of application: PassApplication) -> Int? { nil }
  package func willRun(_ application: PassApplication, on module: Module) {}
  package func didRun(_ application: PassApplication, on module: Module, changed: Bool) {}
}
