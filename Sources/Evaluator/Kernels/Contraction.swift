import IR

/// Sums of products.
enum Contraction {
  static let kernels: [Kernel] = [
    Kernel(.matMul, .exactForIntegers, matMul),
    Kernel(.gemm, .exactForIntegers, gemm),
    Kernel(.einsum, .exactForIntegers, einsum),
    Kernel(.det, .exactForIntegers, determinant),
  ]

  private static func matMul(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (a, b) = (try invocation.operand(0), try invocation.operand(1))
    guard !a.dimensions.isEmpty, !b.dimensions.isEmpty else { throw Refusal(.undefined, "a product of scalars") }
    let left = Layout(a.dimensions.count == 1 ? [1] + a.dimensions : a.dimensions)
    let right = Layout(b.dimensions.count == 1 ? b.dimensions + [1] : b.dimensions)
    let (rows, columns) = (left.dimensions[left.rank - 2], right.dimensions[right.rank - 1])
    guard let batch = Shapes.broadcast(Array(left.dimensions.dropLast(2)), Array(right.dimensions.dropLast(2))) else {
      throw Refusal(.undefined, "\(a.dimensions) and \(b.dimensions) do not multiply")
    }
    let dimensions = batch + (a.dimensions.count == 1 ? [] : [rows]) + (b.dimensions.count == 1 ? [] : [columns])
    return [try product(invocation, (a, left), (b, right), batch: batch, as: dimensions)]
  }

  /// The matrices at the last two axes of `a` and `b` multiplied, for each position of `batch`.
  private static func product(
    _ invocation: Invocation, _ a: (literal: TensorLiteral, layout: Layout),
    _ b: (literal: TensorLiteral, layout: Layout),
    batch: [Int], as dimensions: [Int]
  ) throws -> TensorLiteral {
    guard a.literal.elementType == b.literal.elementType else {
      throw Refusal(.undefined, "the operands differ in element type")
    }
    switch a.literal.elementType.numberKind {
    case .real: return try product(invocation, a, b, batch, dimensions, 0.0) { $0 + $1 * $2 }
    case .signed: return try product(invocation, a, b, batch, dimensions, Int64(0)) { $0 &+ $1 &* $2 }
    case .unsigned: return try product(invocation, a, b, batch, dimensions, UInt64(0)) { $0 &+ $1 &* $2 }
    case nil: throw Refusal(.unsupported, "products of \(a.literal.elementType.rawValue)")
    }
  }

  private static func product<N: Number>(
    _ invocation: Invocation, _ a: (literal: TensorLiteral, layout: Layout),
    _ b: (literal: TensorLiteral, layout: Layout),
    _ batch: [Int], _ dimensions: [Int], _ zero: N, _ accumulate: (N, N, N) -> N
  ) throws -> TensorLiteral {
    let type = a.literal.elementType
    let (rowAxis, innerAxis, columnAxis) = (a.layout.rank - 2, a.layout.rank - 1, b.layout.rank - 1)
    let (rows, inner, columns) = (
      a.layout.dimensions[rowAxis], a.layout.dimensions[innerAxis], b.layout.dimensions[columnAxis]
    )
    guard b.layout.dimensions[columnAxis - 1] == inner else { throw Refusal(.undefined, "the inner dimensions differ") }
    let count = try invocation.admit(type, dimensions)
    try invocation.spend(count, times: inner)
    let (stepA, stepB) = (a.layout.strides[innerAxis], b.layout.strides[columnAxis - 1])
    let batches = Traversal([matrices(a.layout, batch), matrices(b.layout, batch)])
    return try invocation.make(type, dimensions) { output in
      try withBytes(of: [a.literal, b.literal]) { bytes in
        var index = 0
        batches.forEachRow { offsets in
          for position in 0..<batches.rowLength {
            let (baseA, baseB) = (
              offsets[0] + position * batches.rowSteps[0], offsets[1] + position * batches.rowSteps[1]
            )
            for row in 0..<rows {
              for column in 0..<columns {
                var (inA, inB) = (
                  baseA + row * a.layout.strides[rowAxis], baseB + column * b.layout.strides[columnAxis]
                )
                var sum = zero
                for _ in 0..<inner {
                  sum = accumulate(sum, N.load(bytes[0], inA, type), N.load(bytes[1], inB, type))
                  inA += stepA
                  inB += stepB
                }
                N.store(sum, output, index, type)
                index += 1
              }
            }
          }
        }
      }
    }
  }

  /// The matrices that the last two axes of both hold multiplied; a vector is a row on the left, a column on the right.
  static func product(_ invocation: Invocation, _ a: RealTensor, _ b: RealTensor) throws -> RealTensor {
    guard !a.dimensions.isEmpty, !b.dimensions.isEmpty else { throw Refusal(.undefined, "a product of scalars") }
    let left = Layout(a.dimensions.count == 1 ? [1] + a.dimensions : a.dimensions)
    let right = Layout(b.dimensions.count == 1 ? b.dimensions + [1] : b.dimensions)
    let (rows, inner) = (left.dimensions[left.rank - 2], left.dimensions[left.rank - 1])
    let columns = right.dimensions[right.rank - 1]
    guard right.dimensions[right.rank - 2] == inner,
      let batch = Shapes.broadcast(Array(left.dimensions.dropLast(2)), Array(right.dimensions.dropLast(2)))
    else { throw Refusal(.undefined, "\(a.dimensions) and \(b.dimensions) do not multiply") }
    try invocation.admit(batch + [rows, columns], steps: inner)
    var elements: [Double] = []
    elements.reserveCapacity(try invocation.count(batch + [rows, columns]))
    let batches = Traversal([matrices(left, batch), matrices(right, batch)])
    batches.forEachRow { offsets in
      for position in 0..<batches.rowLength {
        let (inA, inB) = (offsets[0] + position * batches.rowSteps[0], offsets[1] + position * batches.rowSteps[1])
        for row in 0..<rows {
          for column in 0..<columns {
            var sum = 0.0
            for k in 0..<inner { sum += a.elements[inA + row * inner + k] * b.elements[inB + k * columns + column] }
            elements.append(sum)
          }
        }
      }
    }
    let dimensions = batch + (a.dimensions.count == 1 ? [] : [rows]) + (b.dimensions.count == 1 ? [] : [columns])
    return RealTensor(dimensions, elements)
  }

  /// The first elements of the matrices of a layout, broadcast to `batch`.
  private static func matrices(_ layout: Layout, _ batch: [Int]) -> Layout {
    let firsts = layout.dropping(layout.rank - 1)
    return firsts.dropping(firsts.rank - 1).broadcast(to: batch)
  }

  private static func gemm(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (a, b) = (try invocation.operand(0), try invocation.operand(1))
    guard a.dimensions.count == 2, b.dimensions.count == 2, let alpha = invocation.operation.float("alpha"),
      let beta = invocation.operation.float("beta")
    else { throw Refusal(.undefined, "Gemm takes matrices") }
    let left = invocation.operation.flag("transA") ? Layout(a.dimensions).transposed([1, 0]) : Layout(a.dimensions)
    let right = invocation.operation.flag("transB") ? Layout(b.dimensions).transposed([1, 0]) : Layout(b.dimensions)
    let dimensions = [left.dimensions[0], right.dimensions[1]]
    let product = try scaled(
      product(invocation, (a, left), (b, right), batch: [], as: dimensions), by: alpha, invocation)
    guard let c = invocation[optional: 2] else { return [product] }
    guard Shapes.broadcast(c.dimensions, dimensions) == dimensions else {
      throw Refusal(.undefined, "C does not broadcast")
    }
    return [try Arithmetic.addition.apply(invocation, product, scaled(c, by: beta, invocation))]
  }

  private static func scaled(_ literal: TensorLiteral, by factor: Float, _ invocation: Invocation) throws
    -> TensorLiteral
  {
    if factor == 1 { return literal }
    return try UnaryRule(real: { $0 * Double(factor) }).apply(invocation, literal)
  }

  // MARK: Products over named axes

  private static func einsum(_ invocation: Invocation) throws -> [TensorLiteral?] {
    guard let text = invocation.operation.string("equation"), let equation = try? EinsumEquation(text),
      equation.operands.count == invocation.operands.count
    else { throw Refusal(.undefined, "the equation does not fit the operands") }
    let operands = try invocation.operands.indices.map { try invocation.operand($0) }
    guard let type = operands.first?.elementType, operands.allSatisfy({ $0.elementType == type }) else {
      throw Refusal(.undefined, "the operands differ in element type")
    }
    let axes = try EinsumAxes(equation, operands.map(\.dimensions))
    let count = try invocation.admit(type, axes.kept)
    let summed = try invocation.count(axes.summed)
    let (steps, overflow) = max(summed, 1).multipliedReportingOverflow(by: operands.count)
    try invocation.spend(count, times: overflow ? .max : steps)
    switch type.numberKind {
    case .real: return [try sum(invocation, operands, axes, 1.0, 0.0, { $0 * $1 }, { $0 + $1 })]
    case .signed: return [try sum(invocation, operands, axes, Int64(1), 0, { $0 &* $1 }, { $0 &+ $1 })]
    case .unsigned: return [try sum(invocation, operands, axes, UInt64(1), 0, { $0 &* $1 }, { $0 &+ $1 })]
    case nil: throw Refusal(.unsupported, "Einsum of \(type.rawValue)")
    }
  }

  private static func sum<N: Number>(
    _ invocation: Invocation, _ operands: [TensorLiteral], _ axes: EinsumAxes, _ one: N, _ zero: N,
    _ multiply: (N, N) -> N, _ add: (N, N) -> N
  ) throws -> TensorLiteral {
    let type = operands[0].elementType
    let (outer, inner) = (Traversal(axes.keptLayouts), Traversal(axes.summedLayouts))
    return try invocation.make(type, axes.kept) { output in
      try withBytes(of: operands[...]) { bytes in
        var index = 0
        outer.forEachRow { outerOffsets in
          for outerStep in 0..<outer.rowLength {
            var total = zero
            inner.forEachRow { offsets in
              for step in 0..<inner.rowLength {
                var product = one
                for operand in bytes.indices {
                  let place =
                    outerOffsets[operand] + outerStep * outer.rowSteps[operand] + offsets[operand]
                    + step * inner.rowSteps[operand]
                  product = multiply(product, N.load(bytes[operand], place, type))
                }
                total = add(total, product)
              }
            }
            N.store(total, output, index, type)
            index += 1
          }
        }
      }
    }
  }

  // MARK: Determinants

  private static func determinant(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.reals(0)
    guard x.dimensions.count >= 2, let side = x.dimensions.last, x.dimensions[x.dimensions.count - 2] == side else {
      throw Refusal(.undefined, "\(x.dimensions) holds no square matrices")
    }
    try invocation.admit(x.dimensions, steps: side)
    let outer = Array(x.dimensions.dropLast(2))
    let determinants = (0..<(try invocation.count(outer))).map { matrix in
      determinant(Array(x.elements[matrix * side * side..<(matrix + 1) * side * side]), side)
    }
    return [try invocation.make(invocation.operand(0).elementType, RealTensor(outer, determinants))]
  }

  /// By elimination, the largest element of each column first.
  private static func determinant(_ elements: [Double], _ side: Int) -> Double {
    var (rows, result) = (elements, 1.0)
    for column in 0..<side {
      var pivot = column
      for row in column..<side where abs(rows[row * side + column]) > abs(rows[pivot * side + column]) { pivot = row }
      let value = rows[pivot * side + column]
      if value == 0 { return 0 }
      result *= pivot == column ? value : -value
      for at in column..<side where pivot != column { rows.swapAt(pivot * side + at, column * side + at) }
      for row in column..<side where row > column {
        let factor = rows[row * side + column] / value
        for at in column..<side { rows[row * side + at] -= factor * rows[column * side + at] }
      }
    }
    return result
  }
}
