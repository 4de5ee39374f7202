import Formats
import IR
import Synchronization

/// Finds out from samples which weights zstd makes smaller: trained floats it does not, zeros and eight-bit integers it
/// does.
enum CompressionEstimate {
  private static let sampleCount = 4
  private static let sampleBytes = 1 << 14
  /// Compressed weights cannot be mapped: it takes so much of a gain to be worth it.
  private static let worthwhileRatio = 0.9

  /// Those of `literals` that are to be compressed. Depends on their bytes alone.
  static func compressible(_ literals: [TensorLiteral], threads: Int) throws -> Set<TensorLiteral> {
    let found = Mutex<Set<TensorLiteral>>([])
    let compressors = Pool { try ZstdCompressor() }
    try Parallel.forEach(literals.count, threads: threads) { index in
      let literal = literals[index]
      let pays = try compressors.withElement { try isWorthwhile(literal, $0) }
      literal.discardEvaluations()
      if pays { _ = found.withLock { $0.insert(literal) } }
    }
    return found.withLock { $0 }
  }

  private static func isWorthwhile(_ literal: TensorLiteral, _ compressor: ZstdCompressor) throws -> Bool {
    let size = min(sampleBytes, literal.byteCount)
    let input = ScratchBuffer(byteCount: size)
    let output = ScratchBuffer(byteCount: ZstdCompressor.bound(size))
    var compressed = 0
    for index in 0..<sampleCount {
      let offset = (literal.byteCount - size) / (sampleCount - 1) * index
      try literal.read(bytesFrom: offset, into: input.bytes)
      literal.giveBackPages(bytes: offset..<offset + size)
      compressed += try compressor.compress(UnsafeRawBufferPointer(input.bytes), into: output.bytes)
    }
    return Double(compressed) < worthwhileRatio * Double(sampleCount * size)
  }
}
