import IR

/// A matrix with rows and columns exchanged.
struct MatrixTransposition: WholeTransform {
  private let rows: Int
  private let columns: Int
  /// The bytes of an element: 1, 2, 4 or 8.
  private let width: Int

  /// `nil` where it is no matrix, or its elements are not whole bytes that a processor moves at once.
  init?(of matrix: TensorLiteral) {
    guard matrix.dimensions.count == 2, let bits = matrix.elementType.bitWidth, [8, 16, 32, 64].contains(bits) else {
      return nil
    }
    (rows, columns, width) = (matrix.dimensions[0], matrix.dimensions[1], bits / 8)
  }

  /// Tiles of this side are turned one at a time: both sides of a tile stay in a first-level cache.
  private static let tile = 64

  func apply(to inputs: [TensorLiteral], output: UnsafeMutableRawBufferPointer) throws {
    guard let input = inputs.first else { return }
    let rowsPerWindow = max(input.elementsPerWindow / max(columns, 1) / Self.tile * Self.tile, 1)
    for first in stride(from: 0, to: rows, by: rowsPerWindow) {
      let last = min(first + rowsPerWindow, rows)
      try input.withWindow(first * columns..<last * columns) { window in
        for row in stride(from: first, to: last, by: Self.tile) {
          for column in stride(from: 0, to: columns, by: Self.tile) {
            let tile = Tile(
              rows: row..<min(row + Self.tile, last), columns: column..<min(column + Self.tile, columns),
              firstRow: first)
            switch width {
            case 8: turn(window, tile, output, UInt64.self)
            case 4: turn(window, tile, output, UInt32.self)
            case 2: turn(window, tile, output, UInt16.self)
            default: turn(window, tile, output, UInt8.self)
            }
          }
        }
      }
      input.giveBackPages(first * columns..<last * columns)
    }
  }

  private struct Tile {
    let rows: Range<Int>
    let columns: Range<Int>
    /// The row that the window begins with.
    let firstRow: Int
  }

  /// Turns a tile, four rows at a time, so that four elements are stored at once.
  private func turn<Element: SIMDScalar>(
    _ window: UnsafeRawBufferPointer, _ tile: Tile, _ output: UnsafeMutableRawBufferPointer, _ type: Element.Type
  ) {
    guard let source = window.baseAddress, let target = output.baseAddress else { return }
    let size = MemoryLayout<Element>.size
    let step = columns * size
    func load(_ pointer: UnsafeRawPointer) -> Element { pointer.loadUnaligned(as: type) }
    var row = tile.rows.lowerBound
    while row < tile.rows.upperBound {
      let height = row + 4 <= tile.rows.upperBound ? 4 : 1
      var from = source + ((row - tile.firstRow) * columns + tile.columns.lowerBound) * size
      var to = target + (tile.columns.lowerBound * rows + row) * size
      for _ in tile.columns {
        if height == 4 {
          let four = SIMD4(load(from), load(from + step), load(from + 2 * step), load(from + 3 * step))
          to.storeBytes(of: four, as: SIMD4<Element>.self)
        } else {
          to.storeBytes(of: load(from), as: type)
        }
        from += size
        to += rows * size
      }
      row += height
    }
  }
}

extension TensorLiteral {
  /// The matrix that this is the transposition of, where it is yet to be made.
  package var untransposed: TensorLiteral? {
    guard case .whole(let evaluation) = source, evaluation.transform is MatrixTransposition else { return nil }
    return evaluation.inputs.first
  }

  /// This matrix with rows and columns exchanged; made when it is written.
  package func transposedMatrix() throws -> TensorLiteral {
    guard let transposition = MatrixTransposition(of: self) else {
      throw ModelError(.internalFailure, "only a matrix of whole bytes is transposed here")
    }
    return try TensorLiteral(elementType, dimensions.reversed(), .whole(WholeEvaluation(transposition, of: [self])))
  }
}
