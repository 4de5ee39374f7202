extension OpCatalog {
  static let reductionFamily: [OpDefinition] = [
    .argMax, .argMin, .reduceL1, .reduceL2, .reduceLogSum, .reduceLogSumExp, .reduceMax, .reduceMean, .reduceMin,
    .reduceProd, .reduceSum, .reduceSumSquare,
  ]
}

extension OpDefinition {
  /// The index of the largest element along `axis`. ONNX ArgMax-13.
  package static let argMax = indexReduction("ArgMax", "The index of the largest element along an axis.")

  /// The index of the smallest element along `axis`. ONNX ArgMin-13.
  package static let argMin = indexReduction("ArgMin", "The index of the smallest element along an axis.")

  /// The sum of absolute values along `axes`. ONNX ReduceL1-18.
  package static let reduceL1 = reduction(
    "ReduceL1", versions: [1, 11, 13, 18], "The sum of the elements' absolute values along axes.")

  /// The square root of the sum of squares along `axes`. ONNX ReduceL2-18.
  package static let reduceL2 = reduction(
    "ReduceL2", versions: [1, 11, 13, 18], "The square root of the sum of the elements' squares along axes.")

  /// The logarithm of the sum along `axes`. ONNX ReduceLogSum-28.
  package static let reduceLogSum = reduction(
    "ReduceLogSum", versions: [1, 11, 13, 18, 28], "The logarithm of the elements' sum along axes.", .float)

  /// The logarithm of the sum of exponentials along `axes`. ONNX ReduceLogSumExp-28.
  package static let reduceLogSumExp = reduction(
    "ReduceLogSumExp", versions: [1, 11, 13, 18, 28],
    "The logarithm of the sum of the elements' exponentials along axes.",
    .float)

  /// The largest element along `axes`. ONNX ReduceMax-20.
  package static let reduceMax = reduction(
    "ReduceMax", versions: [1, 11, 12, 13, 18, 20], "The largest element along axes.", comparable,
    contents: { $0.dropFirst().reduce($0.first ?? .unknown, Dimension.maximum) })

  /// The mean along `axes`. ONNX ReduceMean-18.
  package static let reduceMean = reduction(
    "ReduceMean", versions: [1, 11, 13, 18], "The mean of the elements along axes.")

  /// The smallest element along `axes`. ONNX ReduceMin-20.
  package static let reduceMin = reduction(
    "ReduceMin", versions: [1, 11, 12, 13, 18, 20], "The smallest element along axes.", comparable,
    contents: { $0.dropFirst().reduce($0.first ?? .unknown, Dimension.minimum) })

  /// The product along `axes`. ONNX ReduceProd-18.
  package static let reduceProd = reduction(
    "ReduceProd", versions: [1, 11, 13, 18], "The product of the elements along axes.",
    contents: { $0.reduce(.known(1), *) })

  /// The sum along `axes`. ONNX ReduceSum-13.
  package static let reduceSum = reduction(
    "ReduceSum", versions: [1, 11, 13], "The sum of the elements along axes.", contents: { $0.reduce(.known(0), +) })

  /// The sum of squares along `axes`. ONNX ReduceSumSquare-18.
  package static let reduceSumSquare = reduction(
    "ReduceSumSquare", versions: [1, 11, 13, 18], "The sum of the elements' squares along axes.")

  private static let comparable: ElementTypes = [.accumulable, .bool, ElementTypes(.int8, .uint8)]

  private static func reduction(
    _ name: ByteString, versions: [Int], _ summary: String, _ types: ElementTypes = .accumulable,
    contents: (@Sendable ([Dimension]) -> Dimension)? = nil
  ) -> OpDefinition {
    OpDefinition(
      name, versions: versions, summary, operands: [.required("data", types), .optional("axes", .int64)],
      results: [.required("reduced", sameElementTypeAs: "data")],
      attributes: [.int("keepdims", default: 1), .int("noop_with_empty_axes", default: 0)],
      infer: { try $0.inferReduction(contents) })
  }

  private static func indexReduction(_ name: ByteString, _ summary: String) -> OpDefinition {
    OpDefinition(
      name, versions: [1, 11, 12, 13], summary, operands: [.required("data", .numeric)],
      results: [.required("reduced", .int64)],
      attributes: [.int("axis", default: 0), .int("keepdims", default: 1), .int("select_last_index", default: 0)],
      infer: { try $0.inferIndexReduction() })
  }
}

extension TypeInference {
  /// Infers the reduction of the first operand along the axes that the second names; without any along all, or none
  /// where the attribute says so.
  fileprivate mutating func inferReduction(_ reduce: (([Dimension]) -> Dimension)?) throws {
    let keepsAxes = operation.flag("keepdims")
    let named = operation.operand(1) == nil ? [] : elements(1)
    if named == [], operation.flag("noop_with_empty_axes") {
      set(type(0))
      return setContents(contents(0))
    }
    guard let shape = shape(0) else { return set(elementTypeOf: 0, nil) }
    guard let named, let axes = named.knownDimensions else {
      return set(elementTypeOf: 0, Self.reducedAlongUnknown(shape, axisCount: named?.count, keepsAxes))
    }
    let reduced = axes.isEmpty || shape.isEmpty ? Array(shape.indices) : try self.axes(axes, rank: shape.count)
    set(elementTypeOf: 0, Self.reduced(shape, along: Set(reduced), keepsAxes))
    guard let reduce, let contents = contents(0), !contents.isEmpty else { return }
    setContents([reduce(contents)])
  }

  /// The shape without the extents along `axes`, which stay as 1 where they are kept.
  static func reduced(_ shape: Shape, along axes: Set<Int>, _ keepsAxes: Bool) -> Shape {
    shape.enumerated().compactMap { axis, extent in
      axes.contains(axis) ? keepsAxes ? .known(1) : nil : extent
    }
  }

  private static func reducedAlongUnknown(_ shape: Shape, axisCount: Int?, _ keepsAxes: Bool) -> Shape? {
    if keepsAxes { return shape.map { $0 == .known(1) ? $0 : .unknown } }
    guard let axisCount, axisCount <= shape.count else { return nil }
    return Array(repeating: .unknown, count: shape.count - axisCount)
  }

  fileprivate mutating func inferIndexReduction() throws {
    guard let shape = shape(0), let axis = operation.int("axis") else { return set(.tensor(.int64, nil)) }
    let reduced = shape.isEmpty ? [] : [try self.axis(axis, rank: shape.count)]
    set(.tensor(.int64, Self.reduced(shape, along: Set(reduced), operation.flag("keepdims"))))
  }
}
