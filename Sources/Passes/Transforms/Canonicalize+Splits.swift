import IR

extension Canonicalize {
  /// Parts of one tensor that are all taken: they are split off at once.
  static let splitPatterns: [any RewritePattern] = [SplitIntoSlices(), SplitInsteadOfReverse()]
}

/// Splits once instead of slicing off each part.
///
///     %a = Slice(%x, [0], [58], [1])
///     %b = Slice(%x, [58], [116], [1])              with %x : f32[n, 116]
///   ->
///     %a, %b = Split(%x, [58, 58]) {axis = 1}
///
/// Conditions: constant slices of one axis, one by one, that together are all of it, in the same graph.
struct SplitIntoSlices: RewritePattern {
  static let roots: [OpDefinition] = [.slice]
  static let numerics = Numerics.exact

  /// Tensors with more uses are not looked at: each slice from the start looks at all of them.
  private static let mostUses = 1024

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let source = operation.operand(0), source.useCount > 1, source.useCount <= Self.mostUses,
      let first = ConstantSlice(operation), first.axes.count == 1, first.starts[0] == 0,
      let extent = source.tensorType?.shape?[first.axes[0]].value
    else { return .noMatch }
    let axis = first.axes[0]
    var slices: [Int: (end: Int, operation: Operation)] = [:]
    for use in source.uses where use.index == 0 && use.owner.parent === operation.parent {
      guard let slice = ConstantSlice(use.owner), slice.axes == [axis], slice.steps == [1], slice.starts[0] >= 0,
        slice.ends[0] > slice.starts[0]
      else { continue }
      slices[slice.starts[0]] = (slice.ends[0], use.owner)
    }
    var parts: [Operation] = []
    var sizes: [Int] = []
    var start = 0
    while start < extent {
      guard let (end, part) = slices[start], end <= extent else { return .noMatch }
      parts.append(part)
      sizes.append(end - start)
      start = end
    }
    guard parts.count > 1, let anchor = parts.min(by: { $0.isBefore($1) }) else { return .noMatch }
    try context.split(source, along: axis, sizes, insteadOf: parts, before: anchor)
    return .rewritten
  }
}

/// Takes the parts in the other order instead of reversing what is split.
///
///     %r = Slice(%x, [-1], [-9223372036854775808], [0], [-1])
///     %a, %b, %c = Split(%r, [1, 1, 1]) {axis = 0}
///   ->
///     %c, %b, %a = Split(%x, [1, 1, 1]) {axis = 0}
///
/// Conditions: the whole axis is reversed, each part is one element of it, and nothing else uses what is reversed.
struct SplitInsteadOfReverse: RewritePattern {
  static let roots: [OpDefinition] = [.split]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let slice = operation.producer(0, .slice), let reversal = ConstantSlice(slice), reversal.steps == [-1],
      let source = slice.operand(0), let axis = operation.axis(rankOf: source), reversal.axes == [axis],
      let extent = source.tensorType?.shape?[axis].value, extent == operation.results.count,
      reversal.starts[0] == -1 || reversal.starts[0] >= extent - 1, reversal.ends[0] < -extent,
      operation.results.allSatisfy({ $0?.tensorType?.shape?[axis] == .known(1) })
    else { return .noMatch }
    guard slice.result()?.hasOneUse == true else { return .blocked(slice.otherUse(besides: operation)) }
    let split = try context.rewriter.insert(
      .split, [source] + operation.operands.dropFirst(), operation.attributes, before: operation,
      names: operation.presentResults.reversed().map(\.name), resultCount: extent)
    try context.rewriter.replace(operation, with: split.presentResults.reversed(), takingNames: false)
    return .rewritten
  }
}

extension PassContext {
  /// Splits `value` and puts the parts in the place of the results of `operations`.
  func split(
    _ value: Value, along axis: Int, _ sizes: [Int], insteadOf operations: [Operation], before anchor: Operation
  ) throws {
    let constant = try rewriter.insertConstant(
      TensorLiteral.integers(sizes), name: anchor.operand(1)?.name ?? "parts", before: anchor)
    let split = try rewriter.insert(
      .split, [value, constant], ["axis": .int(Int64(axis))], before: anchor, resultCount: operations.count)
    for (operation, part) in zip(operations, split.presentResults) { try rewriter.replace(operation, with: [part]) }
  }
}
