import CZstd
import IR

/// Makes zstd frames. One thread uses it at a time.
package final class ZstdCompressor: @unchecked Sendable {
  private let context: OpaquePointer

  /// Fast: level 3 gains some percent on weights, for twice the time.
  private static let level: Int32 = 1

  /// - Throws: `ModelError` where there is no memory for it.
  package init() throws {
    guard let context = ZSTD_createCCtx() else { throw ModelError(.outOfMemory, "a zstd context") }
    self.context = context
  }

  deinit { ZSTD_freeCCtx(context) }

  /// The bytes that a frame of `count` bytes can take.
  package static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

  /// Fills `output`, which has at least `bound` bytes, with a frame, and returns its size.
  package func compress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> Int {
    let size = ZSTD_compressCCtx(
      context, output.baseAddress, output.count, input.baseAddress, input.count, Self.level)
    guard ZSTD_isError(size) == 0 else {
      throw ModelError(.internalFailure, "zstd: \(String(cString: ZSTD_getErrorName(size)))")
    }
    return size
  }
}
