import Glibc

/// Immutable bytes: a mapped file, or memory of our own.
///
/// Nothing guarantees an alignment (a protobuf payload starts anywhere): load unaligned.
package final class Buffer: Sendable {
  /// Where the bytes live, and who gives them back.
  package enum Origin: Sendable {
    /// A read-only mapping of the whole of `file`.
    case mapped(MappedFile)
    /// Memory that this buffer owns.
    case owned
    /// A mapping of a temporary file that no folder lists: the system can page it out.
    case temporary
  }

  /// The start of the bytes. Valid for `count` bytes while the buffer lives; undefined for an empty buffer.
  nonisolated(unsafe) package let base: UnsafeRawPointer
  package let count: Int
  package let origin: Origin

  private init(base: UnsafeRawPointer, count: Int, origin: Origin) {
    self.base = base
    self.count = count
    self.origin = origin
  }

  /// The whole of a mapped file.
  package convenience init(_ file: MappedFile) {
    self.init(base: file.base, count: file.count, origin: .mapped(file))
  }

  /// Memory of our own, 64-byte aligned, filled once by `fill`.
  package convenience init(count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 64)
    do {
      try fill(UnsafeMutableRawBufferPointer(start: memory, count: count))
    } catch {
      memory.deallocate()
      throw error
    }
    self.init(base: UnsafeRawPointer(memory), count: count, origin: .owned)
  }

  /// A copy of `bytes`.
  package convenience init(_ bytes: [UInt8]) {
    self.init(count: bytes.count) { $0.copyBytes(from: bytes) }
  }

  /// A temporary file without a name, mapped and filled once by `fill`.
  ///
  /// - Throws: `ModelError` where the system has no room for it.
  package static func temporary(count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws -> Buffer {
    let descriptor = openUnlinkedFile()
    guard descriptor >= 0 else {
      throw ModelError(.cannotCreate, "a temporary file: \(ModelError.systemMessage(errno))")
    }
    defer { close(descriptor) }
    guard ftruncate(descriptor, count) == 0,
      let memory = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
    else { throw ModelError(.outOfMemory, "a temporary of \(count) bytes: \(ModelError.systemMessage(errno))") }
    let buffer = Buffer(base: UnsafeRawPointer(memory), count: count, origin: .temporary)
    try fill(UnsafeMutableRawBufferPointer(start: memory, count: count))
    return buffer
  }

  /// Above this size made bytes go to a temporary file instead of the heap.
  private static let heapLimit = 32 << 20

  /// Bytes that are made once by `fill`: on the heap, or in a temporary file where they are many.
  package static func made(count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws -> Buffer {
    count > heapLimit ? try temporary(count: count, fill: fill) : try Buffer(count: count, fill: fill)
  }

  private static func openUnlinkedFile() -> Int32 {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(folder)/mcc-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { return descriptor }
    unlink(template)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return descriptor
  }

  deinit {
    switch origin {
    case .owned: base.deallocate()
    case .temporary: munmap(UnsafeMutableRawPointer(mutating: base), count)
    case .mapped: break
    }
  }
}

/// A range of a buffer. It keeps the buffer alive and copies nothing.
package struct ByteSlice: Sendable {
  package let buffer: Buffer
  package let offset: Int
  package let count: Int

  package init(_ buffer: Buffer) {
    self.buffer = buffer
    self.offset = 0
    self.count = buffer.count
  }

  /// The part of `buffer` at `offset`; `nil` where it does not lie inside.
  package init?(_ buffer: Buffer, offset: Int, count: Int) {
    guard offset >= 0, count >= 0, offset <= buffer.count, count <= buffer.count - offset else { return nil }
    self.buffer = buffer
    self.offset = offset
    self.count = count
  }

  package init(_ bytes: [UInt8]) {
    self.init(Buffer(bytes))
  }

  /// The bytes of `parts`, one after the other: copied, unless there is one part alone.
  package init(joining parts: [ByteSlice]) {
    if parts.count == 1 {
      self = parts[0]
      return
    }
    self.init(
      Buffer(count: parts.reduce(0) { $0 + $1.count }) { output in
        var rest = output
        for part in parts {
          part.withUnsafeBytes { rest.copyBytes(from: $0) }
          rest = UnsafeMutableRawBufferPointer(rebasing: rest[part.count...])
        }
      })
  }

  /// Calls `body` with the bytes, which are valid during the call only.
  package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(buffer) {
      try body(UnsafeRawBufferPointer(start: buffer.base + offset, count: count))
    }
  }

  /// The part at `offset` of this slice; `nil` where it does not lie inside.
  package func slice(offset: Int, count: Int) -> ByteSlice? {
    guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else { return nil }
    return ByteSlice(buffer, offset: self.offset + offset, count: count)
  }

  /// From here on a read through the descriptor is cheaper than faulting the pages in and giving them back.
  private static let directReadBytes = 1 << 16

  /// Whether so many bytes are read through a file's descriptor.
  func isReadDirectly(_ byteCount: Int) -> Bool {
    guard case .mapped(let file) = buffer.origin else { return false }
    return byteCount >= Self.directReadBytes && file.keepsDescriptor
  }

  /// Copies the bytes from `offset` on into `output`. The range must lie inside the slice.
  ///
  /// - Parameter isolated: nothing near them will be read, so that their pages are not worth a fault.
  package func copyBytes(
    from offset: Int, into output: UnsafeMutableRawBufferPointer, isolated: Bool = false
  ) throws {
    precondition(offset >= 0 && offset <= count && output.count <= count - offset, "outside a slice of \(count) bytes")
    if case .mapped(let file) = buffer.origin, isReadDirectly(output.count) || (isolated && file.keepsDescriptor) {
      return try file.read(at: self.offset + offset, into: output)
    }
    withUnsafeBytes { output.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + output.count])) }
  }

  /// Gives the pages of a mapped slice back to the system; the next read faults them in again. Keeps the resident set
  /// to a window.
  package func giveBackPages() {
    guard case .mapped(let file) = buffer.origin else { return }
    file.giveBackPages(offset: offset, count: count)
  }
}

extension ByteSlice: Hashable {
  /// The same range of the same buffer. Equal bytes elsewhere are not equal slices.
  package static func == (a: ByteSlice, b: ByteSlice) -> Bool {
    a.buffer === b.buffer && a.offset == b.offset && a.count == b.count
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(buffer))
    hasher.combine(offset)
    hasher.combine(count)
  }
}
