import IR

extension Canonicalize {
  /// Elements of one axis that are all taken, one by one: they are split off at once.
  static let gatheredSplitPatterns: [any RewritePattern] = [SplitIntoGathered(), SplitInsteadOfGather()]
}

/// Splits instead of moving an axis to the front and taking each of its elements.
///
///     %r = Reshape(%x, [197, 1, 3, 768])             with %x : f32[197, 1, 2304]
///     %t = Transpose(%r) {perm = [2, 0, 1, 3]}
///     %a = Gather(%t, 0), %b = Gather(%t, 1), %c = Gather(%t, 2)
///   ->
///     %a, %b, %c = Split(%x, [768, 768, 768]) {axis = 2}
///
/// The same with axes of extent 1 put in or left out on the way; where the parts then have others than what is taken, each is
/// reshaped. Conditions: each element is taken once; apart from the axis that is taken apart and from extents of 1, the
/// order of axes stays; nothing else uses the values between.
struct SplitIntoGathered: RewritePattern {
  static let roots: [OpDefinition] = [.gather]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let taken = operation.operand(0), taken.useCount > 1, operation.scalarIndex == 0,
      let axis = operation.axis(rankOf: taken), let count = taken.tensorType?.shape?[axis].value,
      count == taken.useCount
    else { return .noMatch }
    guard let gathers = taken.gathersOfEach(axis: axis, count: count, in: operation.parent) else { return .noMatch }
    guard let anchor = gathers.min(by: { $0.isBefore($1) }) else { return .noMatch }
    guard let origin = Origin(of: taken, axis: axis), origin.count == count,
      let size = origin.source.tensorType?.shape?[origin.axis].value, size.isMultiple(of: count),
      let result = operation.result(), let shape = origin.source.tensorType?.shape
    else { return .blocked("its axes come from elsewhere than one axis cut in parts") }
    var part = shape
    part[origin.axis] = .known(size / count)
    let isSame = result.tensorType?.shape?.isCertainly(part)
    guard let found = result.tensorType?.shape,
      let target = isSame == true ? [] : FixReshapeTarget.target(for: found, of: part)
    else { return .blocked("no constant says the shape of what is taken") }
    let sizes = try context.rewriter.insertConstant(
      TensorLiteral.integers(Array(repeating: size / count, count: count)), name: "parts", before: anchor)
    let split = try context.rewriter.insert(
      .split, [origin.source, sizes], ["axis": .int(Int64(origin.axis))], before: anchor, resultCount: count)
    for (gather, value) in zip(gathers, split.presentResults) {
      if isSame == true {
        try context.rewriter.replace(gather, with: [value])
      } else {
        try context.reshape(value, to: target, at: gather)
      }
    }
    return .rewritten
  }

  /// Where an axis comes from: the leading factor of one axis of a value further up.
  private struct Origin {
    let source: Value
    let axis: Int
    let count: Int

    init?(of value: Value, axis: Int) {
      var current = value
      /// The axes of `current` that are longer than 1, but for the one taken apart, in the order of `value`.
      guard var shape = current.tensorType?.shape, let count = shape[axis].value, count > 1 else { return nil }
      var position = axis
      var others = shape.indices.filter { $0 != axis && shape[$0] != .known(1) }
      while let operation = current.definingOperation, let operand = operation.operand(0),
        let before = operand.tensorType?.shape, !operation.refersToFunctionAttributes
      {
        if current !== value, !current.hasOneUse { return nil }
        if operation.is(.transpose), let permutation = operation.permutation {
          position = permutation[position]
          others = others.map { permutation[$0] }
        } else if operation.isReshape {
          let long = before.indices.filter { before[$0] != .known(1) }
          let kept = shape.indices.filter { shape[$0] != .known(1) }
          if long.count == kept.count, zip(long, kept).allSatisfy({ before[$0].isEqual(to: shape[$1]) == true }) {
            let table = Dictionary(uniqueKeysWithValues: zip(kept, long))
            guard let moved = table[position] else { return nil }
            position = moved
            others = others.compactMap { table[$0] }
          } else {
            self.init(
              cut: (position, count), in: shape, others: others, from: operand, before, long: long, kept: kept)
            return
          }
        } else {
          return nil
        }
        current = operand
        shape = before
      }
      return nil
    }

    /// The reshape that cuts an axis: the one taken apart and the one after it come from one axis of `source`.
    private init?(
      cut: (position: Int, count: Int), in shape: Shape, others: [Int], from source: Value, _ before: Shape,
      long: [Int], kept: [Int]
    ) {
      guard kept.count == long.count + 1, let index = kept.firstIndex(of: cut.position), index + 1 < kept.count,
        others == others.sorted()
      else { return nil }
      for (number, axis) in long.enumerated() {
        let same = number < index ? kept[number] : kept[number + 1]
        if number == index {
          guard let inner = shape[same].value, before[axis] == .known(inner * cut.count) else { return nil }
        } else if before[axis].isEqual(to: shape[same]) != true {
          return nil
        }
      }
      (self.source, self.axis, count) = (source, long[index], cut.count)
    }
  }
}

/// Splits instead of taking each element of an axis that goes with the one after it.
///
///     %r = Reshape(%x, [0, 0, 3, 12, 64])
///     %t = Transpose(%r) {perm = [2, 0, 3, 1, 4]}
///     %q = Gather(%t, 0), %k = Gather(%t, 1), %v = Gather(%t, 2)
///   ->
///     %r = Reshape(%x, [0, 0, 36, 64])
///     %t = Transpose(%r) {perm = [0, 2, 1, 3]}
///     %q, %k, %v = Split(%t, [12, 12, 12]) {axis = 1}
///
/// Conditions: each element is taken once; the transpose changes the order of the other axes; nothing else uses the values
/// between; a constant can say the shape.
struct SplitInsteadOfGather: RewritePattern {
  static let roots: [OpDefinition] = [.gather]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let taken = operation.operand(0), taken.useCount > 1, operation.scalarIndex == 0,
      let axis = operation.axis(rankOf: taken), let count = taken.tensorType?.shape?[axis].value,
      count == taken.useCount, let transpose = operation.producer(0, .transpose),
      let permutation = transpose.permutation, let cut = transpose.operand(0), cut.hasOneUse,
      let reshape = cut.definingOperation, reshape.isReshape,
      let source = reshape.operand(0), let shape = cut.tensorType?.shape
    else { return .noMatch }
    let position = permutation[axis]
    guard position + 1 < shape.count, let size = shape[position + 1].value, size > 0,
      let gathers = taken.gathersOfEach(axis: axis, count: count, in: operation.parent),
      let anchor = gathers.min(by: { $0.isBefore($1) })
    else { return .noMatch }
    let rest = permutation.filter { $0 != position }
    let long = rest.filter { shape[$0] != .known(1) }
    // Where the order stays, no transpose is needed either.
    guard long != long.sorted(), let along = rest.firstIndex(of: position + 1) else { return .noMatch }
    let merged = shape[..<position] + [.known(count * size)] + shape[(position + 2)...]
    guard let target = FixReshapeTarget.target(for: Array(merged), of: source.tensorType?.shape) else {
      return .blocked("no constant says the shape with the two axes in one")
    }
    let name = reshape.operand(1)?.name ?? cut.name
    let constant = try context.rewriter.insertConstant(TensorLiteral.integers(target), name: name, before: transpose)
    let whole = try context.rewriter.insertValue(.reshape, [source, constant], before: transpose, name: cut.name)
    let transposed = try context.rewriter.insertValue(
      .transpose, [whole], ["perm": .ints(rest.map { Int64($0 > position ? $0 - 1 : $0) })], before: transpose,
      name: taken.name)
    try context.split(
      transposed, along: along, Array(repeating: size, count: count), insteadOf: gathers, before: anchor)
    return .rewritten
  }
}

extension Operation {
  /// The index of a Gather that takes one element, and so an axis away.
  fileprivate var scalarIndex: Int? {
    guard self.is(.gather), operand(1)?.tensorType?.rank == 0 else { return nil }
    return operand(1)?.constantIntegers?.first
  }
}

extension Value {
  /// The Gathers that take each of the `count` elements along an axis, in order, where they are all that uses the value.
  fileprivate func gathersOfEach(axis: Int, count: Int, in graph: Graph?) -> [Operation]? {
    var parts: [Int: Operation] = [:]
    for use in uses {
      guard use.index == 0, use.owner.parent === graph, use.owner.is(.gather), use.owner.axis(rankOf: self) == axis,
        let index = use.owner.scalarIndex
      else { return nil }
      parts[index < 0 ? index + count : index] = use.owner
    }
    let gathers = (0..<count).compactMap { parts[$0] }
    return gathers.count == count ? gathers : nil
  }
}
