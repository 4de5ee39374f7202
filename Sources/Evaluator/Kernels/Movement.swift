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

  // MARK: Other layouts

  /// The elements of `data` in the order of `layout`, under `dimensions` (the layout's own unless they are given).
  static func take(
    _ invocation: Invocation, _ data: TensorLiteral, _ layout: Layout, as dimensions: [Int]? = nil
  ) throws -> TensorLiteral {
    _ = try invocation.admit(data.elementType, dimensions ?? layout.dimensions)
    let part = StridedMove.Part(source: layout, target: Layout(layout.dimensions))
    return try invocation.move(data.elementType, dimensions ?? layout.dimensions, [(data, part)])
  }

  private static func transpose(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    let rank = data.dimensions.count
    let permutation = invocation.operation.ints("perm") ?? (0..<rank).reversed()
    guard permutation.sorted() == Array(0..<rank) else {
      throw Refusal(.undefined, "perm \(permutation) is no permutation")
    }
    if permutation == [1, 0], !data.isSplat, let transposition = MatrixTransposition(of: data) {
      return [try invocation.transform(data.elementType, data.dimensions.reversed(), transposition, [data])]
    }
    return [try take(invocation, data, Layout(data.dimensions).transposed(permutation))]
  }

  static func concat(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let inputs = try invocation.operands.indices.map { try invocation.operand($0) }
    guard var dimensions = inputs.first?.dimensions, let axis = invocation.operation.int("axis") else {
      throw Refusal(.unsupported, "there is no axis")
    }
    let along = try invocation.axis(axis, rank: dimensions.count)
    dimensions[along] = 0
    var starts: [Int] = []
    for input in inputs {
      var others = input.dimensions
      guard others.count == dimensions.count else { throw Refusal(.undefined, "the operands differ in rank") }
      starts.append(dimensions[along])
      let (length, overflow) = dimensions[along].addingReportingOverflow(others[along])
      guard !overflow else { throw Refusal(.overBudget, "the result is too large") }
      others[along] = dimensions[along]
      guard others == dimensions else { throw Refusal(.undefined, "the operands differ off the axis") }
      dimensions[along] = length
    }
    _ = try invocation.admit(inputs[0].elementType, dimensions)
    let whole = Layout(dimensions)
    let parts = zip(inputs, starts).map { input, start in
      let target = whole.sliced(along, start: start, count: input.dimensions[along])
      return (input, StridedMove.Part(source: Layout(input.dimensions), target: target))
    }
    return [try invocation.move(inputs[0].elementType, dimensions, parts)]
  }

  private static func split(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    let axis = try invocation.axis(invocation.operation.int("axis") ?? 0, rank: data.dimensions.count)
    let length = data.dimensions[axis]
    let count = invocation.operation.results.count
    guard count > 0 else { return [] }
    let chunk = length / count + (length % count == 0 ? 0 : 1)
    let even = (0..<count).map { max(min(chunk, length - min($0 * chunk, length)), 0) }
    let sizes = try invocation.integers(1) ?? even
    guard sizes.count == count, sizes.allSatisfy({ $0 >= 0 && $0 <= length }), sizes.reduce(0, &+) == length else {
      throw Refusal(.undefined, "the parts \(sizes) do not make up \(length)")
    }
    var start = 0
    return try zip(sizes, invocation.operation.results).map { size, result in
      defer { start += size }
      guard result != nil else { return nil }
      return try take(invocation, data, Layout(data.dimensions).sliced(axis, start: start, count: size))
    }
  }

  private static func slice(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    guard let starts = try invocation.integers(1), let ends = try invocation.integers(2) else {
      throw Refusal(.unsupported, "there are no positions")
    }
    let axes = try invocation.axes(invocation.integers(3) ?? Array(starts.indices), rank: data.dimensions.count)
    let steps = try invocation.integers(4) ?? starts.map { _ in 1 }
    guard starts.count == axes.count, ends.count == axes.count, steps.count == axes.count else {
      throw Refusal(.undefined, "starts, ends, axes and steps differ in length")
    }
    var layout = Layout(data.dimensions)
    for (position, axis) in axes.enumerated() {
      guard
        let range = SliceRange(
          from: starts[position], to: ends[position], by: steps[position], length: data.dimensions[axis])
      else { throw Refusal(.undefined, "a slice walks in steps of \(steps[position]) from \(starts[position])") }
      layout = layout.sliced(axis, start: range.start, step: steps[position], count: range.count)
    }
    return [try take(invocation, data, layout)]
  }

  private static func expand(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    guard let target = try invocation.integers(1), let dimensions = Shapes.broadcast(data.dimensions, target) else {
      throw Refusal(.undefined, "\(data.dimensions) does not broadcast to the shape")
    }
    _ = try invocation.admit(data.elementType, dimensions)
    return [try take(invocation, data, Layout(data.dimensions).broadcast(to: dimensions))]
  }

  private static func tile(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    guard let repeats = try invocation.integers(1), repeats.count == data.dimensions.count,
      repeats.allSatisfy({ $0 >= 0 })
    else { throw Refusal(.undefined, "the repeats do not fit the rank") }
    let dimensions = zip(data.dimensions, repeats).map { $0.multipliedReportingOverflow(by: $1) }
    guard !dimensions.contains(where: \.overflow) else { throw Refusal(.overBudget, "the result is too large") }
    var layout = Layout(data.dimensions)
    for (axis, count) in repeats.enumerated().reversed() { layout = layout.repeated(count, before: axis) }
    return [try take(invocation, data, layout, as: dimensions.map(\.partialValue))]
  }

  /// The beginning of each sequence of a batch backwards: a slice and its rest for each.
  private static func reverseSequence(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    let rank = data.dimensions.count
    let time = try invocation.axis(invocation.operation.int("time_axis") ?? 0, rank: rank)
    let batch = try invocation.axis(invocation.operation.int("batch_axis") ?? 1, rank: rank)
    guard let lengths = try invocation.integers(1), time != batch, lengths.count == data.dimensions[batch],
      lengths.allSatisfy({ $0 >= 0 && $0 <= data.dimensions[time] })
    else { throw Refusal(.undefined, "the lengths do not fit the sequences") }
    let whole = Layout(data.dimensions)
    let parts = lengths.enumerated().flatMap { sample, length -> [(TensorLiteral, StridedMove.Part)] in
      let own = whole.sliced(batch, start: sample, count: 1)
      let (begin, rest) = (
        own.sliced(time, start: 0, count: length),
        own.sliced(time, start: length, count: data.dimensions[time] - length)
      )
      let backwards = own.sliced(time, start: max(length - 1, 0), step: -1, count: length)
      return [
        (data, StridedMove.Part(source: backwards, target: begin)),
        (data, StridedMove.Part(source: rest, target: rest)),
      ]
    }
    return [try invocation.move(data.elementType, data.dimensions, parts)]
  }

  // MARK: Depth and space

  private static func depthToSpace(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (data, block) = try blocks(invocation)
    let (n, c, h, w) = (data.dimensions[0], data.dimensions[1], data.dimensions[2], data.dimensions[3])
    guard c.isMultiple(of: block * block) else { throw Refusal(.undefined, "\(c) channels are no blocks of \(block)") }
    let inner = c / (block * block)
    let channelsFirst = invocation.operation.string("mode") == "CRD"
    let layout =
      channelsFirst
      ? Layout([n, inner, block, block, h, w]).transposed([0, 1, 4, 2, 5, 3])
      : Layout([n, block, block, inner, h, w]).transposed([0, 3, 4, 1, 5, 2])
    return [try take(invocation, data, layout, as: [n, inner, h * block, w * block])]
  }

  private static func spaceToDepth(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (data, block) = try blocks(invocation)
    let (n, c, h, w) = (data.dimensions[0], data.dimensions[1], data.dimensions[2], data.dimensions[3])
    guard h.isMultiple(of: block), w.isMultiple(of: block) else { throw Refusal(.undefined, "no blocks of \(block)") }
    let channelsFirst = invocation.operation.string("mode") == "CRD"
    let layout = Layout([n, c, h / block, block, w / block, block])
      .transposed(channelsFirst ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4])
    return [try take(invocation, data, layout, as: [n, c * block * block, h / block, w / block])]
  }

  /// The image of a block operator that is not empty, and the block's side.
  private static func blocks(_ invocation: Invocation) throws -> (TensorLiteral, Int) {
    let data = try invocation.operand(0)
    guard let block = invocation.operation.int("blocksize"), block > 0, data.dimensions.count == 4,
      data.elementCount > 0,
      block <= data.elementCount
    else { throw Refusal(.undefined, "the block size does not fit the shape") }
    _ = try invocation.admit(data.elementType, data.dimensions)
    return (data, block)
  }

  // MARK: Padding

  private static func pad(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    let rank = data.dimensions.count
    guard let pads = try invocation.integers(1) else { throw Refusal(.unsupported, "there are no pads") }
    let axes = try invocation.axes(invocation.integers(3) ?? Array(0..<rank), rank: rank)
    guard pads.count == 2 * axes.count else { throw Refusal(.undefined, "\(pads.count) pads for \(axes.count) axes") }
    var before = data.dimensions.map { _ in 0 }
    var after = before
    for (position, axis) in axes.enumerated() {
      before[axis] = pads[position]
      after[axis] = pads[position + axes.count]
    }
    var dimensions = data.dimensions
    for axis in dimensions.indices {
      let (partial, overflow) = dimensions[axis].addingReportingOverflow(before[axis])
      let (length, overflow2) = partial.addingReportingOverflow(after[axis])
      guard !overflow, !overflow2, length >= 0 else { throw Refusal(.undefined, "the pads leave nothing") }
      dimensions[axis] = length
    }
    guard let mode = invocation.operation.string("mode").flatMap({ PadMode(rawValue: $0.text) }) else {
      throw Refusal(.unsupported, "an unknown mode")
    }
    let count = try invocation.admit(data.elementType, dimensions)
    guard mode == .constant else {
      return [try padByIndex(invocation, data, dimensions, before, mode)]
    }
    try invocation.spend(count)
    var source = Layout(data.dimensions)
    var target = Layout(dimensions)
    for axis in dimensions.indices {
      let first = max(0, -before[axis])
      let kept = data.dimensions[axis] - first - max(0, -after[axis])
      guard kept >= 0 else { throw Refusal(.undefined, "the pads leave nothing") }
      source = source.sliced(axis, start: first, count: kept)
      target = target.sliced(axis, start: max(0, before[axis]), count: kept)
    }
    let width = data.elementType.byteCount(elements: 1) ?? 1
    let background = try invocation.element(2) ?? Array(repeating: 0, count: width)
    guard (data.elementType.bitWidth ?? 0) >= 8 else { throw Refusal(.unsupported, "packed elements are not padded") }
    return [
      try invocation.move(
        data.elementType, dimensions, [(data, StridedMove.Part(source: source, target: target))], background: background
      )
    ]
  }

  private static func centerCropPad(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    let rank = data.dimensions.count
    let axes = try invocation.axes(invocation.operation.ints("axes") ?? Array(0..<rank), rank: rank)
    guard let wanted = try invocation.integers(1), wanted.count == axes.count, wanted.allSatisfy({ $0 >= 0 }),
      let width = data.elementType.byteCount(elements: 1)
    else { throw Refusal(.undefined, "the shape does not fit the axes") }
    var dimensions = data.dimensions
    for (axis, extent) in zip(axes, wanted) { dimensions[axis] = extent }
    _ = try invocation.admit(data.elementType, dimensions)
    var (source, target) = (Layout(data.dimensions), Layout(dimensions))
    for (axis, extent) in zip(axes, wanted) {
      let (length, count) = (data.dimensions[axis], min(data.dimensions[axis], extent))
      source = source.sliced(axis, start: (length - count) / 2, count: count)
      target = target.sliced(axis, start: (extent - count) / 2, count: count)
    }
    let part = StridedMove.Part(source: source, target: target)
    return [
      try invocation.move(
        data.elementType, dimensions, [(data, part)], background: Array(repeating: 0, count: width))
    ]
  }

  private enum PadMode: String {
    case constant, reflect, edge, wrap

    /// The position in a row of `length` that `position`, which may lie outside, repeats; `nil` where there is none.
    func position(_ position: Int, length: Int) -> Int? {
      guard length > 0 else { return nil }
      switch self {
      case .constant: return nil
      case .edge: return min(max(position, 0), length - 1)
      case .wrap:
        let remainder = position % length
        return remainder < 0 ? remainder + length : remainder
      case .reflect:
        let period = max(2 * (length - 1), 1)
        let remainder = position % period
        let folded = remainder < 0 ? remainder + period : remainder
        return min(folded, period - folded)
      }
    }
  }

  private static func padByIndex(
    _ invocation: Invocation, _ data: TensorLiteral, _ dimensions: [Int], _ before: [Int], _ mode: PadMode
  ) throws -> TensorLiteral {
    var padded = data
    for axis in dimensions.indices where before[axis] != 0 || dimensions[axis] != data.dimensions[axis] {
      let positions = try (0..<dimensions[axis]).map { index in
        guard let position = mode.position(index - before[axis], length: data.dimensions[axis]) else {
          throw Refusal(.undefined, "nothing to repeat")
        }
        return position
      }
      padded = try Indexing.take(positions, of: padded, along: axis, invocation)
    }
    return padded
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
  fileprivate var isSplat: Bool { if case .splat = source { true } else { false } }
}
