/// Bytes that are stored encoded, in blocks that decode independently of each other: a compressed section of a file.
package protocol BlockSource: Hashable, Sendable {
  /// The bytes of all blocks, decoded.
  var byteCount: Int { get }

  /// Fills `output` with the block at `index`: `TensorLiteral.windowBytes` bytes, the last block's fewer.
  ///
  /// - Throws: `ModelError` that names the place, where the block does not decode to exactly these.
  func decode(_ index: Int, into output: UnsafeMutableRawBufferPointer) throws
}

extension BlockSource {
  /// Fills `output` with the decoded bytes from `offset` on. The range must lie inside.
  package func read(from offset: Int, into output: UnsafeMutableRawBufferPointer) throws {
    let end = offset + output.count
    precondition(offset >= 0 && end <= byteCount, "outside \(byteCount) bytes")
    let size = TensorLiteral.windowBytes
    var position = offset
    while position < end {
      let start = position / size * size
      let block = start..<min(start + size, byteCount)
      let wanted = position..<min(block.upperBound, end)
      let target = UnsafeMutableRawBufferPointer(
        rebasing: output[wanted.lowerBound - offset..<wanted.upperBound - offset])
      if wanted == block {
        try decode(start / size, into: target)
      } else {
        let whole = UnsafeMutableRawBufferPointer.allocate(byteCount: block.count, alignment: 64)
        defer { whole.deallocate() }
        try decode(start / size, into: whole)
        target.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: whole[wanted.lowerBound - start..<wanted.upperBound - start]))
      }
      position = wanted.upperBound
    }
  }
}
