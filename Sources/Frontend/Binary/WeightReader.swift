import Formats
import IR

/// Finds the bytes of weights in the sections of a `.mcb` file.
struct WeightReader {
  private enum Content {
    case raw(ByteSlice)
    case zstd(ZstdBlocks)
  }

  private let sections: [Content]

  init(_ file: BinaryFile, _ budget: inout MemoryBudget) throws {
    try budget.take(file.table.sections.count * MemoryCost.value)
    sections = try file.table.sections.indices.map { index in
      let stored = try file.stored(index)
      switch file.table.sections[index].encoding {
      case .raw: return .raw(stored)
      case .zstd:
        return .zstd(try ZstdBlocks(file.table.sections[index], stored: stored, place: file.place(index)))
      }
    }
  }

  /// A literal whose elements are at `place`.
  ///
  /// - Throws: `ModelError` where the section does not hold them.
  func literal(_ type: ElementType, _ dimensions: [Int], at place: WeightPlace) throws -> TensorLiteral {
    guard sections.indices.contains(place.section) else {
      throw ModelError(.invalidModel, "has its elements in section \(place.section), of \(sections.count)")
    }
    switch sections[place.section] {
    case .raw(let bytes):
      let zero = Array(repeating: UInt8(0), count: type.byteCount(elements: 1) ?? 0)
      let count = try TensorLiteral(type, dimensions, .splat(zero)).byteCount
      guard let slice = bytes.slice(offset: place.offset, count: count) else {
        throw ModelError(
          .invalidModel,
          "needs \(count) bytes at offset \(place.offset) of section \(place.section), which has \(bytes.count)")
      }
      return try TensorLiteral(type, dimensions, .bytes(slice))
    case .zstd(let blocks):
      guard place.offset == 0 else {
        throw ModelError(.invalidModel, "begins inside section \(place.section), which is compressed as a whole")
      }
      return try TensorLiteral(type, dimensions, .blocks(blocks))
    }
  }
}
