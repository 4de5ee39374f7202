import Glibc
import IR

/// Measures how long each pass takes, all its applications together.
package final class PassTimer: Instrumentation {
  package struct Entry: Sendable {
    package let name: String
    package var applications = 0
    package var seconds = 0.0
  }

  /// In the order in which they first ran.
  package private(set) var entries: [Entry] = []
  private var start = 0.0

  package init() {}

  package func willRun(_ application: PassApplication, on module: Module) {
    start = Self.now()
  }

  package func didRun(_ application: PassApplication, on module: Module, changed: Bool) {
    add(application.name, Self.now() - start)
  }

  /// Runs `body` and adds its time under `name`: for work that is no pass.
  package func measure<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    let start = Self.now()
    defer { add(name, Self.now() - start) }
    return try body()
  }

  private func add(_ name: String, _ seconds: Double) {
    let index = entries.firstIndex { $0.name == name } ?? entries.endIndex
    if index == entries.endIndex { entries.append(Entry(name: name)) }
    entries[index].applications += 1
    entries[index].seconds += seconds
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
