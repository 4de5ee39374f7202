extension OpCatalog {
  static let matrixProductFamily: [OpDefinition] = [.det, .gemm, .matMul, .matMulInteger, .qLinearMatMul]
}

extension OpDefinition {
  /// The determinant of each of the matrices that the last two axes hold. ONNX Det-22.
  package static let det = OpDefinition(
    "Det", versions: [11, 22], "The determinant of each of the matrices that the last two axes hold.",
    operands: [.required("X", .float)], results: [.required("Y", sameElementTypeAs: "X")],
    infer: { inference in
      guard let x = inference.shape(0) else { return inference.set(elementTypeOf: 0, nil) }
      guard x.count >= 2, x[x.count - 2].isEqual(to: x[x.count - 1]) != false else {
        throw ModelError(.invalidModel, "\(x) holds no square matrices")
      }
      inference.set(elementTypeOf: 0, Array(x[..<(x.count - 2)]))
    })

  /// `alpha * A * B + beta * C`, of matrices that may be transposed first. ONNX Gemm-13.
  package static let gemm = OpDefinition(
    "Gemm", versions: [1, 6, 7, 9, 11, 13], "alpha * A * B + beta * C, of matrices that may be transposed first.",
    operands: [
      .required("A", .accumulable), .required("B", sameElementTypeAs: "A"), .optional("C", sameElementTypeAs: "A"),
    ],
    results: [.required("Y", sameElementTypeAs: "A")],
    attributes: [
      .float("alpha", default: 1), .float("beta", default: 1), .int("transA", default: 0), .int("transB", default: 0),
    ],
    infer: { $0.set(elementTypeOf: 0, try $0.gemmShape()) })

  /// The product of matrices; axes before the last two are broadcast. ONNX MatMul-13.
  package static let matMul = OpDefinition(
    "MatMul", versions: [1, 9, 13], "The product of matrices; axes before the last two are broadcast.",
    operands: [.required("A", .accumulable), .required("B", sameElementTypeAs: "A")],
    results: [.required("Y", sameElementTypeAs: "A")],
    infer: { $0.set(elementTypeOf: 0, try $0.productShape(0, 1)) })

  /// The product of integer matrices, each less its zero point, in 32 bits. ONNX MatMulInteger-10.
  package static let matMulInteger = OpDefinition(
    "MatMulInteger", versions: [10], "The product of integer matrices, each less its zero point, in 32 bits.",
    operands: [
      .required("A", .byte), .required("B", .byte), .optional("a_zero_point", sameElementTypeAs: "A"),
      .optional("b_zero_point", sameElementTypeAs: "B"),
    ],
    results: [.required("Y", .int32)],
    infer: { $0.set(.tensor(.int32, try $0.productShape(0, 1))) })

  /// The product of quantized matrices, quantized again. ONNX QLinearMatMul-21.
  package static let qLinearMatMul = OpDefinition(
    "QLinearMatMul", versions: [10, 21], "The product of quantized matrices, quantized again.",
    operands: [
      .required("a", [.byte, .float8]), .required("a_scale", .halfOrSingle),
      .required("a_zero_point", sameElementTypeAs: "a"),
      .required("b", [.byte, .float8]), .required("b_scale", sameElementTypeAs: "a_scale"),
      .required("b_zero_point", sameElementTypeAs: "b"), .required("y_scale", sameElementTypeAs: "a_scale"),
      .required("y_zero_point", [.byte, .float8]),
    ],
    results: [.required("y", sameElementTypeAs: "y_zero_point")],
    infer: { $0.set(elementTypeOf: 7, try $0.productShape(0, 3)) })
}

extension TypeInference {
  /// The shape of the product of the operands `a` and `b`. A vector is a row on the left and a column on the right, an
  /// axis that then goes away.
  fileprivate func productShape(_ a: Int, _ b: Int) throws -> Shape? {
    guard let left = shape(a), let right = shape(b) else { return nil }
    guard let inner = left.last, let rightFirst = right.first else {
      throw ModelError(.invalidModel, "\(left) and \(right): a scalar has no product of matrices")
    }
    let depth = right.count == 1 ? rightFirst : right[right.count - 2]
    try expect(inner, equals: depth, "\(left) and \(right) have no product: \(inner) columns meet \(depth) rows")
    guard let batch = Array(left.dropLast(2)).broadcast(with: Array(right.dropLast(2))) else {
      throw ModelError(.invalidModel, "\(left) and \(right): the axes before the last two do not broadcast")
    }
    let rows = left.count > 1 ? [left[left.count - 2]] : []
    let columns = right.count > 1 ? [right[right.count - 1]] : []
    return batch + rows + columns
  }

  fileprivate func gemmShape() throws -> Shape? {
    let a = try matrix(0, transposed: "transA")
    let b = try matrix(1, transposed: "transB")
    try expect(a[1], equals: b[0], "\(a) and \(b) have no product: \(a[1]) columns meet \(b[0]) rows")
    let product = [a[0], b[1]]
    if let addend = shape(2), addend.count > 2 || addend.broadcast(with: product)?.isCompatible(with: product) != true {
      throw ModelError(.invalidModel, "C has shape \(addend), which does not broadcast to \(product)")
    }
    return product
  }

  /// The extents of a matrix as the product sees it.
  private func matrix(_ index: Int, transposed attribute: ByteString) throws -> Shape {
    let extents = shape(index) ?? [.unknown, .unknown]
    guard extents.count == 2 else { throw ModelError(.invalidModel, "\(extents) is no matrix") }
    guard let transposed = operation.int(attribute) else { return [.unknown, .unknown] }
    return transposed != 0 ? extents.reversed() : extents
  }
}

extension Shape {
  /// Whether no axis contradicts.
  func isCompatible(with other: Shape) -> Bool {
    count == other.count && zip(self, other).allSatisfy { $0.isEqual(to: $1) != false }
  }
}
