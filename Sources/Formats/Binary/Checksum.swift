import CXXHash
import IR

/// XXH3-64, whole and by blocks.
package enum Checksum {
  package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    XXH3_64bits(bytes.baseAddress, bytes.count)
  }

  package static func of(_ bytes: [UInt8]) -> UInt64 {
    bytes.withUnsafeBytes { of($0) }
  }

  /// The checksum of a section: that of its blocks' checksums, in order.
  package static func combining(_ blocks: some Collection<UInt64>) -> UInt64 {
    Array(blocks).withUnsafeBytes { of($0) }
  }
}
