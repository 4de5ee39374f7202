import Frontend
import Glibc
import IR
import Passes

/// A folder with all that somebody else needs to see a failure: the command, and the model as text with other weights.
struct Reproducer {
  private let invocation: Invocation
  private let input: ModelFile
  private let pipeline: Pipeline

  /// - Parameter pipeline: what ran until the failure.
  init(_ invocation: Invocation, _ input: ModelFile, _ pipeline: Pipeline) {
    self.invocation = invocation
    self.input = input
    self.pipeline = pipeline
  }

  /// Writes the reproducer, and returns `error` with where it is and what to do with it.
  func report(_ error: ModelError) -> ModelError {
    var error = error
    error.message += "\n  This is a defect of mcc. "
    if let folder = makeFolder(), write(command, to: "\(folder)/command") {
      let hasModel = writeModel(to: "\(folder)/model.mir")
      error.message += "\(folder) holds the command\(hasModel ? " and the model with other weights" : "")"
      error.message += "; please attach it to a report."
    } else {
      error.message += "Please report it with the model and this command:\n  \(command)"
    }
    return error
  }

  /// What to type to see the failure again.
  private var command: String {
    var words =
      ["mcc"] + files.map { Self.quoted(Self.absolute($0)) } + ["-passes=\(Self.quoted(pipeline.description))"]
    words += ["-verify-each", "-emit=none"]
    if let opset = invocation.opset { words.append("-opset=\(opset)") }
    if invocation.numerics != .rounding { words.append("-numerics=\(invocation.numerics.rawValue)") }
    return words.joined(separator: " ") + "\n"
  }

  private var files: [String] { [input.path] + (input.weights.map { [$0.path] } ?? []) }

  private static func absolute(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// The input as text, read once more: the module at hand is in an undefined state.
  private func writeModel(to path: String) -> Bool {
    guard let module = try? invocation.read(input, Diagnostics()) else { return false }
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { return false }
    defer { close(file) }
    do {
      try module.write(.seeded) { bytes in
        guard Glibc.write(file, bytes.baseAddress, bytes.count) == bytes.count else {
          throw ModelError.system(errno, opening: path)
        }
      }
      return true
    } catch {
      return false
    }
  }

  private func makeFolder() -> String? {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/mcc-reproducer-XXXXXX".utf8CString)
    return mkdtemp(&template).map { String(cString: $0) }
  }

  private func write(_ text: String, to path: String) -> Bool {
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { return false }
    defer { close(file) }
    let bytes = Array(text.utf8)
    return Glibc.write(file, bytes, bytes.count) == bytes.count
  }

  /// `text` as one word of a shell.
  static func quoted(_ text: String) -> String {
    let plain = Array("_=-./".utf8)
    let isPlain = text.utf8.allSatisfy { byte in
      plain.contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
    guard !isPlain || text.isEmpty else { return text }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
