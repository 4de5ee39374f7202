import IR

/// The same elements in another order, or some of them.
extension Movement {
  // MARK: Other layouts

  /// The elements of `data` in the order of `layout`, under `dimensions` (the layout's own unless they are given).
  static func take(
    _ invocation: Invocation, _ data: TensorLiteral, _ layout: Layout, as dimensions: [Int]? = nil
  ) throws -> TensorLiteral {
    _ = try invocation.admit(data.elementType, dimensions ?? layout.dimensions)
    let part = StridedMove.Part(source: layout, target: Layout(layout.dimensions))
    return try invocation.move(data.elementType, dimensions ?? layout.dimensions, [(data, part)])
  }

  static func transpose(_ invocation: Invocation) throws -> [TensorLiteral?] {
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

  static func split(_ invocation: Invocation) throws -> [TensorLiteral?] {
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

  static func slice(_ invocation: Invocation) throws -> [TensorLiteral?] {
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

  static func expand(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    guard let target = try invocation.integers(1), let dimensions = Shapes.broadcast(data.dimensions, target) else {
      throw Refusal(.undefined, "\(data.dimensions) does not broadcast to the shape")
    }
    _ = try invocation.admit(data.elementType, dimensions)
    return [try take(invocation, data, Layout(data.dimensions).broadcast(to: dimensions))]
  }

  static func tile(_ invocation: Invocation) throws -> [TensorLiteral?] {
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
  static func reverseSequence(_ invocation: Invocation) throws -> [TensorLiteral?] {
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

  static func depthToSpace(_ invocation: Invocation) throws -> [TensorLiteral?] {
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

  static func spaceToDepth(_ invocation: Invocation) throws -> [TensorLiteral?] {
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
}
