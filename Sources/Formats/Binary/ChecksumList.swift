import Synchronization

/// Checksums that threads take of blocks, each at its block's place.
package final class ChecksumList: Sendable {
  private let values: Mutex<[UInt64]>

  package init(count: Int) {
    values = Mutex(Array(repeating: 0, count: count))
  }

  package func set(_ index: Int, _ checksum: UInt64) { values.withLock { $0[index] = checksum } }

  package var checksums: [UInt64] { values.withLock { $0 } }
}
