import CTile
import IR

/// A factor of a matrix product, which copies parts of itself into panels.
protocol ProductFactor: Sendable {
  /// Fills panels of `width` lanes, one after the other, with the elements of `lanes` at each step of `depth`. In a panel
  /// step lies after step; what the last one has beyond `lanes` is zero.
  func pack(_ depth: Range<Int>, lanes: Range<Int>, width: Int, into panels: UnsafeMutablePointer<Float>)
}

/// A matrix whose elements lie evenly in memory: along the depth of a product, and across it. They need no alignment.
struct StridedFactor: ProductFactor, @unchecked Sendable {
  let base: UnsafeRawPointer
  let depthStep: Int
  let laneStep: Int

  func pack(_ depth: Range<Int>, lanes: Range<Int>, width: Int, into panels: UnsafeMutablePointer<Float>) {
    let size = MemoryLayout<Float>.size
    let (whole, rest) = lanes.count.quotientAndRemainder(dividingBy: width)
    let last = panels + whole * width * depth.count
    if rest > 0 { last.update(repeating: 0, count: depth.count * width) }
    var source = base + (depth.lowerBound * depthStep + lanes.lowerBound * laneStep) * size
    if laneStep == 1 {
      for step in 0..<depth.count {
        var from = source
        var target = UnsafeMutableRawPointer(panels + step * width)
        for _ in 0..<whole {
          target.copyMemory(from: from, byteCount: width * size)
          from += width * size
          target += width * depth.count * size
        }
        target.copyMemory(from: from, byteCount: rest * size)
        source += depthStep * size
      }
      return
    }
    for first in stride(from: 0, to: lanes.count, by: width) {
      let count = min(width, lanes.count - first)
      mcc_pack_panel(
        depth.count, source + first * laneStep * size, depthStep * size, laneStep * size, count, width,
        panels + first * depth.count)
    }
  }
}

/// Products of matrices of single-precision numbers, by tiles that stay in registers, panels that stay in the cache, and
/// all processors.
///
/// Sums are taken along the depth in order; their bits depend on the processor, not on the threads.
struct PackedProduct {
  let rows: Int
  let columns: Int
  let depth: Int
  let threads: Int
  /// Called with rows and columns of the result that are as they should be, and at hand.
  typealias Finishing = @Sendable (_ rows: Range<Int>, _ columns: Range<Int>) -> Void
  private let finishing: Finishing?

  init(rows: Int, columns: Int, depth: Int, threads: Int, finishing: Finishing? = nil) {
    (self.rows, self.columns, self.depth) = (rows, columns, depth)
    self.finishing = finishing
    let isSmall = Double(rows) * Double(columns) * Double(depth) < Self.worthThreads
    self.threads = isSmall ? 1 : threads
  }

  /// Fewer elements are packed before a thread has started.
  private static let worthPacking = 1 << 17

  /// Fewer multiplications take no longer than a thread takes to start.
  private static let worthThreads = 1e6

  private static let tileRows = Int(MCC_TILE_ROWS)
  private static let tileColumns = Int(MCC_TILE_COLUMNS)
  /// The depth at which two panels stay in the first cache.
  private static let depthBlock = 256
  /// The rows and columns whose panels stay in the second cache together.
  private static let rowBlock = 16 * tileRows
  private static let columnBlock = 8 * tileColumns

  /// With fewer columns a thread it is rows that threads share.
  private static let fewColumns = 4 * tileColumns

  /// The panels of rows.
  private var panels: Int { (rows + Self.tileRows - 1) / Self.tileRows }

  /// Sets `result`, whose rows lie `stride` elements apart, to the product, plus an element of `bias` for each row.
  func run(
    _ left: some ProductFactor, _ right: some ProductFactor, plus bias: Floats? = nil, into result: MutableFloats,
    stride: Int
  ) throws {
    guard rows > 0, columns > 0 else { return }
    guard depth > 0 else { return fill(result, stride, with: bias) }
    if columns >= threads * Self.fewColumns {
      try runByColumns(left, right, bias, into: result, stride)
    } else {
      try runByRows(left, right, bias, into: result, stride)
    }
  }

  /// All rows are packed once; each thread packs columns of its own.
  private func runByColumns(
    _ left: some ProductFactor, _ right: some ProductFactor, _ bias: Floats?, into result: MutableFloats, _ stride: Int
  ) throws {
    let width = Self.tileColumns
    let packed = UnsafeMutablePointer<Float>.allocate(capacity: panels * Self.tileRows * depth)
    defer { packed.deallocate() }
    try pack(left, into: MutableFloats(packed))
    let shared = Floats(packed)
    // As many parts for each thread, each a whole number of tiles.
    let parts = ((columns + Self.columnBlock - 1) / Self.columnBlock + threads - 1) / threads * threads
    let block = ((columns + parts - 1) / parts + width - 1) / width * width
    try Parallel.forEach((columns + block - 1) / block, threads: threads) { index in
      let part = index * block..<min((index + 1) * block, columns)
      withPanels(right, part) { depth, panels in
        let base = shared.base + depth.lowerBound * self.panels * Self.tileRows
        forEachRowBlock(of: 0..<rows) { block in
          multiply(base + block.lowerBound * depth.count, panels, depth, block, part, bias, into: result, stride)
        }
      }
      finishing?(0..<rows, part)
    }
  }

  /// All columns, which are few, are packed by each thread, and rows of its own just before they are needed.
  private func runByRows(
    _ left: some ProductFactor, _ right: some ProductFactor, _ bias: Floats?, into result: MutableFloats, _ stride: Int
  ) throws {
    let share = (panels + threads - 1) / threads * Self.tileRows
    try Parallel.forEach((rows + share - 1) / share, threads: threads) { index in
      let part = index * share..<min((index + 1) * share, rows)
      let scratch = UnsafeMutablePointer<Float>.allocate(
        capacity: min(Self.rowBlock, share) * min(Self.depthBlock, depth))
      defer { scratch.deallocate() }
      withPanels(right, 0..<columns) { depth, panels in
        forEachRowBlock(of: part) { block in
          left.pack(depth, lanes: block, width: Self.tileRows, into: scratch)
          multiply(scratch, panels, depth, block, 0..<columns, bias, into: result, stride)
        }
      }
      finishing?(part, 0..<columns)
    }
  }

  /// What a product without depth amounts to.
  private func fill(_ result: MutableFloats, _ stride: Int, with bias: Floats?) {
    for row in 0..<rows { (result.base + row * stride).update(repeating: bias?.base[row] ?? 0, count: columns) }
    finishing?(0..<rows, 0..<columns)
  }

  /// Sets the tiles of some rows and columns to what the first block of the depth amounts to, and adds to them what the
  /// others do. A panel of columns stays in the first cache while those of rows pass by.
  private func multiply(
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ depth: Range<Int>, _ rows: Range<Int>,
    _ columns: Range<Int>, _ bias: Floats?, into result: MutableFloats, _ stride: Int
  ) {
    for column in Swift.stride(from: columns.lowerBound, to: columns.upperBound, by: Self.tileColumns) {
      let panel = right + (column - columns.lowerBound) * depth.count
      let width = min(Self.tileColumns, columns.upperBound - column)
      for row in Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: Self.tileRows) {
        let weights = left + (row - rows.lowerBound) * depth.count
        let tile = result.base + row * stride + column
        let height = min(Self.tileRows, rows.upperBound - row)
        if depth.lowerBound == 0 {
          mcc_set_tile(depth.count, weights, panel, bias.map { $0.base + row }, tile, stride, height, width)
        } else {
          mcc_add_tile(depth.count, weights, panel, tile, stride, height, width)
        }
      }
    }
  }

  private func forEachRowBlock(of rows: Range<Int>, _ body: (Range<Int>) -> Void) {
    for start in Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: Self.rowBlock) {
      body(start..<min(start + Self.rowBlock, rows.upperBound))
    }
  }

  private func forEachDepthBlock(_ body: (Range<Int>) -> Void) {
    for start in Swift.stride(from: 0, to: depth, by: Self.depthBlock) {
      body(start..<min(start + Self.depthBlock, depth))
    }
  }

  /// Calls `body` with the panels of some columns at each block of the depth.
  private func withPanels(
    _ right: some ProductFactor, _ part: Range<Int>, _ body: (Range<Int>, UnsafePointer<Float>) -> Void
  ) {
    let width = Self.tileColumns
    let lanes = (part.count + width - 1) / width * width
    let scratch = UnsafeMutablePointer<Float>.allocate(capacity: lanes * min(Self.depthBlock, depth))
    defer { scratch.deallocate() }
    forEachDepthBlock { block in
      right.pack(block, lanes: part, width: width, into: scratch)
      body(block, scratch)
    }
  }

  /// Panel after panel of each block of the depth.
  private func pack(_ left: some ProductFactor, into packed: MutableFloats) throws {
    let share = max((panels + threads - 1) / threads, Self.worthPacking / (depth * Self.tileRows) + 1)
    try Parallel.forEach((panels + share - 1) / share, threads: threads) { index in
      for panel in index * share..<min((index + 1) * share, panels) {
        let first = panel * Self.tileRows
        forEachDepthBlock { block in
          left.pack(
            block, lanes: first..<min(first + Self.tileRows, rows), width: Self.tileRows,
            into: packed.base + block.lowerBound * panels * Self.tileRows + first * block.count)
        }
      }
    }
  }
}
