import Glibc

/// A file mapped read-only, with its descriptor kept for copies inside the kernel.
package final class MappedFile: Sendable {
  package let path: String
  package let descriptor: Int32
  /// The start of the mapping; for an empty file, a pointer that must not be read.
  nonisolated(unsafe) package let base: UnsafeRawPointer
  package let count: Int
  private let mapped: Bool

  private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
  /// How much the system maps at a fault, unless it was told otherwise.
  private static let faultAroundBytes = 1 << 16

  /// Opens and maps the regular file at `path`.
  ///
  /// - Throws: `ModelError` with the kind that fits `errno`: no such input, permission, a folder, not a regular file.
  package init(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ModelError.system(errno, opening: path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw ModelError.system(code, opening: path)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      let what = status.st_mode & S_IFMT == S_IFDIR ? "is a folder" : "is not a regular file, which mcc could map"
      throw ModelError(.noInput, file: path, "\(what); name a model file")
    }
    let count = Int(status.st_size)
    if count > 0 {
      guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
        let code = errno
        close(descriptor)
        throw ModelError.system(code, opening: path)
      }
      base = UnsafeRawPointer(address)
      mapped = true
    } else {
      base =
        UnsafeRawPointer(bitPattern: 1)
        ?? UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))
      mapped = false
    }
    self.path = path
    self.descriptor = descriptor
    self.count = count
  }

  /// Gives back the pages of the range but its last, which may be part of what is read next.
  package func giveBackPages(offset: Int, count: Int) {
    // A fault maps the pages around it too: those before the range were given back already.
    let first = max(offset - (Int(bitPattern: base) + offset) % Self.faultAroundBytes, 0)
    let last = (offset + count) / Self.pageSize * Self.pageSize
    guard mapped, first < last else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + first), last - first, MADV_DONTNEED)
  }

  /// Copies the bytes at `offset` through the descriptor: they never enter the resident set, and a file that shrank
  /// meanwhile is an error instead of a SIGBUS.
  package func read(at offset: Int, into output: UnsafeMutableRawBufferPointer) throws {
    var done = 0
    while done < output.count {
      let count = pread(descriptor, output.baseAddress.map { $0 + done }, output.count - done, offset + done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let reason = count < 0 ? ModelError.systemMessage(errno) : "it shrank while it was read"
        throw ModelError(.inputOutput, file: path, reason)
      }
      done += count
    }
  }

  deinit {
    if mapped { munmap(UnsafeMutableRawPointer(mutating: base), count) }
    close(descriptor)
  }
}
