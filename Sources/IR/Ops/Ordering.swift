extension OpCatalog {
  static let orderingFamily: [OpDefinition] = [
    .cumProd, .cumSum, .topK, .unique,
  ]
}

/// Operators in which the order of elements along an axis matters: running sums, sorting.
extension OpDefinition {
  /// Running products along `axis`. ONNX CumProd-26.
  package static let cumProd = cumulation("CumProd", versions: [26], "Running products along an axis.")

  /// Running sums along `axis`. ONNX CumSum-14.
  package static let cumSum = cumulation("CumSum", versions: [11, 14], "Running sums along an axis.")

  /// The `K` largest or smallest elements along `axis`, and their indices. ONNX TopK-24.
  package static let topK = OpDefinition(
    "TopK", versions: [1, 10, 11, 24], "The K largest or smallest elements along an axis, and their indices.",
    operands: [.required("X", .numeric), .required("K", .int64)],
    results: [.required("Values", sameElementTypeAs: "X"), .required("Indices", .int64)],
    attributes: [.int("axis", default: -1), .int("largest", default: 1), .int("sorted", default: 1)],
    infer: { try $0.inferTopK() })

  /// Each element, or each slice along `axis`, once. ONNX Unique-28.
  package static let unique = OpDefinition(
    "Unique", versions: [11, 28], "Each element, or each slice along an axis, once.",
    operands: [.required("X", .classic)],
    results: [
      .required("Y", sameElementTypeAs: "X"), .optional("indices", .fixed(.int64)),
      .optional("inverse_indices", .fixed(.int64)), .optional("counts", .fixed(.int64)),
    ],
    attributes: [.optional("axis", .int), .int("sorted", default: 1)],
    infer: { try $0.inferUnique() })

  private static func cumulation(_ name: ByteString, versions: [Int], _ summary: String) -> OpDefinition {
    OpDefinition(
      name, versions: versions, summary, operands: [.required("x", .accumulable), .required("axis", .indices)],
      results: [.required("y", sameElementTypeAs: "x")],
      attributes: [.int("exclusive", default: 0), .int("reverse", default: 0)],
      infer: { inference in
        if let rank = inference.shape(0)?.count, let axis = inference.integers(1)?.first {
          _ = try inference.axis(axis, rank: rank)
        }
        inference.set(inference.type(0))
      })
  }
}

extension TypeInference {
  fileprivate mutating func inferTopK() throws {
    guard var shape = shape(0), let axis = operation.int("axis") else {
      set(elementTypeOf: 0, nil)
      return set(1, .tensor(.int64, nil))
    }
    let along = try self.axis(axis, rank: shape.count)
    let count = contents(1)?.first ?? .unknown
    if let number = count.value, number < 0 || number > shape[along].value ?? .max {
      throw ModelError(.invalidModel, "K is \(number), axis \(along) of \(shape) cannot give that many")
    }
    shape[along] = count
    set(elementTypeOf: 0, shape)
    set(1, .tensor(.int64, shape))
  }

  fileprivate mutating func inferUnique() throws {
    for index in [1, 3] { set(index, .tensor(.int64, [.unknown])) }
    guard let axis = operation.int("axis") else {
      set(elementTypeOf: 0, [.unknown])
      return set(2, .tensor(.int64, [shape(0)?.elementCount ?? .unknown]))
    }
    guard var shape = shape(0) else { return set(elementTypeOf: 0, nil) }
    let along = try self.axis(axis, rank: shape.count)
    set(2, .tensor(.int64, [shape[along]]))
    shape[along] = .unknown
    set(elementTypeOf: 0, shape)
  }
}
