import Glibc
import Synchronization

/// The temporary files that exist now, for the handler of a signal that ends the process.
package final class TemporaryFiles: Sendable {
  /// Of this process. Whoever installs a handler asks for it before, so that it exists when the handler runs.
  package static let current = TemporaryFiles()

  /// A place in the table.
  typealias Slot = Int

  /// An output has a model and a data file; the rest is room for several outputs at once.
  private static let capacity = 8

  nonisolated(unsafe) private let paths: UnsafeMutablePointer<Atomic<UnsafeMutablePointer<CChar>?>>

  init() {
    paths = .allocate(capacity: Self.capacity)
    for slot in 0..<Self.capacity { (paths + slot).initialize(to: Atomic(nil)) }
  }

  /// Removes every temporary file. Async-signal-safe: loads pointers and calls `unlink`.
  package func removeAll() {
    for slot in 0..<Self.capacity {
      if let path = paths[slot].load(ordering: .acquiring) { unlink(path) }
    }
  }

  /// Lists `path` until `forget`; `nil` where the table is full, which costs the removal by a signal and nothing else.
  func register(_ path: String) -> Slot? {
    guard let copy = strdup(path) else { return nil }
    for slot in 0..<Self.capacity {
      let (exchanged, _) = paths[slot].compareExchange(expected: nil, desired: copy, ordering: .acquiringAndReleasing)
      if exchanged { return slot }
    }
    free(copy)
    return nil
  }

  /// The path stays allocated, because a handler may be reading it at this moment: a short string an output.
  func forget(_ slot: Slot?) {
    guard let slot else { return }
    paths[slot].store(nil, ordering: .releasing)
  }

  deinit {
    for slot in 0..<Self.capacity { (paths + slot).deinitialize(count: 1) }
    paths.deallocate()
  }
}
