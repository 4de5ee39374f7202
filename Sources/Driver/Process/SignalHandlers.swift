import Backends
import Glibc
import IR

/// What happens on signals: temporaries are removed, and the exit code says which signal it was.
///
/// Handlers do only what is safe in a handler: they load from a table made before, call `unlink`, `write` and `_exit`.
package enum SignalHandlers {
  /// The signals that ask a process to end.
  private static let terminating = [SIGINT, SIGTERM, SIGHUP]
  /// The signals that a failed check of the runtime raises.
  private static let traps = [SIGILL, SIGTRAP, SIGABRT, SIGFPE]

  /// Installs the handlers. A signal that the caller ignores (`nohup`) stays ignored.
  package static func install() {
    _ = TemporaryFiles.current
    _ = inputChangedMessage
    _ = outOfMemoryMessage
    _ = trapMessage
    for number in terminating where !isIgnored(number) { handle(number) { SignalHandlers.terminate($0) } }
    for number in traps { handle(number) { SignalHandlers.trap($0) } }
    handle(SIGBUS) { _ in SignalHandlers.busError() }
    // What these say, a failed write says too, and then nothing is left behind.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }

  private static func handle(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = handler
    sigaction(number, &action, nil)
  }

  private static func terminate(_ number: Int32) {
    TemporaryFiles.current.removeAll()
    _exit(128 + number)
  }

  /// A mapped file became shorter than its mapping.
  private static func busError() {
    TemporaryFiles.current.removeAll()
    say(inputChangedMessage)
    _exit(ModelError.Kind.inputOutput.rawValue)
  }

  /// The runtime ends the process where memory is at an end, and where a check fails: the former is no defect.
  private static func trap(_ number: Int32) {
    TemporaryFiles.current.removeAll()
    if memoryIsExhausted {
      say(outOfMemoryMessage)
      _exit(ModelError.Kind.outOfMemory.rawValue)
    }
    say(trapMessage)
    signal(number, SIG_DFL)
    raise(number)
  }

  /// As much as a run can do without.
  private static let probeBytes = 64 << 20

  private static var memoryIsExhausted: Bool {
    let probe = mmap(nil, probeBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let probe, probe != MAP_FAILED else { return true }
    munmap(probe, probeBytes)
    return false
  }

  private static func say(_ message: UnsafeBufferPointer<UInt8>) {
    _ = write(STDERR_FILENO, message.baseAddress, message.count)
  }

  nonisolated(unsafe) private static let inputChangedMessage = constant(
    "mcc: error: the input changed while it was read, or the folder of temporaries (TMPDIR) is full\n")
  nonisolated(unsafe) private static let outOfMemoryMessage = constant(
    "mcc: error: out of memory; give mcc more, or fewer threads with -j 1\n")
  nonisolated(unsafe) private static let trapMessage = constant(
    "mcc: error: internal failure: a check failed; please report it with the command line and the model\n")

  /// Text that a handler may read: allocated now, never freed.
  private static func constant(_ text: String) -> UnsafeBufferPointer<UInt8> {
    let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
    _ = bytes.initialize(from: text.utf8)
    return UnsafeBufferPointer(bytes)
  }
}
