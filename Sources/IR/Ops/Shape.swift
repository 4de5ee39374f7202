extension OpCatalog {
  static let shapeFamily: [OpDefinition] = [
    .expand, .flatten, .identity, .reshape, .shape, .size, .squeeze, .unsqueeze,
  ]
}

/// Operators that ask for a shape, or give the same elements another one.
extension OpDefinition {
  /// Broadcasts a tensor to a shape. ONNX Expand-13.
  package static let expand = OpDefinition(
    "Expand", versions: [8, 13], "Broadcasts a tensor to a shape.",
    operands: [.required("input", .classic), .required("shape", .int64)],
    results: [.required("output", sameElementTypeAs: "input")], traits: [.pure, .dataMovement],
    infer: { try $0.inferExpand() })

  /// Two dimensions: those before `axis` in one, the others in the other. ONNX Flatten-25.
  package static let flatten = OpDefinition(
    "Flatten", versions: [1, 9, 11, 13, 21, 23, 24, 25], "Joins the axes before an axis, and those from it on.",
    operands: [.required("input", .storable)], results: [.required("output", sameElementTypeAs: "input")],
    attributes: [.int("axis", default: 1)], traits: [.pure, .dataMovement],
    infer: { try $0.inferFlatten() })

  /// The operand itself. ONNX Identity-25.
  package static let identity = OpDefinition(
    "Identity", versions: [1, 13, 14, 16, 19, 21, 23, 24, 25], "The operand itself, whatever it is.",
    operands: [OperandDefinition.required("input", .storable).ofAnyKind],
    results: [.required("output", sameElementTypeAs: "input")], traits: [.pure, .idempotent, .dataMovement],
    infer: { inference in
      inference.set(inference.type(0))
      inference.setContents(inference.contents(0))
    })

  /// The same elements in another shape, where -1 is what remains and 0 what was there. ONNX Reshape-25.
  package static let reshape = OpDefinition(
    "Reshape", versions: [1, 5, 13, 14, 19, 21, 23, 24, 25], "The same elements in another shape.",
    operands: [.required("data", .storable), .required("shape", .int64)],
    results: [.required("reshaped", sameElementTypeAs: "data")], attributes: [.int("allowzero", default: 0)],
    traits: [.pure, .dataMovement],
    infer: { try $0.inferReshape() })

  /// A tensor's shape, or the part `start ..< end` of it. ONNX Shape-25.
  package static let shape = OpDefinition(
    "Shape", versions: [1, 13, 15, 19, 21, 23, 24, 25], "A tensor's shape, or a part of it.",
    operands: [.required("data", .storable)], results: [.required("shape", .int64)],
    attributes: [.optional("end", .int), .int("start", default: 0)],
    infer: { $0.inferShape() })

  /// How many elements a tensor has. ONNX Size-25.
  package static let size = OpDefinition(
    "Size", versions: [1, 13, 19, 21, 23, 24, 25], "How many elements a tensor has.",
    operands: [.required("data", .storable)], results: [.required("size", .int64)],
    infer: { inference in
      inference.set(.tensor(.int64, []))
      inference.setContents(inference.shape(0).map { [$0.elementCount] })
    })

  /// Removes axes of extent 1: those named, or all. ONNX Squeeze-25.
  package static let squeeze = OpDefinition(
    "Squeeze", versions: [1, 11, 13, 21, 23, 24, 25], "Removes axes of extent 1.",
    operands: [.required("data", .storable), .optional("axes", .int64)],
    results: [.required("squeezed", sameElementTypeAs: "data")], traits: [.pure, .dataMovement],
    infer: { try $0.inferSqueeze() })

  /// Inserts axes of extent 1 at the places that the result is to have them. ONNX Unsqueeze-25.
  package static let unsqueeze = OpDefinition(
    "Unsqueeze", versions: [1, 11, 13, 21, 23, 24, 25], "Inserts axes of extent 1.",
    operands: [.required("data", .storable), .required("axes", .int64)],
    results: [.required("expanded", sameElementTypeAs: "data")], traits: [.pure, .dataMovement],
    infer: { try $0.inferUnsqueeze() })
}

extension TypeInference {
  fileprivate mutating func inferShape() {
    guard let shape = shape(0) else { return set(.tensor(.int64, [.unknown])) }
    let start = Self.clamped(operation.int("start") ?? 0, rank: shape.count)
    let end = Self.clamped(operation.int("end") ?? shape.count, rank: shape.count)
    let part = start < end ? Array(shape[start..<end]) : []
    set(.tensor(.int64, [.known(part.count)]))
    setContents(part)
  }

  /// A position among axes, counted from the front and moved inside.
  private static func clamped(_ position: Int, rank: Int) -> Int {
    min(max(position < 0 ? position + rank : position, 0), rank)
  }

  fileprivate mutating func inferFlatten() throws {
    guard let shape = shape(0), let axis = operation.int("axis") else {
      return set(elementTypeOf: 0, [.unknown, .unknown])
    }
    let split = axis == shape.count ? axis : try self.axis(axis, rank: shape.count)
    set(elementTypeOf: 0, [Array(shape[..<split]).elementCount, Array(shape[split...]).elementCount])
  }

  fileprivate mutating func inferExpand() throws {
    guard let input = shape(0), let target = elements(1) else { return set(elementTypeOf: 0, nil) }
    if let extent = target.compactMap(\.value).first(where: { $0 < 0 }) {
      throw ModelError(.invalidModel, "cannot expand to \(target): \(extent) is negative")
    }
    guard let shape = input.broadcast(with: target) else {
      throw ModelError(.invalidModel, "shape \(input) does not broadcast to \(target)")
    }
    set(elementTypeOf: 0, shape)
    guard let contents = contents(0), let count = shape.elementCount.value, SmallIntegers.counts.contains(count) else {
      return
    }
    setContents(contents.count == 1 ? Array(repeating: contents[0], count: count) : contents)
  }

  fileprivate mutating func inferSqueeze() throws {
    guard let shape = shape(0) else { return set(elementTypeOf: 0, nil) }
    guard operation.operand(1) != nil else {
      let isDecided = shape.allSatisfy { $0.isEqual(to: .known(1)) != nil }
      return setRearranged(isDecided ? shape.filter { $0 != .known(1) } : nil)
    }
    // An empty list names nothing, but ONNX Runtime takes it for all.
    if elements(1) == [] {
      return setRearranged(shape.allSatisfy { $0.isEqual(to: .known(1)) == false } ? shape : nil)
    }
    guard let axes = integers(1) else {
      let count = elements(1).map { shape.count - $0.count } ?? -1
      return setRearranged(count >= 0 ? Array(repeating: .unknown, count: count) : nil)
    }
    let removed = Set(try self.axes(axes, rank: shape.count))
    for axis in removed.sorted() where shape[axis].isEqual(to: .known(1)) == false {
      throw ModelError(.invalidModel, "axis \(axis) of \(shape) cannot be squeezed: it is not 1")
    }
    setRearranged(Self.reduced(shape, along: removed, false))
  }

  fileprivate mutating func inferUnsqueeze() throws {
    guard let shape = shape(0), let axes = elements(1) else { return set(elementTypeOf: 0, nil) }
    guard let positions = axes.knownDimensions else {
      return setRearranged(Array(repeating: .unknown, count: shape.count + axes.count))
    }
    let rank = shape.count + positions.count
    let inserted = Set(try self.axes(positions, rank: rank))
    var extents = shape.makeIterator()
    setRearranged((0..<rank).map { inserted.contains($0) ? .known(1) : extents.next() ?? .unknown })
  }

  /// Sets the first result to the first operand's elements, in order, in another shape.
  mutating func setRearranged(_ shape: Shape?) {
    set(elementTypeOf: 0, shape)
    setContents(contents(0))
  }
}
