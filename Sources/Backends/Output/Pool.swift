import Synchronization

/// Things that are dear to make, one for each thread that needs one at the same time.
final class Pool<Element: Sendable>: Sendable {
  private let free = Mutex<[Element]>([])
  private let make: @Sendable () throws -> Element

  init(_ make: @escaping @Sendable () throws -> Element) {
    self.make = make
  }

  /// Calls `body` with one that no other thread has meanwhile.
  func withElement<Result>(_ body: (Element) throws -> Result) throws -> Result {
    let element = try free.withLock { $0.popLast() } ?? make()
    defer { free.withLock { $0.append(element) } }
    return try body(element)
  }
}

/// Memory that a thread works in.
final class ScratchBuffer: @unchecked Sendable {
  let bytes: UnsafeMutableRawBufferPointer

  init(byteCount: Int) {
    bytes = .allocate(byteCount: byteCount, alignment: 4096)
  }

  deinit { bytes.deallocate() }

  /// The first `count` bytes.
  func prefix(_ count: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
  }
}
