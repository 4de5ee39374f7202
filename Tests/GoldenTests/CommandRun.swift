import CLinux
import Glibc

/// What a command said and how it ended.
struct CommandRun {
  let output: String
  let errorOutput: String
  let status: Int32

  /// As an expected file holds it: standard output, then what is not as usual.
  var text: String {
    var text = output
    if !errorOutput.isEmpty { text += "--- stderr\n" + errorOutput }
    if status != 0 { text += "--- exit \(status)\n" }
    return text
  }

  /// No case takes longer, however busy the machine.
  private static let timeout: Int32 = 120_000

  /// Runs the program at `path` in `folder`, with nothing to read and an empty environment.
  init(_ path: String, _ arguments: [String], in folder: String) throws {
    let output = try Pipe()
    let errorOutput = try Pipe()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addchdir_np(&actions, folder)
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output.writeEnd, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, errorOutput.writeEnd, STDERR_FILENO)
    var child = pid_t()
    var words = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
    let code = posix_spawn(&child, path, &actions, nil, &words, &environment)
    guard code == 0 else { throw Files.Failure(message: "\(path): \(String(cString: strerror(code)))") }
    output.closeWriteEnd()
    errorOutput.closeWriteEnd()
    let finished = Self.read(output, errorOutput)
    if !finished { kill(child, SIGKILL) }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    guard finished else { throw Files.Failure(message: "still running after \(Self.timeout / 1000) seconds") }
    self.output = output.text
    self.errorOutput = errorOutput.text
    // As a shell tells a signal.
    self.status = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
  }

  /// Reads both pipes until the command has closed them; `false` where it takes too long.
  private static func read(_ first: Pipe, _ second: Pipe) -> Bool {
    var open = [first, second]
    while !open.isEmpty {
      var descriptors = open.map { pollfd(fd: $0.readEnd, events: Int16(POLLIN), revents: 0) }
      let ready = poll(&descriptors, nfds_t(descriptors.count), timeout)
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else { return false }
      open = zip(open, descriptors).filter { $1.revents == 0 || $0.read() }.map(\.0)
    }
    return true
  }
}

/// One stream of a command.
private final class Pipe {
  let readEnd: Int32
  private(set) var writeEnd: Int32
  private var bytes: [UInt8] = []

  var text: String { String(decoding: bytes, as: UTF8.self) }

  init() throws {
    var ends: [Int32] = [0, 0]
    guard pipe2(&ends, O_CLOEXEC) == 0 else {
      throw Files.Failure(message: "no pipe: \(String(cString: strerror(errno)))")
    }
    readEnd = ends[0]
    writeEnd = ends[1]
  }

  deinit {
    close(readEnd)
    closeWriteEnd()
  }

  func closeWriteEnd() {
    guard writeEnd >= 0 else { return }
    close(writeEnd)
    writeEnd = -1
  }

  /// Takes what is there; `false` at the end.
  func read() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = Glibc.read(readEnd, &chunk, chunk.count)
    guard count > 0 else { return count < 0 && errno == EINTR }
    bytes += chunk[..<count]
    return true
  }
}
