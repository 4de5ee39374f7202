import IR

/// Operators that put elements elsewhere, as their positions alone say.
enum Movement {
  static let kernels: [Kernel] = [
    Kernel(.identity) { [try $0.operand(0)] },
    Kernel(.dropout, dropout),
    Kernel(.reshape, reshape),
    Kernel(.flatten, flatten),
    Kernel(.squeeze, squeeze),
    Kernel(.unsqueeze, unsqueeze),
    moving(.transpose, transpose),
    moving(.concat, concat),
    moving(.split, split),
    moving(.slice, slice),
    moving(.expand, expand),
    moving(.tile, tile),
    moving(.pad, pad),
    moving(.centerCropPad, centerCropPad),
    moving(.reverseSequence, reverseSequence),
    moving(.depthToSpace, depthToSpace),
    moving(.spaceToDepth, spaceToDepth),
  ]

  /// A kernel that moves elements of any type, strings too.
  static func moving(_ definition: OpDefinition, _ body: @escaping Kernel.Body) -> Kernel {
    Kernel(definition) { try StringCarrier.run($0, body) }
  }

  // MARK: Same bytes, other dimensions

  private static func dropout(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let training = try invocation[optional: 2]?.smallBytes()
    let ratio = try invocation[optional: 1].map { try invocation.numbers($0).elements.first ?? 0 } ?? 0.5
    guard ratio == 0 || training?.allSatisfy({ $0 == 0 }) ?? true else {
      throw Refusal(.unsupported, "Dropout draws at random in training")
    }
    let data = try invocation.operand(0)
    guard invocation.operation.result(1) != nil else { return [data] }
    return [data, try TensorLiteral(.bool, data.dimensions, .splat([1]))]
  }

  private static func reshape(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    guard var target = try invocation.integers(1) else { throw Refusal(.unsupported, "there is no shape") }
    if !invocation.operation.flag("allowzero") {
      for axis in target.indices where target[axis] == 0 {
        guard axis < data.dimensions.count else { throw Refusal(.undefined, "there is no dimension \(axis) to keep") }
        target[axis] = data.dimensions[axis]
      }
    }
    if let inferred = target.firstIndex(of: -1) {
      target[inferred] = 1
      guard let others = Shapes.elementCount(target), others > 0, data.elementCount.isMultiple(of: others) else {
        throw Refusal(.undefined, "\(data.elementCount) elements do not fill the shape")
      }
      target[inferred] = data.elementCount / others
    }
    return [try invocation.reshape(data, target)]
  }

  private static func flatten(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    let rank = data.dimensions.count
    let axis = invocation.operation.int("axis") ?? 1
    guard axis >= -rank, axis <= rank else {
      throw Refusal(.undefined, "axis \(axis) is outside a tensor of rank \(rank)")
    }
    let split = axis < 0 ? axis + rank : axis
    guard let rows = Shapes.elementCount(Array(data.dimensions[..<split])),
      let columns = Shapes.elementCount(Array(data.dimensions[split...]))
    else { throw Refusal(.overBudget, "the dimensions are too large") }
    return [try invocation.reshape(data, [rows, columns])]
  }

  private static func squeeze(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    let ones = data.dimensions.indices.filter { data.dimensions[$0] == 1 }
    let axes = try invocation.integers(1).map { try invocation.axes($0, rank: data.dimensions.count) } ?? ones
    guard axes.allSatisfy({ data.dimensions[$0] == 1 }) else {
      throw Refusal(.undefined, "a squeezed axis is not of length 1")
    }
    let kept = data.dimensions.indices.filter { !axes.contains($0) }.map { data.dimensions[$0] }
    return [try invocation.reshape(data, kept)]
  }

  private static func unsqueeze(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    guard let axes = try invocation.integers(1) else { throw Refusal(.unsupported, "there are no axes") }
    var dimensions = data.dimensions
    for axis in try invocation.axes(axes, rank: dimensions.count + axes.count).sorted() {
      dimensions.insert(1, at: axis)
    }
    return [try invocation.reshape(data, dimensions)]
  }
}

/// The positions that one axis of a Slice keeps.
struct SliceRange {
  let start: Int
  let count: Int

  /// ONNX's rule: negative positions count from the end, then all are clamped to the axis. `nil` for a step of 0, and
  /// for a walk backwards from before the first element, where implementations differ.
  init?(from start: Int, to end: Int, by step: Int, length: Int) {
    guard step != 0 else { return nil }
    func fromFront(_ position: Int) -> Int { position < 0 ? position &+ length : position }
    if step > 0 {
      self.start = min(max(fromFront(start), 0), length)
      let end = min(max(fromFront(end), 0), length)
      count = end <= self.start ? 0 : (end - self.start - 1) / step + 1
    } else {
      guard fromFront(start) >= 0 || length == 0 else { return nil }
      self.start = min(fromFront(start), length - 1)
      let end = min(max(fromFront(end), -1), length - 1)
      count = end >= self.start ? 0 : Int((self.start - end - 1).magnitude / step.magnitude) + 1
    }
  }
}

extension TensorLiteral {
  /// Whether one element stands for all.
  var isSplat: Bool { if case .splat = source { true } else { false } }
}
