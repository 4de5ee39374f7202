import IR
import Synchronization

/// Reads the elements of weights as floats: in windows, in parallel, each byte once.
package struct WeightReading: Sendable {
  /// One window of one of the literals.
  package struct Window: Sendable {
    package let literal: TensorLiteral
    /// Which of the literals it is.
    package let index: Int
    /// The elements of the literal.
    package let range: Range<Int>
    /// The position of the first element over the concatenation of all literals.
    package let start: Int
  }

  package let literals: [TensorLiteral]
  package let windows: [Window]
  package let threads: Int
  package let elementCount: Int

  /// - Parameter literals: of element types in `FloatWidening.sources`.
  package init(_ literals: [TensorLiteral], threads: Int) {
    self.literals = literals
    self.threads = threads
    var windows: [Window] = []
    var start = 0
    for (index, literal) in literals.enumerated() {
      for range in literal.windows() {
        windows.append(Window(literal: literal, index: index, range: range, start: start + range.lowerBound))
      }
      start += literal.elementCount
    }
    self.windows = windows
    elementCount = start
  }

  /// The results of `body` for each window, in order. `body` gets the window, and reads it by `Window.forEachBlock`.
  package func map<Result: Sendable>(_ body: @Sendable (Window) throws -> Result) throws -> [Result] {
    let unread = Mutex(literals.map { $0.windows().count })
    return try Parallel.map(windows.count, threads: threads) { index in
      let window = windows[index]
      defer {
        window.literal.giveBackPages(window.range)
        // Where a window's bytes come from all over a matrix, the pages are those of other threads, too, until all are done.
        let isLast = unread.withLock { counts in
          counts[window.index] -= 1
          return counts[window.index] == 0
        }
        if isLast { window.literal.giveBackPages(0..<window.literal.elementCount) }
      }
      return try body(window)
    }
  }
}

extension WeightReading.Window {
  /// What `forEachBlock` hands out at once: it stays in a first-level cache, so that several kernels pass over it for
  /// the price of one read.
  private static let blockElements = 1 << 12

  /// Calls `body` with blocks of the window's elements as unaligned floats, and the position of a block's first element
  /// within the literal.
  package func forEachBlock(_ body: (UnsafeRawBufferPointer, Int) -> Void) throws {
    let width = (literal.elementType.bitWidth ?? 32) / 8
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.blockElements) { scratch in
      guard let floats = scratch.baseAddress else { return }
      try literal.forEachBlock(of: range) { bytes, elements in
        for start in stride(from: 0, to: elements.count, by: Self.blockElements) {
          let count = min(Self.blockElements, elements.count - start)
          let part = UnsafeRawBufferPointer(rebasing: bytes[start * width..<(start + count) * width])
          if literal.elementType == .float32 {
            body(part, elements.lowerBound + start)
          } else {
            FloatWidening.widen(part, literal.elementType, into: floats)
            body(UnsafeRawBufferPointer(start: floats, count: count * 4), elements.lowerBound + start)
          }
        }
      }
    }
  }
}
