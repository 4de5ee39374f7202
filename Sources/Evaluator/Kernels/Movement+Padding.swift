import IR

/// Elements around others.
extension Movement {
  static func pad(_ invocation: Invocation) throws -> [TensorLiteral?] {
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

  static func centerCropPad(_ invocation: Invocation) throws -> [TensorLiteral?] {
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
