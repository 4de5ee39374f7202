import CLinux
import Glibc
import IR

/// A file that is being written. It gets its name when it is complete; until then, and after any error, nothing is
/// there.
///
/// What cannot be renamed into place (a FIFO, a device, standard output) is a stream, written in order.
package final class OutputFile: Sendable {
  /// How messages name it.
  package let name: String
  let descriptor: Int32
  private let staging: Staging?

  /// Where a file waits for its name.
  private struct Staging: Sendable {
    let temporary: String
    let destination: String
    let slot: TemporaryFiles.Slot?
  }

  /// Whether bytes must come in order.
  package var isStream: Bool { staging == nil }

  private init(name: String, descriptor: Int32, staging: Staging?) {
    self.name = name
    self.descriptor = descriptor
    self.staging = staging
  }

  /// Opens `destination`, calls `body` to write it, and gives it its name, in place of a file that has it.
  ///
  /// - Throws: what `body` throws, or a `ModelError` where the system fails; what was there before is then as it was.
  package static func write<Result>(
    to destination: OutputDestination, synchronizes: Bool, _ body: (OutputFile) throws -> Result
  ) throws -> Result {
    try write(open(destination), synchronizes: synchronizes, body) { file, _ in try file.takeName() }
  }

  /// Writes a file that replaces none. `name` has it take its name once it is complete; until then messages call it
  /// `path`.
  static func writeNew<Result>(
    _ path: String, synchronizes: Bool, _ body: (OutputFile) throws -> Result,
    name: (OutputFile, Result) throws -> Void
  ) throws -> Result {
    try write(openStaged(path), synchronizes: synchronizes, body, name: name)
  }

  private static func write<Result>(
    _ file: OutputFile, synchronizes: Bool, _ body: (OutputFile) throws -> Result,
    name: (OutputFile, Result) throws -> Void
  ) throws -> Result {
    let result: Result
    do {
      result = try body(file)
      if synchronizes { try file.synchronize() }
    } catch {
      _ = try? file.close()
      file.removeTemporary()
      throw error
    }
    do {
      try file.close()
      try name(file, result)
      if synchronizes { file.synchronizeFolder() }
    } catch {
      file.removeTemporary()
      throw error
    }
    return result
  }
}

// MARK: - Opening

extension OutputFile {
  /// Whether the destination takes bytes in order only: it is no file, or no regular one.
  static func isStream(_ destination: OutputDestination) -> Bool {
    guard case .file(let path) = destination else { return true }
    var status = stat()
    if path.hasPrefix("/dev/") || path.hasPrefix("/proc/") { return true }
    guard stat(path, &status) == 0 else { return false }
    return status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
  }

  /// The file that `path` leads to: where that is a symbolic link, what it leads to is replaced, and the link stays.
  static func target(of path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  private static func open(_ destination: OutputDestination) throws -> OutputFile {
    guard case .file(let path) = destination else {
      return OutputFile(name: destination.name, descriptor: STDOUT_FILENO, staging: nil)
    }
    if isStream(destination) { return try openStream(path) }
    var status = stat()
    guard stat(path, &status) == 0 else { return try openStaged(path) }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw ModelError(.cannotCreate, file: path, "is a folder; name a file in it")
    }
    guard access(path, W_OK) == 0 else {
      throw ModelError(.noPermission, file: path, "\(ModelError.systemMessage(errno)): may not be replaced")
    }
    let file = try openStaged(target(of: path))
    _ = fchmod(file.descriptor, status.st_mode & 0o7777)
    return file
  }

  private static func openStream(_ path: String) throws -> OutputFile {
    let descriptor = retrying { Glibc.open(path, O_WRONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw creationError(errno, path) }
    return OutputFile(name: path, descriptor: descriptor, staging: nil)
  }

  /// Opens a new file in the folder of `destination`, under a name that no file has.
  private static func openStaged(_ destination: String) throws -> OutputFile {
    for attempt in 0..<100 {
      let temporary = "\(folder(of: destination))/.mcc-\(getpid())-\(attempt)"
      let descriptor = retrying { Glibc.open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
      if descriptor >= 0 {
        let staging = Staging(
          temporary: temporary, destination: destination, slot: TemporaryFiles.current.register(temporary))
        return OutputFile(name: destination, descriptor: descriptor, staging: staging)
      }
      guard errno == EEXIST else { throw creationError(errno, destination) }
    }
    throw creationError(EEXIST, destination)
  }

  /// The folder that `path` is in.
  static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func creationError(_ code: Int32, _ path: String) -> ModelError {
    switch code {
    case ENOENT, ENOTDIR:
      ModelError(
        .cannotCreate, file: path, "there is no folder '\(folder(of: path))'; make it first, or write elsewhere")
    case EACCES, EPERM, EROFS:
      ModelError(.noPermission, file: path, "\(ModelError.systemMessage(code)): no file can be made in this folder")
    case ENOSPC, EDQUOT, EIO: ModelError(.inputOutput, file: path, ModelError.systemMessage(code))
    default: ModelError(.cannotCreate, file: path, ModelError.systemMessage(code))
    }
  }
}

// MARK: - Writing

extension OutputFile {
  /// Takes the room for `byteCount` bytes: a full disk is known at once, and the system need not look for room at each
  /// write.
  package func reserve(_ byteCount: Int) throws {
    guard !isStream, byteCount > 0 else { return }
    if Self.retrying({ fallocate(descriptor, 0, 0, byteCount) }) == 0 { return }
    switch errno {
    case EOPNOTSUPP, ENOSYS, EINVAL: break
    default: throw error(errno)
    }
    guard Self.retrying({ ftruncate(descriptor, byteCount) }) == 0 else { throw error(errno) }
  }

  /// Writes `bytes` at `offset`; a stream gets them where it is.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    var done = 0
    while done < bytes.count {
      let start = bytes.baseAddress.map { $0 + done }
      let rest = bytes.count - done
      let count = isStream ? Glibc.write(descriptor, start, rest) : pwrite(descriptor, start, rest, offset + done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw error(count < 0 ? errno : EIO) }
      done += count
    }
  }

  private func synchronize() throws {
    guard !isStream, fsync(descriptor) != 0 else { return }
    throw error(errno)
  }

  /// Makes a new name last as well. Some file systems cannot, and the data is safe without it.
  private func synchronizeFolder() {
    guard let staging else { return }
    let folder = Glibc.open(Self.folder(of: staging.destination), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    Glibc.close(folder)
  }

  private func close() throws {
    guard descriptor != STDOUT_FILENO else { return }
    guard Glibc.close(descriptor) != 0, errno != EINTR else { return }
    throw error(errno)
  }

  func error(_ code: Int32) -> ModelError {
    ModelError(
      code == EACCES ? .noPermission : .inputOutput, file: name, "cannot be written: \(ModelError.systemMessage(code))")
  }

  static func retrying(_ call: () -> Int32) -> Int32 {
    while true {
      let status = call()
      if status >= 0 || errno != EINTR { return status }
    }
  }
}

// MARK: - Names

extension OutputFile {
  private func takeName() throws {
    guard let staging else { return }
    guard rename(staging.temporary, staging.destination) == 0 else { throw error(errno) }
    TemporaryFiles.current.forget(staging.slot)
  }

  /// Takes the name `path` unless a file has it that holds other bytes.
  ///
  /// - Returns: whether the name was free; `nil` where it is taken.
  func takeNameIfFree(_ path: String) throws -> Bool? {
    guard let staging else { return nil }
    let isFree = link(staging.temporary, path) == 0
    if !isFree {
      guard errno == EEXIST else { throw error(errno) }
      guard FileContents.areEqual(staging.temporary, path) else { return nil }
    }
    removeTemporary()
    return isFree
  }

  private func removeTemporary() {
    guard let staging else { return }
    unlink(staging.temporary)
    TemporaryFiles.current.forget(staging.slot)
  }
}
