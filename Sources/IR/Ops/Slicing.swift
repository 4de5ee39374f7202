extension OpCatalog {
  static let slicingFamily: [OpDefinition] = [
    .concat, .slice, .split,
  ]
}

/// Operators that cut tensors along axes, or join them.
extension OpDefinition {
  /// Joins tensors along `axis`. ONNX Concat-13.
  package static let concat = OpDefinition(
    "Concat", versions: [1, 4, 11, 13], "Joins tensors along an axis.",
    operands: [.variadic("inputs", .classic)], results: [.required("concat_result", sameElementTypeAs: "inputs")],
    attributes: [.required("axis", .int)], traits: [.pure, .dataMovement],
    infer: { try $0.inferConcat() })

  /// The elements from `starts` to before `ends`, every `steps`-th, along `axes`. ONNX Slice-13.
  package static let slice = OpDefinition(
    "Slice", versions: [1, 10, 11, 13], "Every n-th element from a start to before an end, along axes.",
    operands: [
      .required("data", .classic), .required("starts", .indices), .required("ends", sameElementTypeAs: "starts"),
      .optional("axes", sameElementTypeAs: "starts"), .optional("steps", sameElementTypeAs: "starts"),
    ],
    results: [.required("output", sameElementTypeAs: "data")], traits: [.pure, .dataMovement],
    infer: { try $0.inferSlice() })

  /// Cuts a tensor along `axis` into parts of the extents `split`, or into `num_outputs` that are equal but for the
  /// last. ONNX Split-18.
  package static let split = OpDefinition(
    "Split", versions: [1, 2, 11, 13, 18], "Cuts a tensor into parts along an axis.",
    operands: [.required("input", .classic), .optional("split", .int64)],
    results: [.variadic("outputs", .same(asOperand: "input"))],
    attributes: [.int("axis", default: 0), .optional("num_outputs", .int)], traits: [.pure, .dataMovement],
    infer: { try $0.inferSplit() })
}

// MARK: - Slice

/// What Slice takes along one axis. Each is a number, a symbol, or not known.
package struct AxisSlice: Hashable, Sendable {
  package var start: Dimension
  package var end: Dimension
  package var step: Dimension

  package init(start: Dimension, end: Dimension, step: Dimension = .known(1)) {
    self.start = start
    self.end = end
    self.step = step
  }

  /// A bound as large as this says "to the end": what ONNX recommends, in 32 or 64 bits.
  private static let farthest = Int(Int32.max)

  /// How many elements of an axis of `extent` are taken; unknown where that depends on more than is known.
  package func length(of extent: Dimension) -> Dimension {
    if let extent = extent.value, let taken = positions(in: extent) { return .known(taken.count) }
    guard let step = step.value, step != 0 else { return .unknown }
    if step < 0 {
      guard start == .known(-1) || Self.isFar(start.value), let end = end.value, end <= -Self.farthest else {
        return .unknown
      }
      return extent.ceilingDivided(by: .known(0) - .known(step))
    }
    let taken = Self.position(end, in: extent) - Self.position(start, in: extent)
    if (.known(0) - taken).isAtLeast(.known(0)) == true { return .known(0) }
    return taken.isAtLeast(.known(0)) == true ? taken.ceilingDivided(by: .known(step)) : .unknown
  }

  /// The first position that is taken of an axis of `extent` elements, and how many; `nil` where that is not known.
  ///
  /// Backward "to the end" says nothing certain: by ONNX's rule it takes nothing, ONNX Runtime goes to the beginning.
  package func positions(in extent: Int) -> (first: Int, count: Int)? {
    guard let start = start.value, let end = end.value, let step = step.value, step != 0, extent >= 0,
      step > 0 || !Self.isFar(end)
    else { return nil }
    let first = start < 0 ? start + extent : start
    let last = end < 0 ? end + extent : end
    let lower = step > 0 ? 0 : -1
    let upper = step > 0 ? extent : extent - 1
    let from = min(max(first, 0), upper)
    let to = min(max(last, lower), upper)
    let distance = step > 0 ? to - from : from - to
    guard distance > 0 else { return (max(from, 0), 0) }
    return (from, Int((distance.magnitude - 1) / step.magnitude) + 1)
  }

  private static func isFar(_ bound: Int?) -> Bool { bound ?? 0 >= farthest }

  /// A bound for a positive step, counted from the front and moved inside the axis.
  private static func position(_ bound: Dimension, in extent: Dimension) -> Dimension {
    if bound == .known(0) { return bound }
    if isFar(bound.value) { return extent }
    if bound.isAtLeast(.known(0)) == true { return .minimum(bound, extent) }
    return bound.isAtLeast(.known(0)) == false ? .maximum(extent + bound, .known(0)) : .unknown
  }
}

extension TypeInference {
  fileprivate mutating func inferSlice() throws {
    guard let shape = shape(0) else { return set(elementTypeOf: 0, nil) }
    guard let (axes, slices) = try slices(rank: shape.count) else {
      return set(elementTypeOf: 0, Array(repeating: .unknown, count: shape.count))
    }
    var result = shape
    for (axis, slice) in zip(axes, slices) { result[axis] = slice.length(of: shape[axis]) }
    set(elementTypeOf: 0, result)
    guard axes == [0], let contents = contents(0), let taken = slices[0].positions(in: contents.count) else { return }
    let step = slices[0].step.value ?? 1
    setContents((0..<taken.count).map { contents[taken.first + $0 * step] })
  }

  /// What is taken along which axes; `nil` where the axes are not known.
  private func slices(rank: Int) throws -> (axes: [Int], slices: [AxisSlice])? {
    let hasAxes = operation.operand(3) != nil
    let given = hasAxes ? integers(3) : elements(1).map { Array($0.indices) }
    guard let given else { return nil }
    let axes = try self.axes(given, rank: rank)
    let starts = try bounds(1, "starts", count: axes.count)
    let ends = try bounds(2, "ends", count: axes.count)
    let hasSteps = operation.operand(4) != nil
    let steps = hasSteps ? try bounds(4, "steps", count: axes.count) : Array(repeating: .known(1), count: axes.count)
    guard !steps.contains(.known(0)) else { throw ModelError(.invalidModel, "a step is 0") }
    return (axes, axes.indices.map { AxisSlice(start: starts[$0], end: ends[$0], step: steps[$0]) })
  }

  /// The elements of an operand that has one for each axis.
  private func bounds(_ index: Int, _ name: String, count: Int) throws -> [Dimension] {
    guard let elements = elements(index) else { return Array(repeating: .unknown, count: count) }
    guard elements.count == count else {
      throw ModelError(.invalidModel, "\(name) has \(elements.count) elements for \(count) axes")
    }
    return elements
  }
}

// MARK: - Concat

extension TypeInference {
  fileprivate mutating func inferConcat() throws {
    guard let elementType = sharedElementType(0..<operation.operandCount) else { return }
    let shapes = operation.operands.map { $0?.tensorType?.shape }
    guard let first = shapes.lazy.compactMap({ $0 }).first, let given = operation.int("axis") else {
      return set(.tensor(elementType, nil))
    }
    let axis = try self.axis(given, rank: first.count)
    var result = first
    var extent = Dimension.known(0)
    for shape in shapes {
      guard let shape else {
        extent = .unknown
        continue
      }
      result = try Self.merged(result, shape, except: axis, first)
      extent = extent + shape[axis]
    }
    result[axis] = extent
    set(.tensor(elementType, result))
    if result.count == 1, SmallIntegers.range(of: elementType) != nil { setContents(joinedContents()) }
  }

  /// What `known` and `shape` say together of all axes but one. `first` is the shape to name where they contradict.
  private static func merged(_ known: Shape, _ shape: Shape, except axis: Int, _ first: Shape) throws -> Shape {
    guard known.count == shape.count else {
      throw ModelError(.invalidModel, "shapes \(first) and \(shape) are of different rank")
    }
    var merged = known
    for index in known.indices where index != axis {
      guard let extent = known[index].merged(with: shape[index]) else {
        throw ModelError(
          .invalidModel, "shapes \(first) and \(shape) differ along axis \(index), not only along \(axis)")
      }
      merged[index] = extent
    }
    return merged
  }

  private func joinedContents() -> [Dimension]? {
    var joined: [Dimension] = []
    for index in 0..<operation.operandCount {
      guard let elements = elements(index), joined.count + elements.count <= SmallIntegers.maximumCount else {
        return nil
      }
      joined += elements
    }
    return joined
  }
}

// MARK: - Split

extension TypeInference {
  fileprivate mutating func inferSplit() throws {
    let count = operation.results.count
    guard let shape = shape(0), let given = operation.int("axis") else {
      for index in 0..<count { set(index, elementTypeOf: 0, nil) }
      return
    }
    let axis = try self.axis(given, rank: shape.count)
    let extents = try partExtents(of: shape[axis], count: count)
    var contents = contents(0)?[...]
    for (index, extent) in extents.enumerated() {
      var part = shape
      part[axis] = extent
      set(index, elementTypeOf: 0, part)
      guard let extent = extent.value, let rest = contents, (0...rest.count).contains(extent) else {
        contents = nil
        continue
      }
      setContents(index, Array(rest.prefix(extent)))
      contents = rest.dropFirst(extent)
    }
  }

  private func partExtents(of extent: Dimension, count: Int) throws -> [Dimension] {
    if operation.operand(1) == nil { return try equalParts(of: extent, count: count) }
    guard let parts = elements(1) else { return Array(repeating: .unknown, count: count) }
    guard parts.count == count else {
      throw ModelError(.invalidModel, "split has \(parts.count) elements for \(count) results")
    }
    if let negative = parts.compactMap(\.value).first(where: { $0 < 0 }) {
      throw ModelError(.invalidModel, "split has a negative element: \(negative)")
    }
    guard parts.reduce(.known(0), +).isEqual(to: extent) != false else {
      throw ModelError(.invalidModel, "split \(parts) does not add up to \(extent)")
    }
    return parts.map { $0.isAtLeast(.known(0)) == true ? $0 : .unknown }
  }

  /// Parts that are equal but for the last, which is what remains.
  private func equalParts(of extent: Dimension, count: Int) throws -> [Dimension] {
    if let wanted = operation.int("num_outputs"), wanted != count {
      throw ModelError(.invalidModel, "num_outputs is \(wanted), but there are \(count) results")
    }
    guard count > 0 else { return [] }
    let even = extent.exactlyDivided(by: .known(count))
    if !even.isUnknown { return Array(repeating: even, count: count) }
    let part = extent.ceilingDivided(by: .known(count))
    let last = extent - part * .known(count - 1)
    return Array(repeating: part, count: count - 1) + [last.isAtLeast(.known(0)) == true ? last : .unknown]
  }
}
