import IR

/// A matrix with rows and columns exchanged.
struct MatrixTransposition: PartwiseTransform {
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

  func apply(to inputs: [TensorLiteral], output: UnsafeMutableRawBufferPointer) throws {
    guard let input = inputs.first else { return }
    let rowsPerWindow = max(input.elementsPerWindow / max(columns, 1) / 4 * 4, 1)
    for first in stride(from: 0, to: rows, by: rowsPerWindow) {
      let block = Block(rows: first..<min(first + rowsPerWindow, rows), columns: 0..<columns)
      let elements = first * columns..<block.rows.upperBound * columns
      try input.withWindow(elements) { turn($0, fromRow: first, block, output, from: 0) }
      input.giveBackPages(elements)
    }
  }

  func apply(to inputs: [TensorLiteral], from offset: Int, output: UnsafeMutableRawBufferPointer) throws {
    guard let input = inputs.first, !output.isEmpty else { return }
    let first = offset / width
    try input.withWindow(0..<input.elementCount) { matrix in
      for block in blocks(first..<first + output.count / width) {
        turn(matrix, fromRow: 0, block, output, from: first)
      }
    }
  }

  /// Some rows of some columns of the input.
  private struct Block {
    let rows: Range<Int>
    let columns: Range<Int>
  }

  /// The elements `range` of the result as blocks: columns of the input, and what there is of one before and of one
  /// behind.
  private func blocks(_ range: Range<Int>) -> [Block] {
    let (first, last) = (range.lowerBound / rows, range.upperBound / rows)
    let (begin, end) = (range.lowerBound % rows, range.upperBound % rows)
    guard first < last else { return [Block(rows: begin..<end, columns: first..<first + 1)] }
    return [
      Block(rows: begin..<rows, columns: first..<first + 1), Block(rows: 0..<rows, columns: first + 1..<last),
      Block(rows: 0..<end, columns: last..<last + 1),
    ]
  }

  /// Turns a block. `matrix` begins with a row of the input, `output` with an element of the result.
  private func turn(
    _ matrix: UnsafeRawBufferPointer, fromRow: Int, _ block: Block, _ output: UnsafeMutableRawBufferPointer,
    from first: Int
  ) {
    guard let matrix = matrix.baseAddress, let output = output.baseAddress else { return }
    let source = matrix - fromRow * columns * width
    let target = output - first * width
    switch width {
    case 8: turn(source, block, target, UInt64.self)
    case 4: turn(source, block, target, UInt32.self)
    case 2: turn(source, block, target, UInt16.self)
    default: turn(source, block, target, UInt8.self)
    }
  }

  /// So many columns are turned at a time: of a row, a line or two of the cache.
  private static let lane = 32

  /// Turns a block, four rows at a time, so that four elements are stored at once. `source` and `target` are where all of
  /// the input and of the result would begin.
  private func turn<Element: SIMDScalar>(
    _ source: UnsafeRawPointer, _ block: Block, _ target: UnsafeMutableRawPointer, _ type: Element.Type
  ) {
    let size = MemoryLayout<Element>.size
    let step = columns * size
    func load(_ pointer: UnsafeRawPointer) -> Element { pointer.loadUnaligned(as: type) }
    for column in stride(from: block.columns.lowerBound, to: block.columns.upperBound, by: Self.lane) {
      let lane = column..<min(column + Self.lane, block.columns.upperBound)
      var row = block.rows.lowerBound
      while row < block.rows.upperBound {
        let height = row + 4 <= block.rows.upperBound ? 4 : 1
        var from = source + (row * columns + column) * size
        var to = target + (column * rows + row) * size
        for _ in lane {
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
