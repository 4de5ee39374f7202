import Formats
import IR
import Synchronization

/// Writes the sections of a `.mcb` file, one after the other, and keeps the book of them.
struct SectionWriter {
  private(set) var sections: [SectionTable.Section] = []
  /// Written so far: where the next byte goes.
  private(set) var byteCount = 0
  private let file: OutputFile
  private let threads: Int

  /// Large raw sections begin on a page of the disk, and of memory when they are mapped.
  private static let pageBytes = 1 << 12
  private static let largeBytes = 1 << 20

  init(_ file: OutputFile, threads: Int) {
    self.file = file
    self.threads = threads
  }

  // MARK: Raw sections

  /// Writes the header and the raw sections: all places are known, and threads fill them.
  mutating func writeRaw(_ plans: [WeightIndex.Plan]) throws {
    var layout = OutputLayout()
    var windows: [Range<Int>] = []
    var blocks: [Range<Int>] = []
    append(.bytes(BinaryFormat.header), to: &layout, &windows)
    for plan in plans {
      let alignment = plan.byteCount < Self.largeBytes ? BinaryFormat.alignment : Self.pageBytes
      append(.zeros((alignment - layout.byteCount % alignment) % alignment), to: &layout, &windows)
      let start = layout.byteCount
      for part in plan.parts {
        layout.append(.zeros(start + part.offset - layout.byteCount))
        layout.append(.literal(part.literal))
      }
      let first = windows.count
      windows += stride(from: start, to: layout.byteCount, by: BinaryFormat.blockBytes).map {
        $0..<min($0 + BinaryFormat.blockBytes, layout.byteCount)
      }
      blocks.append(first..<windows.count)
      sections.append(
        SectionTable.Section(
          kind: .weights, encoding: .raw, offset: start, storedBytes: plan.byteCount, byteCount: plan.byteCount))
    }
    let checksums = ChecksumList(count: windows.count)
    let writer = OutputWriter(layout, windows: windows) { checksums.set($0, Checksum.of($1)) }
    try writer.write(to: file, threads: threads)
    let values = checksums.checksums
    for (index, range) in blocks.enumerated() { sections[index].checksum = Checksum.combining(values[range]) }
    byteCount = layout.byteCount
  }

  private func append(_ content: OutputLayout.Content, to layout: inout OutputLayout, _ windows: inout [Range<Int>]) {
    let range = layout.append(content)
    if !range.isEmpty { windows.append(range) }
  }

  // MARK: Compressed sections

  /// One block on its way.
  private struct Block: Sendable {
    let plan: Int
    let literal: TensorLiteral
    let range: Range<Int>
  }

  /// Writes sections of zstd frames. Threads make some frames; then these are written in order, as their sizes come.
  mutating func writeCompressed(_ plans: [WeightIndex.Plan], kind: SectionTable.Kind) throws {
    var blocks: [Block] = []
    for (index, plan) in plans.enumerated() {
      guard let literal = plan.parts.first?.literal else { continue }
      blocks += stride(from: 0, to: literal.byteCount, by: BinaryFormat.blockBytes).map {
        Block(plan: index, literal: literal, range: $0..<min($0 + BinaryFormat.blockBytes, literal.byteCount))
      }
    }
    let compressors = Pool { try ZstdCompressor() }
    let scratches = Pool { ScratchBuffer(byteCount: BinaryFormat.blockBytes) }
    var current = CompressedSection()
    let batchCount = 4 * max(threads, 1)
    for start in stride(from: 0, to: blocks.count, by: batchCount) {
      let batch = Array(blocks[start..<min(start + batchCount, blocks.count)])
      let frames = try Self.frames(batch, threads: threads, compressors, scratches)
      for (block, frame) in zip(batch, frames) {
        if block.range.lowerBound == 0 { try begin(&current) }
        try write(frame)
        current.note(frame)
        if block.range.upperBound == block.literal.byteCount {
          try end(current, kind, block.literal)
        }
      }
    }
  }

  private struct CompressedSection {
    var offset = 0
    var sizes = ByteWriter()
    var checksums: [UInt64] = []

    mutating func note(_ frame: [UInt8]) {
      sizes.appendFixed(UInt32(frame.count))
      checksums.append(Checksum.of(frame))
    }
  }

  private mutating func begin(_ section: inout CompressedSection) throws {
    let alignment = BinaryFormat.alignment
    try write(Array(repeating: 0, count: (alignment - byteCount % alignment) % alignment))
    section = CompressedSection(offset: byteCount)
  }

  private mutating func end(
    _ section: CompressedSection, _ kind: SectionTable.Kind, _ literal: TensorLiteral
  ) throws {
    let sizes = section.sizes.bytes
    try write(sizes)
    sections.append(
      SectionTable.Section(
        kind: kind, encoding: .zstd, offset: section.offset, storedBytes: byteCount - section.offset,
        byteCount: literal.byteCount, checksum: Checksum.combining(section.checksums + [Checksum.of(sizes)])))
    literal.discardEvaluations()
  }

  private static func frames(
    _ blocks: [Block], threads: Int, _ compressors: Pool<ZstdCompressor>, _ scratches: Pool<ScratchBuffer>
  ) throws -> [[UInt8]] {
    let frames = Mutex<[[UInt8]]>(Array(repeating: [], count: blocks.count))
    try Parallel.forEach(blocks.count, threads: threads) { index in
      let block = blocks[index]
      let frame = try scratches.withElement { scratch in
        let bytes = scratch.prefix(block.range.count)
        try block.literal.read(bytesFrom: block.range.lowerBound, into: bytes)
        block.literal.giveBackPages(bytes: block.range)
        return try compressors.withElement { compressor in
          try [UInt8](unsafeUninitializedCapacity: ZstdCompressor.bound(bytes.count)) { output, count in
            count = try compressor.compress(
              UnsafeRawBufferPointer(bytes), into: UnsafeMutableRawBufferPointer(output))
          }
        }
      }
      frames.withLock { $0[index] = frame }
    }
    return frames.withLock { $0 }
  }

  // MARK: The end

  /// Writes bytes of no section: padding, the table.
  mutating func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try file.write($0, at: byteCount) }
    byteCount += bytes.count
  }

  /// Writes the table and the trailer.
  mutating func finish(_ table: SectionTable) throws {
    try write(table.encodedEnd(at: byteCount))
  }
}
