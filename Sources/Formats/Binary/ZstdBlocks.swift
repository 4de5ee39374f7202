import CZstd
import IR
import Synchronization

/// A section of zstd frames, one a block, that decode independently of each other.
///
/// The frames follow one another; after them comes a number of four bytes for each, its size.
package struct ZstdBlocks: BlockSource {
  package let byteCount: Int
  /// What messages call it.
  private let place: String
  private let stored: ByteSlice
  /// The frames' sizes.
  private let sizes: ByteSlice

  /// - Throws: `ModelError` where the section has no room for the sizes of its frames.
  package init(_ section: SectionTable.Section, stored: ByteSlice, place: String) throws {
    guard let sizes = Self.sizes(of: section, stored) else {
      throw ModelError(.invalidModel, place: place, "has fewer bytes than \(section.blockCount) frames need")
    }
    byteCount = section.byteCount
    self.place = place
    self.stored = stored
    self.sizes = sizes
  }

  private static func sizes(of section: SectionTable.Section, _ stored: ByteSlice) -> ByteSlice? {
    let (bytes, overflow) = section.blockCount.multipliedReportingOverflow(by: 4)
    guard !overflow, bytes <= stored.count else { return nil }
    return stored.slice(offset: stored.count - bytes, count: bytes)
  }

  /// Where in the section each frame is, and the sizes.
  package static func blocks(
    of section: SectionTable.Section, _ stored: ByteSlice, place: String
  ) throws -> [Range<Int>] {
    let source = try ZstdBlocks(section, stored: stored, place: place)
    var offset = 0
    var blocks: [Range<Int>] = []
    for index in 0..<section.blockCount {
      let size = source.size(of: index)
      guard size >= minimumFrameBytes, size <= source.frameBytes - offset else { throw source.damaged }
      blocks.append(offset..<offset + size)
      offset += size
    }
    guard offset == source.frameBytes else { throw source.damaged }
    return blocks + [offset..<stored.count]
  }

  /// A frame has a magic number, a header and a block: what is smaller only takes memory.
  private static let minimumFrameBytes = 9

  private var frameBytes: Int { stored.count - sizes.count }
  private var damaged: ModelError { ModelError(.invalidModel, place: place, "its frames do not fill it") }

  private func size(of block: Int) -> Int {
    sizes.withUnsafeBytes { Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 4 * block, as: UInt32.self))) }
  }

  package func decode(_ index: Int, into output: UnsafeMutableRawBufferPointer) throws {
    let offset = (0..<index).reduce(0) { $0 + size(of: $1) }
    guard let frame = stored.slice(offset: offset, count: size(of: index)) else { throw damaged }
    let count = frame.withUnsafeBytes { input in
      ZSTD_decompress(output.baseAddress, output.count, input.baseAddress, input.count)
    }
    frame.giveBackPages()
    guard ZSTD_isError(count) == 0, count == output.count else {
      throw ModelError(
        .invalidModel, place: place, "block \(index) does not decode to the \(output.count) bytes that it should")
    }
  }
}

extension ZstdBlocks: Hashable {
  package static func == (a: ZstdBlocks, b: ZstdBlocks) -> Bool { a.stored == b.stored && a.byteCount == b.byteCount }

  package func hash(into hasher: inout Hasher) { hasher.combine(stored) }
}
