extension OpCatalog {
  static let movementFamily: [OpDefinition] = [
    .depthToSpace, .pad, .reverseSequence, .spaceToDepth, .tile, .transpose, .trilu,
  ]
}

/// Operators that put elements elsewhere, repeat them, or set constants beside them.
extension OpDefinition {
  /// Moves channels into blocks of the image. ONNX DepthToSpace-28.
  package static let depthToSpace = OpDefinition(
    "DepthToSpace", versions: [1, 11, 13, 28], "Moves channels into blocks of the image.",
    operands: [.required("input", .classic)], results: [.required("output", sameElementTypeAs: "input")],
    attributes: [.required("blocksize", .int), .string("mode", default: "DCR")], traits: [.pure, .dataMovement],
    infer: { try $0.inferBlockMove(toSpace: true) }, verify: oneOf("mode", ["DCR", "CRD"]))

  /// Adds elements at the borders, or removes them. ONNX Pad-25.
  package static let pad = OpDefinition(
    "Pad", versions: [1, 2, 11, 13, 18, 19, 21, 23, 24, 25], "Adds elements at the borders, or removes them.",
    operands: [
      .required("data", .storable), .required("pads", .int64),
      .optional("constant_value", sameElementTypeAs: "data"), .optional("axes", .indices),
    ],
    results: [.required("output", sameElementTypeAs: "data")], attributes: [.string("mode", default: "constant")],
    traits: [.pure, .dataMovement],
    infer: { try $0.inferPad() }, verify: oneOf("mode", ["constant", "reflect", "edge", "wrap"]))

  /// Reverses the beginning of each sequence of a batch. ONNX ReverseSequence-28.
  package static let reverseSequence = OpDefinition(
    "ReverseSequence", versions: [10, 28], "Reverses the beginning of each sequence of a batch.",
    operands: [.required("input", .classic), .required("sequence_lens", .int64)],
    results: [.required("Y", sameElementTypeAs: "input")],
    attributes: [.int("batch_axis", default: 1), .int("time_axis", default: 0)], traits: [.pure, .dataMovement],
    infer: { $0.set($0.type(0)) }, verify: verifyReverseSequence)

  /// Moves blocks of the image into channels. ONNX SpaceToDepth-28.
  package static let spaceToDepth = OpDefinition(
    "SpaceToDepth", versions: [1, 13, 28], "Moves blocks of the image into channels.",
    operands: [.required("input", .classic)], results: [.required("output", sameElementTypeAs: "input")],
    attributes: [.required("blocksize", .int), .string("mode", default: "DCR")], traits: [.pure, .dataMovement],
    infer: { try $0.inferBlockMove(toSpace: false) }, verify: oneOf("mode", ["DCR", "CRD"]))

  /// Repeats a tensor along each axis. ONNX Tile-13.
  package static let tile = OpDefinition(
    "Tile", versions: [1, 6, 13], "Repeats a tensor along each axis.",
    operands: [.required("input", .classic), .required("repeats", .int64)],
    results: [.required("output", sameElementTypeAs: "input")], traits: [.pure, .dataMovement],
    infer: { try $0.inferTile() })

  /// Permutes the axes; reverses them where nothing says how. ONNX Transpose-25.
  package static let transpose = OpDefinition(
    "Transpose", versions: [1, 13, 21, 23, 24, 25], "Permutes the axes.",
    operands: [.required("data", .storable)], results: [.required("transposed", sameElementTypeAs: "data")],
    attributes: [.ints("perm")], traits: [.pure, .dataMovement],
    infer: { try $0.inferTranspose() })

  /// Sets the elements on one side of the `k`-th diagonal to zero. ONNX Trilu-14.
  package static let trilu = OpDefinition(
    "Trilu", versions: [14], "Sets the elements on one side of a diagonal to zero.",
    operands: [.required("input", .classic), .optional("k", .int64)],
    results: [.required("output", sameElementTypeAs: "input")], attributes: [.int("upper", default: 1)],
    traits: [.pure, .dataMovement],
    infer: { inference in
      if let shape = inference.shape(0), shape.count < 2 {
        throw ModelError(.invalidModel, "shape \(shape) is of no matrix")
      }
      inference.set(inference.type(0))
    })

  private static let verifyReverseSequence: Verification = { operation in
    let axes = [operation.int("batch_axis"), operation.int("time_axis")]
    guard axes == [0, 1] || axes == [1, 0] else {
      throw ModelError(.invalidModel, "batch_axis and time_axis must be 0 and 1, or 1 and 0")
    }
  }
}

extension TypeInference {
  fileprivate mutating func inferTranspose() throws {
    guard let shape = shape(0) else {
      return set(elementTypeOf: 0, operation.ints("perm").map { $0.map { _ in .unknown } })
    }
    guard let permutation = operation.ints("perm") else { return setRearranged(shape.reversed()) }
    guard permutation.count == shape.count else {
      throw ModelError(
        .invalidModel, "perm \(permutation) has \(permutation.count) entries for a tensor of rank \(shape.count)")
    }
    guard Set(permutation).count == permutation.count, permutation.allSatisfy(shape.indices.contains) else {
      throw ModelError(.invalidModel, "perm \(permutation) is no permutation of the axes 0 ..< \(shape.count)")
    }
    setRearranged(permutation.map { shape[$0] })
  }

  fileprivate mutating func inferTile() throws {
    guard let shape = shape(0) else { return set(elementTypeOf: 0, elements(1)?.map { _ in .unknown }) }
    let repeats = elements(1) ?? Array(repeating: .unknown, count: shape.count)
    guard repeats.count == shape.count else {
      throw ModelError(.invalidModel, "repeats has \(repeats.count) elements for a tensor of rank \(shape.count)")
    }
    if let negative = repeats.compactMap(\.value).first(where: { $0 < 0 }) {
      throw ModelError(.invalidModel, "repeats has a negative element: \(negative)")
    }
    set(elementTypeOf: 0, zip(shape, repeats).map { $0 * $1 })
    guard let contents = contents(0), repeats.count <= 1, let times = repeats.isEmpty ? 1 : repeats[0].value,
      SmallIntegers.counts.contains(times)
    else { return }
    setContents((0..<times).flatMap { _ in contents })
  }

  fileprivate mutating func inferPad() throws {
    guard let shape = shape(0) else { return set(elementTypeOf: 0, nil) }
    let open = Shape(repeating: .unknown, count: shape.count)
    let given = operation.operand(3) == nil ? Array(shape.indices) : integers(3)
    guard let given, let pads = elements(1) else { return set(elementTypeOf: 0, open) }
    let axes = try self.axes(given, rank: shape.count)
    guard pads.count == 2 * axes.count else {
      throw ModelError(
        .invalidModel, "pads has \(pads.count) elements for \(axes.count) axes: there must be two for each")
    }
    var result = shape
    for (index, axis) in axes.enumerated() {
      result[axis] = shape[axis] + pads[index] + pads[axes.count + index]
      if result[axis].isAtLeast(.known(0)) == false {
        throw ModelError(.invalidModel, "pads \(pads) leave less than nothing of axis \(axis) of \(shape)")
      }
    }
    set(elementTypeOf: 0, result)
  }

  fileprivate mutating func inferBlockMove(toSpace: Bool) throws {
    guard let shape = shape(0), let size = operation.int("blocksize") else { return set(elementTypeOf: 0, nil) }
    guard shape.count == 4 else { throw ModelError(.invalidModel, "shape \(shape) is not of rank 4") }
    guard size > 0 else { throw ModelError(.invalidModel, "blocksize is \(size)") }
    let block = Dimension.known(size)
    let area = block * block
    let moved =
      toSpace
      ? [shape[0], shape[1].evenlyDivided(by: area), shape[2] * block, shape[3] * block]
      : [shape[0], shape[1] * area, shape[2].evenlyDivided(by: block), shape[3].evenlyDivided(by: block)]
    for (before, after) in zip(shape, moved) where before.value != nil && area.value != nil && after.isUnknown {
      throw ModelError(.invalidModel, "shape \(shape) does not divide into blocks of \(size)")
    }
    set(elementTypeOf: 0, moved)
  }
}
