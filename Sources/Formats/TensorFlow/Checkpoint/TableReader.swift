import IR

/// Reads the sorted table that a checkpoint's index is: blocks of keys and values, prefixes shared between neighbors, found
/// by a block of their places.
struct TableReader {
  private let file: ByteSlice

  /// The last bytes of a table: where its two outer blocks are, and its magic number.
  private static let footerSize = 48
  private static let magic: UInt64 = 0xDB47_7524_8B80_FB57
  /// After a block: how it is compressed, and its checksum.
  private static let trailerSize = 5

  init(_ file: ByteSlice) {
    self.file = file
  }

  /// Calls `body` with each key and value, in order.
  ///
  /// - Throws: `ModelError` with the offset of what is damaged.
  func forEachEntry(_ body: (_ key: [UInt8], _ value: ByteSlice) throws -> Void) throws {
    guard let footer = file.slice(offset: file.count - Self.footerSize, count: Self.footerSize) else {
      throw Self.damaged("it is too short")
    }
    let handle = try footer.withUnsafeBytes { bytes in
      guard bytes.loadUnaligned(fromByteOffset: Self.footerSize - 8, as: UInt64.self).littleEndian == Self.magic else {
        throw Self.damaged("it does not end as a table does")
      }
      var cursor = WireCursor(bytes, 0..<Self.footerSize - 8)
      _ = try Self.handle(&cursor)
      return try Self.handle(&cursor)
    }
    var position = 0
    try forEachEntry(in: block(handle)) { _, place in
      let handle = try place.withUnsafeBytes { bytes in
        var cursor = WireCursor(bytes, 0..<bytes.count)
        return try Self.handle(&cursor)
      }
      // Each block lies behind the one before: none is read twice, however many places are listed.
      guard handle.offset >= position else { throw Self.damaged("its blocks are out of order") }
      let content = try block(handle)
      position = handle.offset + content.count
      try forEachEntry(in: content, body)
    }
  }

  private typealias Handle = (offset: Int, count: Int)

  private static func handle(_ cursor: inout WireCursor) throws -> Handle {
    let offset = try cursor.readVarint()
    let count = try cursor.readVarint()
    guard let offset = Int(exactly: offset), let count = Int(exactly: count) else {
      throw damaged("a block is at \(offset)")
    }
    return (offset, count)
  }

  private func block(_ handle: Handle) throws -> ByteSlice {
    guard let content = file.slice(offset: handle.offset, count: handle.count),
      let trailer = file.slice(offset: handle.offset + handle.count, count: Self.trailerSize)
    else { throw Self.damaged("a block lies at offset \(handle.offset), outside of it") }
    let (compression, checksum) = trailer.withUnsafeBytes {
      ($0[0], $0.loadUnaligned(fromByteOffset: 1, as: UInt32.self))
    }
    guard compression == 0 else {
      throw ModelError(.invalidModel, "its block at offset \(handle.offset) is compressed, which TensorFlow never does")
    }
    // It covers the byte that says how the block is compressed, too.
    let actual = file.slice(offset: handle.offset, count: handle.count + 1)?.withUnsafeBytes { CRC32C.of($0) }
    guard actual.map(CRC32C.masked) == UInt32(littleEndian: checksum) else {
      throw Self.damaged("the checksum of the block at offset \(handle.offset) is wrong")
    }
    return content
  }

  private func forEachEntry(in block: ByteSlice, _ body: ([UInt8], ByteSlice) throws -> Void) throws {
    try block.withUnsafeBytes { bytes in
      guard bytes.count >= 4 else { throw Self.damaged("a block is too short") }
      let restarts = Int(bytes.loadUnaligned(fromByteOffset: bytes.count - 4, as: UInt32.self).littleEndian)
      guard restarts <= (bytes.count - 4) / 4 else { throw Self.damaged("a block has \(restarts) restarts") }
      var cursor = WireCursor(bytes, 0..<bytes.count - 4 - 4 * restarts)
      var key: [UInt8] = []
      while !cursor.isAtEnd {
        let (shared, own, length) = (try cursor.readVarint(), try cursor.readVarint(), try cursor.readVarint())
        let rest = UInt64(cursor.end - cursor.offset)
        guard shared <= key.count, own <= rest, length <= rest - own else { throw Self.damaged("an entry is cut off") }
        key.removeSubrange(Int(shared)...)
        key.append(contentsOf: bytes[cursor.offset..<cursor.offset + Int(own)])
        cursor.offset += Int(own)
        guard let value = block.slice(offset: cursor.offset, count: Int(length)) else {
          throw Self.damaged("an entry is cut off")
        }
        cursor.offset += Int(length)
        try body(key, value)
      }
    }
  }

  private static func damaged(_ what: String) -> ModelError {
    ModelError(.invalidModel, "is no index of a checkpoint, or a damaged one: \(what)")
  }
}
