import IR

/// What a `.mcb` file consists of.
package struct SectionTable: Equatable {
  /// A range of the file.
  package struct Section: Equatable {
    package var kind: Kind
    package var encoding: Encoding
    package var offset: Int
    /// The bytes in the file, padding not counted.
    package var storedBytes: Int
    /// The bytes that they stand for.
    package var byteCount: Int
    package var checksum: UInt64

    package init(
      kind: Kind, encoding: Encoding, offset: Int = 0, storedBytes: Int = 0, byteCount: Int, checksum: UInt64 = 0
    ) {
      self.kind = kind
      self.encoding = encoding
      self.offset = offset
      self.storedBytes = storedBytes
      self.byteCount = byteCount
      self.checksum = checksum
    }

    package var range: Range<Int> { offset..<offset + storedBytes }
    /// How many blocks it has.
    package var blockCount: Int {
      byteCount / BinaryFormat.blockBytes + (byteCount % BinaryFormat.blockBytes == 0 ? 0 : 1)
    }
  }

  package enum Kind: String, CaseIterable {
    /// The module, all but its weights.
    case structure
    case weights
  }

  package enum Encoding: String, CaseIterable {
    case raw
    /// Each block is a zstd frame; their sizes follow.
    case zstd
  }

  /// A weight by its name, for those who look for no more than that.
  package struct Weight: Equatable {
    package let name: ByteString
    package let elementType: ElementType
    package let dimensions: [Int]
    package let place: WeightPlace

    package init(name: ByteString, elementType: ElementType, dimensions: [Int], place: WeightPlace) {
      self.name = name
      self.elementType = elementType
      self.dimensions = dimensions
      self.place = place
    }
  }

  package var vocabulary: OpsetVersions
  package var sections: [Section]
  package var weights: [Weight]

  package init(vocabulary: OpsetVersions, sections: [Section] = [], weights: [Weight] = []) {
    self.vocabulary = vocabulary
    self.sections = sections
    self.weights = weights
  }
}

/// Where in which section a weight begins.
package struct WeightPlace: Hashable, Sendable {
  package let section: Int
  package let offset: Int

  package init(section: Int, offset: Int) {
    self.section = section
    self.offset = offset
  }
}

// MARK: - Writing

extension SectionTable {
  package var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.append(count: vocabulary.entries.count)
    for entry in vocabulary.entries {
      writer.append(text: entry.domain)
      writer.append(count: entry.version)
    }
    writer.append(count: sections.count)
    for section in sections {
      writer.append(text: ByteString(section.kind.rawValue))
      writer.append(text: ByteString(section.encoding.rawValue))
      writer.append(count: section.offset)
      writer.append(count: section.storedBytes)
      writer.append(count: section.byteCount)
      writer.appendFixed(section.checksum)
    }
    writer.append(count: weights.count)
    for weight in weights {
      writer.append(text: weight.name)
      writer.append(text: ByteString(weight.elementType.rawValue))
      writer.append(count: weight.dimensions.count)
      for dimension in weight.dimensions { writer.append(count: dimension) }
      writer.append(count: weight.place.section)
      writer.append(count: weight.place.offset)
    }
    return writer.bytes
  }

  /// The table and the trailer that tells where it is, at `offset` of the file.
  package func encodedEnd(at offset: Int) -> [UInt8] {
    let table = encoded
    var writer = ByteWriter()
    writer.append(table)
    writer.appendFixed(UInt64(offset))
    writer.appendFixed(UInt64(table.count))
    writer.appendFixed(Checksum.of(table))
    writer.append(BinaryFormat.magic)
    return writer.bytes
  }
}

// MARK: - Reading

extension SectionTable {
  /// - Throws: `ModelError` at what is damaged, or what this build does not know, which it names.
  package init(decoding reader: inout ByteReader) throws {
    vocabulary = OpsetVersions()
    for _ in 0..<(try reader.count(ofAtLeast: 2)) {
      let domain = try reader.text()
      vocabulary[domain] = try reader.integer()
    }
    sections = []
    for index in 0..<(try reader.count(ofAtLeast: 13)) {
      let place = "section \(index)"
      sections.append(
        Section(
          kind: try Self.choice(try reader.text(), "kind", place),
          encoding: try Self.choice(try reader.text(), "encoding", place),
          offset: try reader.integer(), storedBytes: try reader.integer(), byteCount: try reader.integer(),
          checksum: try reader.fixed()))
    }
    weights = []
    for _ in 0..<(try reader.count(ofAtLeast: 5)) {
      let name = try reader.text()
      let elementType: ElementType = try Self.choice(try reader.text(), "element type", "weight '\(name.text)'")
      let dimensions = try (0..<(try reader.count())).map { _ in try reader.integer() }
      let place = WeightPlace(section: try reader.integer(), offset: try reader.integer())
      weights.append(Weight(name: name, elementType: elementType, dimensions: dimensions, place: place))
    }
    guard reader.isAtEnd else { throw ModelError(.invalidModel, "has \(reader.remaining) bytes too many") }
  }

  private static func choice<Choice: RawRepresentable<String>>(
    _ name: ByteString, _ what: String, _ place: String
  ) throws -> Choice {
    guard let choice = Choice(rawValue: name.text) else {
      throw ModelError(
        .invalidModel, place: place, "has \(what) '\(name.text)', which this build does not know; a newer mcc may")
    }
    return choice
  }
}
