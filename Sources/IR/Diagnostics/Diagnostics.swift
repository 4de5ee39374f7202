/// Something worth saying that is no error.
package struct Diagnostic: Sendable {
  package enum Severity: String, Sendable {
    case warning, remark
  }

  package let severity: Severity
  /// The place inside the module: `node 'conv1' (Conv)`.
  package let place: String?
  package let message: String

  package init(_ severity: Severity, place: String? = nil, _ message: String) {
    self.severity = severity
    self.place = place
    self.message = message
  }
}

/// Collects what importers, inference and exporters have to say; the driver decides what is shown.
package final class Diagnostics {
  package private(set) var all: [Diagnostic] = []
  private let warningsAreErrors: Bool

  package init(warningsAreErrors: Bool = false) {
    self.warningsAreErrors = warningsAreErrors
  }

  /// - Throws: `ModelError` with the message where warnings are errors: before anything comes of what it warns of.
  package func warn(_ message: String, at place: String? = nil) throws {
    guard !warningsAreErrors else { throw ModelError(.invalidModel, place: place, "\(message) (-Werror)") }
    all.append(Diagnostic(.warning, place: place, message))
  }

  package func remark(_ message: String, at place: String? = nil) {
    all.append(Diagnostic(.remark, place: place, message))
  }
}
