import IR

/// Products of matrices of single precision.
enum FastContraction {
  static let kernels: [(OpDefinition, FastKernels.Body)] = [(.matMul, matMul), (.gemm, gemm)]

  @Sendable private static func matMul(_ invocation: Invocation, _ threads: Int) throws
    -> [TensorLiteral?]?
  {
    let (a, b) = (try invocation.operand(0), try invocation.operand(1))
    guard invocation.areFloats(0...1), a.dimensions.count >= 2, b.dimensions.count >= 2 else {
      return nil
    }
    let (left, right) = (Layout(a.dimensions), Layout(b.dimensions))
    let (rows, columns) = (left.dimensions[left.rank - 2], right.dimensions[right.rank - 1])
    let depth = left.dimensions[left.rank - 1]
    guard right.dimensions[right.rank - 2] == depth,
      let batch = Shapes.broadcast(
        Array(left.dimensions.dropLast(2)), Array(right.dimensions.dropLast(2)))
    else { return nil }
    let dimensions = batch + [rows, columns]
    try invocation.spend(invocation.admit(.float32, dimensions), times: depth)
    return [
      try invocation.makeFloats(dimensions) { result in
        try withBytes(of: [a, b]) { bytes in
          guard let baseA = bytes[0].baseAddress, let baseB = bytes[1].baseAddress else {
            return result.base.update(repeating: 0, count: dimensions.reduce(1, *))
          }
          if right.rank == 2 || right.dimensions.dropLast(2).allSatisfy({ $0 == 1 }) {
            // One matrix for all: the rows of all batches are those of one product.
            return try PackedProduct(
              rows: batch.reduce(rows, *), columns: columns, depth: depth, threads: threads
            ).run(
              StridedFactor(base: baseA, depthStep: 1, laneStep: depth),
              StridedFactor(base: baseB, depthStep: columns, laneStep: 1), into: result,
              stride: columns)
          }
          try multiply(
            (baseA, offsets(left, batch)), (baseB, offsets(right, batch)),
            PackedProduct(rows: rows, columns: columns, depth: depth, threads: 1), into: result,
            threads)
        }
      }
    ]
  }

  /// Where the matrix of each position of `batch` begins.
  private static func offsets(_ layout: Layout, _ batch: [Int]) -> [Int] {
    var matrices = layout.dropping(layout.rank - 1)
    matrices = matrices.dropping(matrices.rank - 1).broadcast(to: batch)
    var offsets: [Int] = []
    Traversal([matrices]).forEachOffset { offsets.append($0) }
    return offsets
  }

  private static func multiply(
    _ a: (base: UnsafeRawPointer, offsets: [Int]), _ b: (base: UnsafeRawPointer, offsets: [Int]),
    _ product: PackedProduct, into result: MutableFloats, _ threads: Int
  ) throws {
    let size = MemoryLayout<Float>.size
    let left = a.offsets.map {
      StridedFactor(base: a.base + $0 * size, depthStep: 1, laneStep: product.depth)
    }
    let right = b.offsets.map {
      StridedFactor(base: b.base + $0 * size, depthStep: product.columns, laneStep: 1)
    }
    try Parallel.forEach(left.count, threads: threads) { index in
      let place = MutableFloats(result.base + index * product.rows * product.columns)
      try product.run(left[index], right[index], into: place, stride: product.columns)
    }
  }

  @Sendable private static func gemm(_ invocation: Invocation, _ threads: Int) throws
    -> [TensorLiteral?]?
  {
    let (a, b) = (try invocation.operand(0), try invocation.operand(1))
    let operation = invocation.operation
    guard invocation.areFloats(0...1), a.dimensions.count == 2, b.dimensions.count == 2,
      let alpha = operation.float("alpha"), let beta = operation.float("beta")
    else { return nil }
    let (isLeftTurned, isRightTurned) = (operation.flag("transA"), operation.flag("transB"))
    let (rows, depth) =
      isLeftTurned ? (a.dimensions[1], a.dimensions[0]) : (a.dimensions[0], a.dimensions[1])
    let (inner, columns) =
      isRightTurned ? (b.dimensions[1], b.dimensions[0]) : (b.dimensions[0], b.dimensions[1])
    guard inner == depth else { return nil }
    let dimensions = [rows, columns]
    let addend = invocation[optional: 2]
    if let addend {
      guard addend.elementType == .float32,
        Shapes.broadcast(addend.dimensions, dimensions) == dimensions
      else { return nil }
    }
    try invocation.spend(invocation.admit(.float32, dimensions), times: depth)
    return [
      try invocation.makeFloats(dimensions) { result in
        try withBytes(of: [a, b]) { bytes in
          guard let baseA = bytes[0].baseAddress, let baseB = bytes[1].baseAddress else {
            return result.base.update(repeating: 0, count: dimensions.reduce(1, *))
          }
          let left = StridedFactor(
            base: baseA, depthStep: isLeftTurned ? rows : 1, laneStep: isLeftTurned ? 1 : depth)
          let right = StridedFactor(
            base: baseB, depthStep: isRightTurned ? 1 : columns, laneStep: isRightTurned ? depth : 1
          )
          try PackedProduct(rows: rows, columns: columns, depth: depth, threads: threads).run(
            left, right, into: result, stride: columns)
        }
        if alpha != 1 { for index in 0..<rows * columns { result.base[index] *= alpha } }
        guard let addend else { return }
        try invocation.withFloats([addend]) { addends in
          var index = 0
          Traversal([Layout(addend.dimensions).broadcast(to: dimensions)]).forEachOffset { offset in
            result.base[index] += beta * addends[0].base[offset]
            index += 1
          }
        }
      }
    ]
  }
}
