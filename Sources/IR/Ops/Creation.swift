extension OpCatalog {
  static let creationFamily: [OpDefinition] = [
    .constantOfShape, .eyeLike, .oneHot, .range,
  ]
}

/// Operators that make a tensor of a few numbers.
extension OpDefinition {
  /// One value, repeated to a shape; 0 of float32 where nothing says which. ONNX ConstantOfShape-25.
  package static let constantOfShape = OpDefinition(
    "ConstantOfShape", versions: [9, 20, 21, 23, 24, 25], "One value, repeated to a shape.",
    operands: [.required("input", .int64)], results: [.required("output")], attributes: [.tensor("value")],
    traits: [.pure, .dataMovement],
    infer: { try $0.inferConstantOfShape() })

  /// Ones on the `k`-th diagonal of a matrix of the operand's shape, zeros elsewhere. ONNX EyeLike-22.
  package static let eyeLike = OpDefinition(
    "EyeLike", versions: [9, 22], "Ones on a diagonal, zeros elsewhere.", operands: [.required("input", eyeTypes)],
    results: [.required("output")], attributes: [.optional("dtype", .int), .int("k", default: 0)],
    infer: { try $0.inferEyeLike() })

  /// Along a new axis of `depth` elements the second of `values` at each index, the first elsewhere. ONNX OneHot-28.
  package static let oneHot = OpDefinition(
    "OneHot", versions: [9, 11, 28], "One value at each index along a new axis, another elsewhere.",
    operands: [
      .required("indices", .numericBeforeBFloat16), .required("depth", .numericBeforeBFloat16),
      .required("values", .classic),
    ],
    results: [.required("output", sameElementTypeAs: "values")], attributes: [.int("axis", default: -1)],
    infer: { try $0.inferOneHot() })

  /// The numbers from `start` to before `limit`, `delta` apart. ONNX Range-27.
  package static let range = OpDefinition(
    "Range", versions: [11, 27], "The numbers from a start to before a limit, equally far apart.",
    operands: [
      .required("start", [.float, ElementTypes(.int64, .int32, .int16)]),
      .required("limit", sameElementTypeAs: "start"),
      .required("delta", sameElementTypeAs: "start"),
    ],
    results: [.required("output", sameElementTypeAs: "start")], attributes: [.int("stash_type", default: 1)],
    infer: { try $0.inferRange() })

  fileprivate static let eyeTypes: ElementTypes = [.numeric, .bool]
}

extension TypeInference {
  fileprivate mutating func inferConstantOfShape() throws {
    let value = operation.tensor("value")
    if let value, value.elementCount != 1 {
      throw ModelError(.invalidModel, "value has \(value.elementCount) elements, but must have one")
    }
    let extents = elements(0)
    if let negative = extents?.compactMap(\.value).first(where: { $0 < 0 }) {
      throw ModelError(.invalidModel, "dimension \(negative) is negative")
    }
    let shape = extents?.map { $0.isAtLeast(.known(0)) == true ? $0 : .unknown }
    set(.tensor(value?.elementType ?? .float32, shape))
    guard let shape, shape.count <= 1, let count = shape.elementCount.value, SmallIntegers.counts.contains(count),
      let value, let element = SmallIntegers.values(of: value)?.first
    else { return }
    setContents(Array(repeating: .known(element), count: count))
  }

  fileprivate mutating func inferEyeLike() throws {
    if let shape = shape(0), shape.count != 2 { throw ModelError(.invalidModel, "shape \(shape) is of no matrix") }
    guard let type = try elementType(attribute: "dtype", OpDefinition.eyeTypes) ?? tensor(0)?.elementType else {
      return
    }
    set(.tensor(type, shape(0) ?? [.unknown, .unknown]))
  }

  fileprivate mutating func inferOneHot() throws {
    if let values = shape(2), values.elementCount.isEqual(to: .known(2)) == false {
      throw ModelError(.invalidModel, "values has shape \(values), but must have 2 elements")
    }
    guard var shape = shape(0), let axis = operation.int("axis") else { return set(elementTypeOf: 2, nil) }
    let place = try self.axis(axis, rank: shape.count + 1)
    let depth = contents(1)?.first ?? .unknown
    shape.insert(depth.isAtLeast(.known(0)) == true ? depth : .unknown, at: place)
    set(elementTypeOf: 2, shape)
  }

  fileprivate mutating func inferRange() throws {
    guard let start = contents(0)?.first, let limit = contents(1)?.first, let delta = contents(2)?.first?.value else {
      return set(elementTypeOf: 0, [.unknown])
    }
    guard delta != 0 else { throw ModelError(.invalidModel, "delta is 0") }
    let count = Self.rangeCount(delta > 0 ? limit - start : start - limit, by: delta.magnitude)
    set(elementTypeOf: 0, [count])
    guard let count = count.value, SmallIntegers.counts.contains(count) else { return }
    setContents((0..<count).map { start + .known($0) * .known(delta) })
  }

  /// How many steps of a length fit into a distance.
  private static func rangeCount(_ distance: Dimension, by step: UInt) -> Dimension {
    if distance.isAtLeast(.known(0)) == false { return .known(0) }
    guard distance.isAtLeast(.known(0)) == true, let step = Int(exactly: step) else { return .unknown }
    return distance.ceilingDivided(by: .known(step))
  }
}
