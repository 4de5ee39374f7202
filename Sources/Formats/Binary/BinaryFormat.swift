import IR

/// The frame of a `.mcb` file, version 1: docs/mcb.md says it all. All numbers are little-endian.
package enum BinaryFormat {
  /// No text begins so, and a transfer that changes line ends or drops the eighth bit destroys it.
  package static let magic: [UInt8] = [0x89, 0x4D, 0x43, 0x42, 0x0D, 0x0A, 0x1A, 0x0A]
  package static let version: UInt32 = 1

  /// Magic, version, zeros, and the checksum of what is before it.
  package static let headerBytes = 64
  /// Where the table is, how long, its checksum, and the magic again.
  package static let trailerBytes = 32

  /// Sections begin at multiples of this, and so do weights of at least as many bytes: they can be mapped and loaded.
  package static let alignment = 64
  /// The bytes of a section that are encoded and checked on their own, so that threads can share the work.
  package static let blockBytes = TensorLiteral.windowBytes

  /// Graphs inside graphs; ONNX's own reader stops there too.
  package static let maximumGraphDepth = 32

  /// The header: it has no choices yet.
  package static var header: [UInt8] {
    var writer = ByteWriter()
    writer.append(magic)
    writer.appendFixed(version)
    writer.append(Array(repeating: 0, count: headerBytes - writer.bytes.count - 8))
    writer.appendFixed(Checksum.of(writer.bytes))
    return writer.bytes
  }
}
