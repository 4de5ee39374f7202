import Glibc

extension UnsafeRawBufferPointer {
  /// Whether `other` has as many bytes, and the same.
  package func isSame(as other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    guard let a = baseAddress, let b = other.baseAddress else { return count == 0 }
    return memcmp(a, b, count) == 0
  }
}
