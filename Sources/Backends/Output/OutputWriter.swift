import IR

/// Fills a file with a layout, window by window, on several threads.
///
/// A window's bytes are gathered in a scratch buffer that stays in a core's cache and leave it in one write; peak
/// memory is a window a thread. What is written depends on the layout alone.
package struct OutputWriter: Sendable {
  /// Told the bytes of each window, on any thread: checksums are taken here.
  package typealias Observer = @Sendable (_ window: Int, UnsafeRawBufferPointer) -> Void

  private let layout: OutputLayout
  private let windows: [Range<Int>]
  private let observer: Observer?

  /// - Parameter windows: ascending ranges of at most `TensorLiteral.windowBytes` that cover the layout.
  package init(_ layout: OutputLayout, windows: [Range<Int>]? = nil, observer: Observer? = nil) {
    self.layout = layout
    self.windows = windows ?? layout.windows()
    self.observer = observer
  }

  /// Writes the whole layout at the beginning of `file`.
  package func write(to file: OutputFile, threads: Int) throws {
    try file.reserve(layout.byteCount)
    let progress = EvaluationProgress(layout, windows)
    let largest = windows.map(\.count).max() ?? 0
    let scratches = Pool { ScratchBuffer(byteCount: largest) }
    try Parallel.forEach(windows.count, threads: file.isStream ? 1 : threads) { index in
      try scratches.withElement { scratch in
        let window = windows[index]
        let bytes = scratch.prefix(window.count)
        try fill(bytes, window)
        observer?(index, UnsafeRawBufferPointer(bytes))
        try file.write(UnsafeRawBufferPointer(bytes), at: window.lowerBound)
      }
      progress.didWrite(index)
    }
  }

  private func fill(_ bytes: UnsafeMutableRawBufferPointer, _ window: Range<Int>) throws {
    var index = layout.segmentIndex(at: window.lowerBound)
    var position = window.lowerBound
    while position < window.upperBound {
      let segment = layout.segments[index]
      let end = min(segment.range.upperBound, window.upperBound)
      let part = UnsafeMutableRawBufferPointer(
        rebasing: bytes[position - window.lowerBound..<end - window.lowerBound])
      try segment.content.read(from: position - segment.range.lowerBound, into: part)
      position = end
      index += 1
    }
  }
}

extension OutputLayout.Content {
  fileprivate func read(from offset: Int, into output: UnsafeMutableRawBufferPointer) throws {
    switch self {
    case .bytes(let bytes): output.copyBytes(from: bytes[offset..<offset + output.count])
    case .zeros: output.initializeMemory(as: UInt8.self, repeating: 0)
    case .literal(let literal):
      try literal.read(bytesFrom: offset, into: output)
      literal.giveBackPages(bytes: offset..<offset + output.count)
    }
  }
}
