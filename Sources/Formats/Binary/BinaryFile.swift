import IR

/// A `.mcb` file whose frame is checked: every byte of it lies in the header, a section, the table or the trailer, or is
/// padding and zero.
package struct BinaryFile {
  package let table: SectionTable
  private let contents: ByteSlice
  /// The name of a weight in each section.
  private let firstWeights: [Int: ByteString]

  /// - Throws: `ModelError` that names the damaged part, or what this build does not know.
  package init(_ contents: ByteSlice) throws {
    try Self.checkHeader(contents)
    let (table, tableStart) = try Self.readTable(contents)
    self.table = table
    self.contents = contents
    firstWeights = Dictionary(
      table.weights.map { ($0.place.section, $0.name) }, uniquingKeysWith: { first, _ in first })
    try checkRanges(upTo: tableStart)
  }

  /// The bytes of a section as they are stored.
  package func stored(_ index: Int) throws -> ByteSlice {
    guard table.sections.indices.contains(index),
      let slice = contents.slice(
        offset: table.sections[index].offset, count: table.sections[index].storedBytes)
    else { throw ModelError(.invalidModel, "refers to section \(index), of \(table.sections.count)") }
    return slice
  }

  /// `section 3 (weights, from 'fc.weight' on)`.
  package func place(_ index: Int) -> String {
    let kind = table.sections[index].kind.rawValue
    guard let weight = firstWeights[index] else { return "section \(index) (\(kind))" }
    return "section \(index) (\(kind), from '\(weight.text)' on)"
  }

  // MARK: Header, table and trailer

  private static func checkHeader(_ contents: ByteSlice) throws {
    guard let header = contents.slice(offset: 0, count: BinaryFormat.headerBytes),
      contents.count >= BinaryFormat.headerBytes + BinaryFormat.trailerBytes
    else {
      throw ModelError(.invalidModel, place: "header", "has \(contents.count) bytes, which is too few for a .mcb file")
    }
    try header.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      guard try reader.take(BinaryFormat.magic.count).elementsEqual(BinaryFormat.magic) else {
        throw ModelError(.invalidModel, place: "header", "does not begin as a .mcb file")
      }
      let version: UInt32 = try reader.fixed()
      let checked = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 8)])
      guard bytes.loadUnaligned(fromByteOffset: checked.count, as: UInt64.self) == Checksum.of(checked) else {
        throw ModelError(.invalidModel, place: "header", "is damaged: its checksum does not match")
      }
      guard version == BinaryFormat.version else {
        throw ModelError(
          .invalidModel, place: "header",
          "is version \(version) of the format; this build reads version \(BinaryFormat.version): use a newer mcc")
      }
      guard bytes.elementsEqual(BinaryFormat.header) else {
        throw ModelError(.invalidModel, place: "header", "says more than this build knows: use a newer mcc")
      }
    }
  }

  /// Entries of a few bytes take some hundred in memory, of which a file may have 64 MiB and 16 times its size.
  private static func maximumTableBytes(in fileBytes: Int) -> Int { (2 << 20) + fileBytes / 2 }

  private static func readTable(_ contents: ByteSlice) throws -> (table: SectionTable, start: Int) {
    let trailerStart = contents.count - BinaryFormat.trailerBytes
    let (start, count, checksum) = try contents.withUnsafeBytes { bytes in
      var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[trailerStart...]))
      let numbers: (UInt64, UInt64, UInt64) = (try reader.fixed(), try reader.fixed(), try reader.fixed())
      guard try reader.take(BinaryFormat.magic.count).elementsEqual(BinaryFormat.magic) else {
        throw ModelError(
          .invalidModel, place: "trailer", "is not there: the file is damaged, or only the beginning of one")
      }
      return numbers
    }
    guard let start = Int(exactly: start), let count = Int(exactly: count), start >= BinaryFormat.headerBytes,
      start <= trailerStart, count == trailerStart - start
    else { throw ModelError(.invalidModel, place: "trailer", "is damaged: the table is not where it says") }
    guard count <= maximumTableBytes(in: contents.count) else {
      throw ModelError(.invalidModel, place: "section table", "has \(count) bytes, too many for a file of this size")
    }
    let slice = contents.slice(offset: start, count: count)
    let table = try slice?.withUnsafeBytes { bytes in
      guard Checksum.of(bytes) == checksum else {
        throw ModelError(.invalidModel, place: "section table", "is damaged: its checksum does not match")
      }
      do {
        var reader = ByteReader(bytes)
        return try SectionTable(decoding: &reader)
      } catch let error as ModelError {
        throw error.at("section table")
      }
    }
    return (table ?? SectionTable(vocabulary: OpsetVersions()), start)
  }

  // MARK: Sections

  private func checkRanges(upTo end: Int) throws {
    var position = BinaryFormat.headerBytes
    for (index, section) in table.sections.enumerated() {
      guard section.offset >= position, section.offset.isMultiple(of: BinaryFormat.alignment), section.offset <= end,
        section.storedBytes <= end - section.offset
      else {
        throw ModelError(
          .invalidModel, place: place(index),
          "has \(section.storedBytes) bytes at offset \(section.offset), where there is no room for them")
      }
      guard section.encoding != .raw || section.storedBytes == section.byteCount else {
        throw ModelError(
          .invalidModel, place: place(index),
          "is raw, and has \(section.storedBytes) bytes that stand for \(section.byteCount)")
      }
      try checkPadding(position..<section.offset, before: place(index))
      position = section.offset + section.storedBytes
    }
    try checkPadding(position..<end, before: "the section table")
  }

  private func checkPadding(_ range: Range<Int>, before place: String) throws {
    let isZero = contents.slice(offset: range.lowerBound, count: range.count)?
      .withUnsafeBytes { $0.allSatisfy { $0 == 0 } }
    guard isZero == true else {
      throw ModelError(.invalidModel, place: "padding before \(place)", "is damaged: it is not zero")
    }
  }

  // MARK: Checksums

  /// Reads every section on `threads` threads.
  ///
  /// - Throws: `ModelError` that names the first section whose bytes are not those that were written.
  package func verify(threads: Int) throws {
    var pieces: [(section: Int, range: Range<Int>)] = []
    for index in table.sections.indices {
      for block in try blocks(of: index) { pieces.append((index, block)) }
    }
    let checksums = try Self.checksums(of: pieces.map { (try stored($0.section), $0.range) }, threads: threads)
    var next = 0
    for (index, section) in table.sections.enumerated() {
      var own: [UInt64] = []
      while next < pieces.count, pieces[next].section == index {
        own.append(checksums[next])
        next += 1
      }
      guard Checksum.combining(own) == section.checksum else {
        throw ModelError(.invalidModel, place: place(index), "is damaged: its checksum does not match")
      }
    }
  }

  /// The parts of a section that have a checksum each.
  private func blocks(of index: Int) throws -> [Range<Int>] {
    let section = table.sections[index]
    switch section.encoding {
    case .raw:
      let size = BinaryFormat.blockBytes
      return stride(from: 0, to: section.storedBytes, by: size).map { $0..<min($0 + size, section.storedBytes) }
    case .zstd: return try ZstdBlocks.blocks(of: section, try stored(index), place: place(index))
    }
  }

  private static func checksums(of pieces: [(slice: ByteSlice, range: Range<Int>)], threads: Int) throws -> [UInt64] {
    let slices = pieces.map { $0.slice.slice(offset: $0.range.lowerBound, count: $0.range.count) }
    let results = ChecksumList(count: slices.count)
    try Parallel.forEach(slices.count, threads: threads) { index in
      guard let slice = slices[index] else { throw ModelError(.invalidModel, "a block lies outside its section") }
      results.set(index, slice.withUnsafeBytes { Checksum.of($0) })
      slice.giveBackPages()
    }
    return results.checksums
  }
}
