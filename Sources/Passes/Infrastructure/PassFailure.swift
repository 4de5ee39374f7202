import IR

/// A pass that could not do its work, or broke the module.
package struct PassFailure: Error {
  /// What went wrong; of the kind `internalFailure` where it is a defect of the pass.
  package let error: ModelError
  package let application: PassApplication
  /// What ran up to and including the failing pass, combinators unrolled: running this again fails again.
  package let prefix: Pipeline

  /// Whether the input is innocent.
  package var isDefect: Bool { error.kind == .internalFailure }
}
