extension TensorLiteral {
  /// Fills `output` with the bytes of the elements `range`. `range.lowerBound` lies on a byte boundary; `output` has
  /// exactly their bytes.
  package func read(_ range: Range<Int>, into output: UnsafeMutableRawBufferPointer) throws {
    guard !output.isEmpty, !range.isEmpty else { return }
    switch source {
    case .bytes(let slice):
      guard let offset = elementType.byteCount(elements: range.lowerBound) else { return }
      try slice.copyBytes(from: offset, into: output)
    case .splat(let bytes): Self.repeatBytes(bytes, elementType, output)
    case .strings: break
    case .elementwise(let transform, let base): try apply(transform, to: base, range, output)
    case .whole(let evaluation):
      guard let offset = elementType.byteCount(elements: range.lowerBound) else { return }
      try evaluation.read(from: offset, of: byteCount, into: output)
    case .blocks(let blocks):
      guard let offset = elementType.byteCount(elements: range.lowerBound) else { return }
      try blocks.read(from: offset, into: output)
    }
  }

  /// As `read`, for few elements among many that stay unread.
  package func readIsolated(_ range: Range<Int>, into output: UnsafeMutableRawBufferPointer) throws {
    guard case .bytes(let slice) = source, let offset = elementType.byteCount(elements: range.lowerBound) else {
      return try read(range, into: output)
    }
    try slice.copyBytes(from: offset, into: output, isolated: true)
  }

  private func apply(
    _ transform: any ElementwiseTransform, to base: TensorLiteral, _ range: Range<Int>,
    _ output: UnsafeMutableRawBufferPointer
  ) throws {
    if case .elementwise(let inner, let origin) = base.source, let merged = transform.merged(after: inner) {
      return try apply(merged, to: origin, range, output)
    }
    try base.forEachBlock(of: range) { bytes, block in
      guard let offset = elementType.byteCount(elements: block.lowerBound - range.lowerBound),
        let count = elementType.byteCount(elements: block.count)
      else { return }
      let part = UnsafeMutableRawBufferPointer(rebasing: output[offset..<offset + count])
      transform.apply(to: bytes, first: block.lowerBound, output: part)
    }
  }

  /// The elements of a block: what one step makes is still in the cache when the next reads it.
  private static let blockElements = 1 << 15

  /// Calls `body` with one block of the elements `range` after the other: its bytes, and which elements they are.
  ///
  /// Bytes are copied where they must be made first, and where a file holds them: pages that are faulted in for one
  /// look cost more than a copy into the cache. `range.lowerBound` lies on a byte boundary.
  package func forEachBlock(of range: Range<Int>, _ body: (UnsafeRawBufferPointer, Range<Int>) throws -> Void) throws {
    let blocks = stride(from: range.lowerBound, to: range.upperBound, by: Self.blockElements).map {
      $0..<min($0 + Self.blockElements, range.upperBound)
    }
    guard let first = blocks.first, let size = elementType.byteCount(elements: first.count) else { return }
    if case .bytes(let slice) = source, !slice.isReadDirectly(size) {
      for block in blocks { try withWindow(block) { try body($0, block) } }
      return
    }
    try withScratch(size) { scratch in
      for block in blocks {
        guard let count = elementType.byteCount(elements: block.count) else { return }
        let part = UnsafeMutableRawBufferPointer(rebasing: scratch[..<count])
        try read(block, into: part)
        try body(UnsafeRawBufferPointer(part), block)
      }
    }
  }

  /// Calls `body` with the bytes of the elements `range`, copied only where they must be made first.
  package func withWindow<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result) throws
    -> Result
  {
    guard let offset = elementType.byteCount(elements: range.lowerBound),
      let count = elementType.byteCount(elements: range.count)
    else { throw ModelError(.internalFailure, "strings have no windows") }
    switch source {
    case .bytes(let slice):
      return try slice.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count])) }
    case .whole(let evaluation) where !evaluation.isPartwise:
      let buffer = try evaluation.buffer(byteCount: byteCount)
      return try withExtendedLifetime(buffer) {
        try body(UnsafeRawBufferPointer(start: buffer.base + offset, count: count))
      }
    case .splat, .strings, .elementwise, .whole, .blocks: break
    }
    return try withScratch(count) { scratch in
      try read(range, into: scratch)
      return try body(UnsafeRawBufferPointer(scratch))
    }
  }

  /// Calls `body` with one window after the other, in order, and the position of its first element. Pages of mapped
  /// files are given back behind it.
  package func forEachWindow(_ body: (UnsafeRawBufferPointer, Int) throws -> Void) throws {
    for range in windows() {
      try withWindow(range) { try body($0, range.lowerBound) }
      giveBackPages(range)
    }
  }

  /// The windows that `forEachWindow` visits: they depend on the type alone, so that work split along them gives the
  /// same result on any number of threads.
  package func windows() -> [Range<Int>] {
    let perWindow = elementsPerWindow
    return stride(from: 0, to: elementCount, by: perWindow).map { $0..<min($0 + perWindow, elementCount) }
  }

  package var elementsPerWindow: Int { Self.windowBytes * 8 / widestElement }

  /// The most bits that an element takes on its way through transforms: a window must hold them too.
  private var widestElement: Int {
    let own = max(elementType.bitWidth ?? 64, 8)
    if case .elementwise(_, let base) = source { return max(own, base.widestElement) }
    return own
  }

  /// Whether the bytes lie in memory or in a mapped file as they are.
  var isStored: Bool {
    if case .bytes = source { return true }
    return false
  }

  /// Gives back the mapped pages under the elements `range`, through any transforms; those that lie all over an input
  /// only with the last elements.
  package func giveBackPages(_ range: Range<Int>) {
    switch source {
    case .bytes(let slice):
      guard let offset = elementType.byteCount(elements: range.lowerBound),
        let count = elementType.byteCount(elements: range.count)
      else { return }
      slice.slice(offset: offset, count: count)?.giveBackPages()
    case .elementwise(_, let base): base.giveBackPages(range)
    case .whole(let evaluation):
      if range.upperBound == elementCount { evaluation.giveBackInputs() }
    case .splat, .strings, .blocks: break
    }
  }

  /// Fills `output` with the packed bytes from `offset` on, wherever that lies within an element. The range must lie
  /// inside the literal.
  package func read(bytesFrom offset: Int, into output: UnsafeMutableRawBufferPointer) throws {
    if case .bytes(let slice) = source { return try slice.copyBytes(from: offset, into: output) }
    let end = offset + output.count
    guard let granule = elementType.bitWidth, !output.isEmpty else { return }
    precondition(offset >= 0 && end <= byteCount, "outside a literal of \(byteCount) bytes")
    // Eight elements are whole bytes, here and in every literal below.
    let first = min((offset + granule - 1) / granule * granule, end)
    let last = end == byteCount ? end : max(end / granule * granule, first)
    func part(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
      UnsafeMutableRawBufferPointer(rebasing: output[range.lowerBound - offset..<range.upperBound - offset])
    }
    try readPart(offset..<first, granule, into: part(offset..<first))
    if first < last {
      try read(first / granule * 8..<elements(endingAt: last, granule), into: part(first..<last))
    }
    try readPart(last..<end, granule, into: part(last..<end))
  }

  /// The elements before the byte `end`, which ends the literal or a granule of eight elements.
  private func elements(endingAt end: Int, _ granule: Int) -> Int {
    end == byteCount ? elementCount : end / granule * 8
  }

  /// Fills `output` with the bytes `range` of one granule of eight elements.
  private func readPart(_ range: Range<Int>, _ granule: Int, into output: UnsafeMutableRawBufferPointer) throws {
    guard !range.isEmpty else { return }
    let start = range.lowerBound / granule * granule
    let end = min(start + granule, byteCount)
    try withUnsafeTemporaryAllocation(byteCount: end - start, alignment: 16) { scratch in
      try read(start / granule * 8..<elements(endingAt: end, granule), into: scratch)
      output.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: scratch[range.lowerBound - start..<range.upperBound - start]))
    }
  }

  /// Gives back the mapped pages under the packed bytes `range`.
  package func giveBackPages(bytes range: Range<Int>) {
    guard let bitWidth = elementType.bitWidth else { return }
    giveBackPages(range.lowerBound / bitWidth * 8..<elements(endingAt: range.upperBound, bitWidth))
  }

  /// Whether reading a part of the bytes may mean decoding more than that.
  package var isEncodedInBlocks: Bool {
    switch source {
    case .blocks: true
    case .elementwise(_, let base): base.isEncodedInBlocks
    case .bytes, .splat, .strings, .whole: false
    }
  }

  /// Whether bytes of this literal are results of whole transforms.
  package var hasEvaluations: Bool {
    switch source {
    case .whole: true
    case .elementwise(_, let base): base.hasEvaluations
    case .bytes, .splat, .strings, .blocks: false
    }
  }

  /// Forgets the results of whole transforms: called once a literal has been written.
  package func discardEvaluations() {
    switch source {
    case .whole(let evaluation): evaluation.discard()
    case .elementwise(_, let base): base.discardEvaluations()
    case .bytes, .splat, .strings, .blocks: break
    }
  }

  /// All bytes of a literal, made where they must be: for small ones.
  ///
  /// - Throws: `ModelError` (an internal failure) where there are more than a window's.
  package func smallBytes() throws -> [UInt8] {
    guard byteCount <= Self.windowBytes else {
      throw ModelError(.internalFailure, "\(byteCount) bytes are too many to be held at once")
    }
    return try withWindow(0..<elementCount) { Array($0) }
  }

  private func withScratch<Result>(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 64)
    defer { scratch.deallocate() }
    return try body(UnsafeMutableRawBufferPointer(rebasing: scratch[..<count]))
  }

  private static func repeatBytes(_ bytes: [UInt8], _ type: ElementType, _ output: UnsafeMutableRawBufferPointer) {
    var element = bytes
    if let width = type.bitWidth, width < 8, let value = bytes.first {
      element = Array(repeating: 0, count: width)
      element.withUnsafeMutableBytes { for index in 0..<8 { PackedBits.store(value, $0, index, width: width) } }
    }
    UnsafeMutableRawBufferPointer(rebasing: output.prefix(element.count)).copyBytes(from: element.prefix(output.count))
    var filled = element.count
    while filled < output.count {
      let more = min(filled, output.count - filled)
      UnsafeMutableRawBufferPointer(rebasing: output[filled..<filled + more])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: output[..<more]))
      filled += more
    }
  }
}
