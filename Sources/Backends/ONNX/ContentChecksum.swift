import CXXHash
import IR
import Synchronization

/// A checksum of an output, taken window by window while it is written.
final class ContentChecksum: Sendable {
  private let windows: Mutex<[UInt64]>

  init(_ windowCount: Int) {
    windows = Mutex(Array(repeating: 0, count: windowCount))
  }

  func note(_ bytes: UnsafeRawBufferPointer, at window: Int) {
    let checksum = XXH3_64bits(bytes.baseAddress, bytes.count)
    windows.withLock { $0[window] = checksum }
  }

  /// Sixteen digits.
  var hexadecimal: String {
    let checksum = windows.withLock { $0.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) } }
    let digits = String(checksum, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
