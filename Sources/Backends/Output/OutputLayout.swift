import IR

/// What an output consists of, piece by piece, so that every offset is known before any byte is made.
package struct OutputLayout: Sendable {
  /// One piece of the output.
  package enum Content: Sendable {
    case bytes([UInt8])
    /// The packed elements of a literal, made or copied while they are written.
    case literal(TensorLiteral)
    case zeros(Int)

    var byteCount: Int {
      switch self {
      case .bytes(let bytes): bytes.count
      case .literal(let literal): literal.byteCount
      case .zeros(let count): count
      }
    }
  }

  struct Segment: Sendable {
    let range: Range<Int>
    let content: Content
  }

  private(set) var segments: [Segment] = []
  /// The bytes so far: the offset of what is appended next.
  package private(set) var byteCount = 0

  package init() {}

  /// Appends `content` and returns where it lies.
  @discardableResult
  package mutating func append(_ content: Content) -> Range<Int> {
    let range = byteCount..<byteCount + content.byteCount
    guard !range.isEmpty else { return range }
    segments.append(Segment(range: range, content: content))
    byteCount = range.upperBound
    return range
  }

  /// Appends zeros until the next offset is a multiple of `alignment`.
  package mutating func pad(toMultipleOf alignment: Int) {
    append(.zeros((alignment - byteCount % alignment) % alignment))
  }

  /// The index of the segment that holds the byte at `offset`, which is inside the layout.
  func segmentIndex(at offset: Int) -> Int {
    segments.partitioningIndex { $0.range.upperBound > offset }
  }

  /// The layout cut where its offsets are multiples of `TensorLiteral.windowBytes`, because the system's page cache takes
  /// aligned writes best; and literals that are encoded in blocks cut where their blocks are, so that each is decoded once.
  package func windows() -> [Range<Int>] {
    let size = TensorLiteral.windowBytes
    var windows: [Range<Int>] = []
    var position = 0
    func cut(upTo end: Int, inStepsFrom origin: Int) {
      while position < end {
        let next = min(origin + ((position - origin) / size + 1) * size, end)
        windows.append(position..<next)
        position = next
      }
    }
    for segment in segments {
      guard case .literal(let literal) = segment.content, literal.isEncodedInBlocks, literal.byteCount > size else {
        continue
      }
      cut(upTo: segment.range.lowerBound, inStepsFrom: 0)
      cut(upTo: segment.range.upperBound, inStepsFrom: segment.range.lowerBound)
    }
    cut(upTo: byteCount, inStepsFrom: 0)
    return windows
  }
}
