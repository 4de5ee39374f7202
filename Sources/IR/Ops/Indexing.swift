extension OpCatalog {
  static let indexingFamily: [OpDefinition] = [
    .compress, .gather, .gatherElements, .gatherND, .nonZero, .scatterElements, .scatterND,
  ]
}

/// Operators that read or write where indices say.
extension OpDefinition {
  /// The slices along `axis`, or the elements, for which a condition holds. ONNX Compress-28.
  package static let compress = OpDefinition(
    "Compress", versions: [9, 11, 28], "The slices along an axis for which a condition holds.",
    operands: [.required("input", .classic), .required("condition", .bool)],
    results: [.required("output", sameElementTypeAs: "input")], attributes: [.optional("axis", .int)],
    traits: [.pure, .dataMovement],
    infer: { try $0.inferCompress() })

  /// The slices along `axis` at indices. ONNX Gather-13.
  package static let gather = OpDefinition(
    "Gather", versions: [1, 11, 13], "The slices along an axis at indices.",
    operands: [.required("data", .classic), .required("indices", .indices)],
    results: [.required("output", sameElementTypeAs: "data")], attributes: [.int("axis", default: 0)],
    traits: [.pure, .dataMovement],
    infer: { try $0.inferGather() })

  /// For each index the element that stands there along `axis`, at the index's own place along the others. ONNX
  /// GatherElements-13.
  package static let gatherElements = OpDefinition(
    "GatherElements", versions: [11, 13], "For each index the element that stands there along an axis.",
    operands: [.required("data", .classic), .required("indices", .indices)],
    results: [.required("output", sameElementTypeAs: "data")], attributes: [.int("axis", default: 0)],
    traits: [.pure, .dataMovement],
    infer: { inference in
      try inference.checkElementIndices()
      inference.set(elementTypeOf: 0, inference.shape(1))
    })

  /// The slices at the tuples of indices along the last axis of `indices`. ONNX GatherND-13.
  package static let gatherND = OpDefinition(
    "GatherND", versions: [11, 12, 13], "The slices at tuples of indices.",
    operands: [.required("data", .classic), .required("indices", .int64)],
    results: [.required("output", sameElementTypeAs: "data")], attributes: [.int("batch_dims", default: 0)],
    traits: [.pure, .dataMovement],
    infer: { try $0.inferGatherND() })

  /// The indices of all elements that are not zero, one column each. For a scalar, ONNX and ONNX Runtime differ in the
  /// number of rows. ONNX NonZero-13.
  package static let nonZero = OpDefinition(
    "NonZero", versions: [9, 13], "The indices of all elements that are not zero.",
    operands: [.required("X", .classic)],
    results: [.required("Y", .int64)],
    infer: { inference in
      let rank = inference.shape(0)?.count ?? 0
      inference.set(.tensor(.int64, [rank > 0 ? .known(rank) : .unknown, .unknown]))
    })

  /// The data with elements along `axis` replaced, or combined, where indices say. ONNX ScatterElements-18.
  package static let scatterElements = OpDefinition(
    "ScatterElements", versions: [11, 13, 16, 18], "The data with elements along an axis replaced where indices say.",
    operands: [
      .required("data", .classic), .required("indices", .indices), .required("updates", sameElementTypeAs: "data"),
    ],
    results: [.required("output", sameElementTypeAs: "data")],
    attributes: [.int("axis", default: 0), .string("reduction", default: "none")],
    infer: { inference in
      try inference.checkElementIndices()
      inference.set(inference.type(0))
    },
    verify: oneOf("reduction", scatterReductions))

  /// The data with the slices at tuples of indices replaced, or combined. ONNX ScatterND-18.
  package static let scatterND = OpDefinition(
    "ScatterND", versions: [11, 13, 16, 18], "The data with the slices at tuples of indices replaced.",
    operands: [
      .required("data", .classic), .required("indices", .int64), .required("updates", sameElementTypeAs: "data"),
    ],
    results: [.required("output", sameElementTypeAs: "data")], attributes: [.string("reduction", default: "none")],
    infer: { try $0.inferScatterND() }, verify: oneOf("reduction", scatterReductions))

  private static let scatterReductions: [ByteString] = ["none", "add", "mul", "max", "min"]
}

extension TypeInference {
  fileprivate mutating func inferCompress() throws {
    guard let axis = operation.int("axis") else { return set(elementTypeOf: 0, [.unknown]) }
    guard var shape = shape(0) else { return set(elementTypeOf: 0, nil) }
    shape[try self.axis(axis, rank: shape.count)] = .unknown
    set(elementTypeOf: 0, shape)
  }

  fileprivate mutating func inferGather() throws {
    guard let data = shape(0), let indices = shape(1), let given = operation.int("axis") else {
      return set(elementTypeOf: 0, nil)
    }
    let axis = try self.axis(given, rank: data.count)
    set(elementTypeOf: 0, data[..<axis] + indices + data[(axis + 1)...])
    guard let contents = contents(0), let positions = elements(1) else { return }
    setContents(positions.map { Self.element($0, of: contents) })
  }

  /// The element at a position that may be counted from the end; unknown outside.
  private static func element(_ position: Dimension, of contents: [Dimension]) -> Dimension {
    guard let position = position.value else { return .unknown }
    let index = position < 0 ? position + contents.count : position
    return contents.indices.contains(index) ? contents[index] : .unknown
  }

  /// Checks that indices, and updates where there are any, fit data element by element.
  fileprivate func checkElementIndices() throws {
    guard let data = shape(0), let axis = operation.int("axis") else { return }
    _ = try self.axis(axis, rank: data.count)
    guard let indices = shape(1) else { return }
    guard indices.count == data.count else {
      throw ModelError(.invalidModel, "indices \(indices) and data \(data) are of different rank")
    }
    if let updates = shape(2), zip(updates, indices).contains(where: { $0.isEqual(to: $1) == false }) {
      throw ModelError(.invalidModel, "updates \(updates) and indices \(indices) must have one shape")
    }
  }

  fileprivate mutating func inferGatherND() throws {
    guard let data = shape(0), let indices = shape(1), let batch = operation.int("batch_dims"),
      let last = indices.last, let depth = last.value
    else { return set(elementTypeOf: 0, nil) }
    guard batch >= 0, batch < indices.count, batch <= data.count, depth >= 0, depth <= data.count - batch else {
      throw ModelError(
        .invalidModel, "indices \(indices) do not fit data \(data), the first \(batch) axes being those of a batch")
    }
    set(elementTypeOf: 0, indices.dropLast() + data[(batch + depth)...])
  }

  fileprivate mutating func inferScatterND() throws {
    set(type(0))
    guard let data = shape(0), let indices = shape(1), let depth = indices.last?.value else { return }
    guard depth >= 0, depth <= data.count else {
      throw ModelError(.invalidModel, "indices \(indices) do not fit data \(data)")
    }
    let slices = indices.dropLast() + data[depth...]
    guard let updates = shape(2) else { return }
    guard updates.count == slices.count, !zip(updates, slices).contains(where: { $0.isEqual(to: $1) == false }) else {
      throw ModelError(.invalidModel, "updates \(updates) must have the shape \(Array(slices))")
    }
  }
}
