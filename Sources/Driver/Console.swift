import Glibc
import IR

/// The two streams that mcc talks on: what was asked for, and everything else.
package final class Console {
  /// Takes bytes; says whether it could.
  package typealias Sink = (UnsafeRawBufferPointer) -> Bool

  private let outputSink: Sink
  private let errorSink: Sink
  package let outputIsTerminal: Bool
  package let errorIsTerminal: Bool
  /// Whether what was asked for could be told so far; a closed pipe cannot be told anything.
  package private(set) var outputIsOpen = true
  private var progress = ""

  package init(
    outputIsTerminal: Bool = false, errorIsTerminal: Bool = false, output: @escaping Sink, error: @escaping Sink
  ) {
    self.outputIsTerminal = outputIsTerminal
    self.errorIsTerminal = errorIsTerminal
    outputSink = output
    errorSink = error
  }

  /// The streams of this process.
  package static func standard() -> Console {
    Console(
      outputIsTerminal: isatty(STDOUT_FILENO) == 1, errorIsTerminal: isatty(STDERR_FILENO) == 1,
      output: { write($0, to: STDOUT_FILENO) }, error: { write($0, to: STDERR_FILENO) })
  }

  /// Tells what was asked for.
  package func output(_ text: String) {
    guard outputIsOpen else { return }
    var text = text
    outputIsOpen = text.withUTF8 { outputSink(UnsafeRawBufferPointer($0)) }
  }

  /// Tells what was asked for, as bytes.
  package func output(_ bytes: UnsafeRawBufferPointer) {
    if outputIsOpen { outputIsOpen = outputSink(bytes) }
  }

  /// Tells anything else. That nobody listens is no failure.
  package func error(_ text: String) {
    hideProgress()
    var text = text
    _ = text.withUTF8 { errorSink(UnsafeRawBufferPointer($0)) }
  }

  /// Shows what is being done, until something else is told. For a person at a terminal.
  package func showProgress(_ text: String) {
    guard errorIsTerminal, text != progress else { return }
    hideProgress()
    error(text)
    progress = text
  }

  package func hideProgress() {
    guard !progress.isEmpty else { return }
    progress = ""
    error("\r\u{1B}[K")
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var rest = bytes
    while let base = rest.baseAddress, !rest.isEmpty {
      let count = Glibc.write(descriptor, base, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    return true
  }
}
