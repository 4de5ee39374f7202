import Glibc
import Synchronization

/// A file mapped read-only.
package final class MappedFile: Sendable {
  package let path: String
  /// What the system knows the file by, whatever its names: device and number.
  package let identity: Identity
  /// The start of the mapping; for an empty file, a pointer that must not be read.
  nonisolated(unsafe) package let base: UnsafeRawPointer
  package let count: Int
  private let mapped: Bool
  /// Kept for reads past the mapping; `nil` where several files have theirs already.
  private let descriptor: Int32?

  package struct Identity: Hashable, Sendable {
    private let device: UInt
    private let number: UInt

    package init(_ status: stat) {
      device = UInt(status.st_dev)
      number = UInt(status.st_ino)
    }
  }

  /// A model may have more data files than a process may have open: these many are enough to read large weights.
  private static let maximumDescriptors = 4
  private static let descriptorCount = Atomic<Int>(0)

  private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
  /// How much the system maps at a fault, unless it was told otherwise.
  private static let faultAroundBytes = 1 << 16
  /// Giving back less than this costs more than keeping it for a while.
  private static let worthGivingBack = 1 << 18
  private static let mostKept = 1 << 21

  /// What small reads may have left in the resident set.
  private let keptBytes = Atomic<Int>(0)

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
    self.count = count
    identity = Identity(status)
    self.descriptor = Self.keeps(descriptor) ? descriptor : nil
  }

  /// Closes the descriptor unless it is one of the few that are kept.
  private static func keeps(_ descriptor: Int32) -> Bool {
    if descriptorCount.wrappingAdd(1, ordering: .relaxed).newValue <= maximumDescriptors { return true }
    descriptorCount.wrappingSubtract(1, ordering: .relaxed)
    close(descriptor)
    return false
  }

  /// Gives back the pages of the range but its last, which may be part of what is read next; those of small ranges only
  /// when there are many.
  package func giveBackPages(offset: Int, count: Int) {
    guard count < Self.worthGivingBack else { return giveBackNow(offset: offset, count: count) }
    let kept = keptBytes.wrappingAdd(count + Self.faultAroundBytes, ordering: .relaxed).newValue
    guard kept > Self.mostKept else { return }
    keptBytes.store(0, ordering: .relaxed)
    giveBackNow(offset: 0, count: self.count)
  }

  private func giveBackNow(offset: Int, count: Int) {
    // A fault maps the pages around it too: those before the range were given back already.
    let first = max(offset - (Int(bitPattern: base) + offset) % Self.faultAroundBytes, 0)
    let last = (offset + count) / Self.pageSize * Self.pageSize
    guard mapped, first < last else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + first), last - first, MADV_DONTNEED)
  }

  /// Whether bytes can be read without the mapping.
  var keepsDescriptor: Bool { descriptor != nil }

  /// Copies the bytes at `offset`, where it can past the mapping: they never enter the resident set, and a file that
  /// shrank meanwhile is an error instead of a SIGBUS.
  package func read(at offset: Int, into output: UnsafeMutableRawBufferPointer) throws {
    guard let descriptor else {
      output.copyMemory(from: UnsafeRawBufferPointer(start: base + offset, count: output.count))
      return giveBackPages(offset: offset, count: output.count)
    }
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
    guard let descriptor else { return }
    close(descriptor)
    Self.descriptorCount.wrappingSubtract(1, ordering: .relaxed)
  }
}
