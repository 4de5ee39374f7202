import IR

/// A matrix of bytes with rows and columns exchanged.
struct MatrixTransposition: WholeTransform {
  let rows: Int
  let columns: Int

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
            turn(window, first, row..<min(row + Self.tile, last), column..<min(column + Self.tile, columns), output)
          }
        }
      }
      input.giveBackPages(first * columns..<last * columns)
    }
  }

  private func turn(
    _ window: UnsafeRawBufferPointer, _ first: Int, _ tileRows: Range<Int>, _ tileColumns: Range<Int>,
    _ output: UnsafeMutableRawBufferPointer
  ) {
    for row in tileRows {
      for column in tileColumns { output[column * rows + row] = window[(row - first) * columns + column] }
    }
  }
}

extension TensorLiteral {
  /// This matrix of bytes with rows and columns exchanged; made when it is written.
  func transposedMatrix() throws -> TensorLiteral {
    guard dimensions.count == 2, elementType.bitWidth == 8 else {
      throw ModelError(.internalFailure, "only a matrix of bytes is transposed here")
    }
    let transposition = MatrixTransposition(rows: dimensions[0], columns: dimensions[1])
    return try TensorLiteral(elementType, dimensions.reversed(), .whole(WholeEvaluation(transposition, of: [self])))
  }
}
