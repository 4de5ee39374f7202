import IR

extension Canonicalize {
  /// Parts of tensors: cut, joined, and cut again.
  static let partPatterns: [any RewritePattern] = [
    MergeConcats(), JoinWholeSplit(), SliceOnePart(), SplitIntoJoinedParts(), MergeSlices(), MergeGathers(),
  ]
}

/// Joins once instead of twice.
///
///     %a = Concat(%x, %y) {axis = 1}
///     %z = Concat(%a, %w) {axis = -1}              of rank 2
///   ->
///     %z = Concat(%x, %y, %w) {axis = 1}
///
/// Condition: the inner join has this one use.
struct MergeConcats: RewritePattern {
  static let roots: [OpDefinition] = [.concat]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard !operation.refersToFunctionAttributes,
      operation.operands.contains(where: { $0?.definingOperation?.is(.concat) == true })
    else { return .noMatch }
    guard let axis = operation.axis(rankOf: operation.result()) else { return .blocked("its rank is not known") }
    var parts: [Value?] = []
    var hasOther: Operation?
    for (index, operand) in operation.operands.enumerated() {
      guard let inner = operation.producer(index, .concat), inner.axis(rankOf: inner.result()) == axis else {
        parts.append(operand)
        continue
      }
      if operand?.hasOneUse == true {
        parts += inner.operands
      } else {
        hasOther = inner
        parts.append(operand)
      }
    }
    guard parts.count > operation.operandCount || (hasOther == nil && parts != operation.operands) else {
      return hasOther.map { .blocked($0.otherUse(besides: operation)) } ?? .noMatch
    }
    let joined = try context.rewriter.insert(.concat, parts, ["axis": .int(Int64(axis))], before: operation)
    try context.rewriter.replace(operation, with: joined.presentResults)
    return .rewritten
  }
}

/// `Concat(%a, %b)` is `%x` where `%a` and `%b` are all parts of a Split of `%x` along the same axis, in order.
struct JoinWholeSplit: ForwardingPattern {
  static let roots: [OpDefinition] = [.concat]

  func source(of operation: Operation) -> Value? {
    guard let split = operation.producer(0, .split), split.results.count == operation.operandCount,
      zip(operation.operands, split.results).allSatisfy({ $0 === $1 }),
      let axis = operation.axis(rankOf: operation.result()), split.axis(rankOf: split.operand(0)) == axis
    else { return nil }
    return split.operand(0)
  }
}

/// Cuts from the one part that the slice lies in.
///
///     %a = Concat(%x, %y) {axis = 1}                with %x : f32[n, 4]
///     %z = Slice(%a, [1], [3], [1])
///   ->
///     %z = Slice(%x, [1], [3], [1])
///
/// Conditions: one axis, that of the join; constant positions; the parts up to there have known extents.
struct SliceOnePart: RewritePattern {
  static let roots: [OpDefinition] = [.slice]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let join = operation.producer(0, .concat), let slice = ConstantSlice(operation) else { return .noMatch }
    guard slice.axes.count == 1, slice.axes[0] == join.axis(rankOf: join.result()), slice.steps[0] > 0,
      slice.starts[0] >= 0, slice.ends[0] >= 0
    else { return .blocked("it is not one forward slice along the axis of \(join.place)") }
    var first = 0
    for part in join.operands {
      guard let part, let extent = part.tensorType?.shape?[slice.axes[0]].value else {
        return .blocked("the extents of \(join.place)'s parts are not known")
      }
      let last = first + extent
      if slice.starts[0] >= first, slice.starts[0] < last {
        guard slice.ends[0] <= last else { return .blocked("it spans parts of \(join.place)") }
        let inner = ConstantSlice(
          axes: slice.axes, starts: [slice.starts[0] - first], ends: [max(slice.ends[0] - first, 0)],
          steps: slice.steps)
        try inner.replace(operation, of: part, context)
        return .rewritten
      }
      first = last
    }
    return .noMatch
  }
}

/// The parts of a Split of a Concat are what was joined, where they are cut at the same places.
struct SplitIntoJoinedParts: RewritePattern {
  static let roots: [OpDefinition] = [.split]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let join = operation.producer(0, .concat), !operation.refersToFunctionAttributes else { return .noMatch }
    guard let axis = join.axis(rankOf: join.result()), operation.axis(rankOf: operation.operand(0)) == axis,
      join.operandCount == operation.results.count,
      zip(join.operands, operation.results).allSatisfy({ part, result in
        guard let result else { return true }
        return part.map { result.certainlyHasShape(of: $0) } ?? false
      }), join.operands.allSatisfy({ $0?.tensorType?.shape?[axis].value != nil })
    else { return .blocked("\(join.place) is not known to join at the places where it cuts") }
    let parts = join.operands.compactMap { $0 }
    try context.rewriter.replace(operation, with: parts, takingNames: false)
    return .rewritten
  }
}

/// Slices once instead of twice.
///
///     %a = Slice(%x, [0], [8], [1])
///     %y = Slice(%a, [2, 1], [6, 3], [2, 1])
///   ->
///     %y = Slice(%x, [1, 2], [3, 6], [1, 2])
///
/// Conditions: constant positions; along an axis that both cut, both go forward one by one, from positions counted from
/// the front; the first slice has this one use.
struct MergeSlices: RewritePattern {
  static let roots: [OpDefinition] = [.slice]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let inner = operation.producer(0, .slice), let source = inner.operand(0) else { return .noMatch }
    guard let first = ConstantSlice(inner), let second = ConstantSlice(operation) else {
      return .blocked("a position is not constant")
    }
    guard inner.result()?.hasOneUse == true else { return .blocked(inner.otherUse(besides: operation)) }
    guard let merged = first.followed(by: second) else {
      return .blocked("both cut the same axis, and not one by one from the front")
    }
    try merged.replace(operation, of: source, context)
    return .rewritten
  }
}

/// Gathers once instead of twice along one axis.
///
///     %a = Gather(%x, [4, 2, 0])
///     %y = Gather(%a, 1)
///   ->
///     %y = Gather(%x, 2)
///
/// Conditions: constant indices, the first ones a list; the first Gather has this one use.
struct MergeGathers: RewritePattern {
  static let roots: [OpDefinition] = [.gather]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let inner = operation.producer(0, .gather), let source = inner.operand(0),
      let first = inner.operand(1)?.constantIntegers, let second = operation.operand(1)?.constantIntegers,
      inner.operand(1)?.tensorType?.rank == 1, let literal = operation.operand(1)?.constantLiteral
    else { return .noMatch }
    guard let axis = inner.axis(rankOf: source), operation.axis(rankOf: inner.result()) == axis else {
      return .blocked("the two gather along different axes")
    }
    guard inner.result()?.hasOneUse == true else { return .blocked(inner.otherUse(besides: operation)) }
    let chosen = second.map { $0 < 0 ? $0 + first.count : $0 }
    guard chosen.allSatisfy({ first.indices.contains($0) }),
      let indices = TensorLiteral.of(chosen.map { first[$0] }, .int64, literal.dimensions)
    else { return .blocked("an index is out of range") }
    let name = operation.operand(1)?.name ?? "indices"
    let constant = try context.rewriter.insertConstant(indices, name: name, before: operation)
    let gather = try context.rewriter.insert(
      .gather, [source, constant], ["axis": .int(Int64(axis))], before: operation)
    try context.rewriter.replace(operation, with: gather.presentResults)
    return .rewritten
  }
}

extension Operation {
  /// The attribute `axis`, counted from the front of a tensor of the rank of `value`; `nil` where that is not known.
  func axis(rankOf value: Value?) -> Int? {
    guard !refersToFunctionAttributes, let rank = value?.tensorType?.rank, let axis = int("axis"),
      (-rank..<rank).contains(axis)
    else { return nil }
    return axis < 0 ? axis + rank : axis
  }
}
