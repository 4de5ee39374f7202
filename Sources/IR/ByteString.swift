import CXXHash

/// A name or a text as its file holds it: bytes, usually but not necessarily UTF-8.
///
/// Models name their values with whatever an exporter wrote. Nothing is repaired, so that a name survives import and
/// export byte for byte.
package struct ByteString: Hashable, Sendable {
  package let bytes: [UInt8]

  package init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  package init(_ bytes: some Sequence<UInt8>) {
    self.bytes = Array(bytes)
  }

  package init(_ string: some StringProtocol) {
    self.bytes = Array(string.utf8)
  }

  package var isEmpty: Bool { bytes.isEmpty }

  /// The text for a person to read; bytes that are not UTF-8 become U+FFFD.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  package static func == (a: ByteString, b: ByteString) -> Bool {
    a.bytes.withUnsafeBytes { x in b.bytes.withUnsafeBytes { y in x.isSame(as: y) } }
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(digest(0)) }

  // The name is the standard library's.
  // swift-format-ignore: NoLeadingUnderscores
  package func _rawHashValue(seed: Int) -> Int { Int(truncatingIfNeeded: digest(UInt64(truncatingIfNeeded: seed))) }

  /// Names are long, and looked up more often than anything else: XXH3 takes a small part of the time of Swift's own
  /// hash. The secret seed keeps files from choosing names of one hash.
  private func digest(_ seed: UInt64) -> UInt64 {
    bytes.withUnsafeBytes { XXH3_64bits_withSeed($0.baseAddress, $0.count, Self.seed ^ seed) }
  }

  private static let seed = UInt64.random(in: .min ... .max)
}

extension ByteString: ExpressibleByStringLiteral {
  package init(stringLiteral value: StaticString) {
    self.bytes = value.withUTF8Buffer { Array($0) }
  }
}

extension ByteString: Comparable {
  package static func < (a: ByteString, b: ByteString) -> Bool {
    a.bytes.lexicographicallyPrecedes(b.bytes)
  }
}

extension ByteString: CustomStringConvertible {
  package var description: String { text }
}
