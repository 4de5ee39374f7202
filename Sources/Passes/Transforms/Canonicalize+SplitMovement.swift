import IR

extension Canonicalize {
  /// What all parts of a tensor go through: it is done once, before they are split off.
  static let splitMovementPatterns: [any RewritePattern] = [ReshapeBeforeSplit(), TransposeBeforeSplit()]
}

/// Cuts the last axis in two once, before a split rather than in each part.
///
///     %a, %b = Split(%x, [768, 768]) {axis = 2}
///     %c = Reshape(%a, [0, 0, 12, 64])
///     %d = Reshape(%b, [0, 0, 12, 64])
///   ->
///     %r = Reshape(%x, [0, 0, 24, 64])
///     %c, %d = Split(%r, [12, 12]) {axis = 2}
///
/// Conditions: known parts of the last axis, all cut alike, and without another use.
struct ReshapeBeforeSplit: RewritePattern {
  static let roots: [OpDefinition] = [.split]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let source = operation.operand(0), let shape = source.tensorType?.shape,
      operation.axis(rankOf: source) == shape.count - 1, operation.results.count > 1, shape.last?.value != nil,
      let reshapes = operation.onlyUsers(of: CancelReshapes.reshapes)
    else { return .noMatch }
    let results = reshapes.compactMap { $0.result()?.tensorType?.shape }
    guard results.count == reshapes.count, let inner = results[0].last?.value, inner > 0 else { return .noMatch }
    var sizes: [Int] = []
    for (result, part) in zip(results, operation.presentResults) {
      guard result.count == shape.count + 1, let length = part.tensorType?.shape?.last?.value,
        result.last == .known(inner), let count = result[shape.count - 1].value, count * inner == length,
        zip(result, shape.dropLast()).allSatisfy({ $0.isEqual(to: $1) == true })
      else { return .noMatch }
      sizes.append(count)
    }
    let whole = shape.dropLast() + [.known(sizes.reduce(0, +)), .known(inner)]
    guard let target = FixReshapeTarget.target(for: Array(whole), of: shape) else {
      return .blocked("no constant says the shape before the split")
    }
    let name = reshapes[0].operand(1)?.name ?? source.name
    let constant = try context.rewriter.insertConstant(TensorLiteral.integers(target), name: name, before: operation)
    let cut = try context.rewriter.insertValue(
      .reshape, [source, constant], before: operation, name: reshapes[0].result()?.name ?? name)
    try context.split(cut, along: shape.count - 1, sizes, insteadOf: reshapes, before: operation)
    return .rewritten
  }
}

/// Transposes once, before a split rather than each part.
///
///     %a, %b, %c = Split(%x) {axis = 2}
///     %q = Transpose(%a) {perm = [0, 2, 1, 3]}
///     %k = Transpose(%b) {perm = [0, 2, 3, 1]}
///     %v = Transpose(%c) {perm = [0, 2, 1, 3]}
///   ->
///     %t = Transpose(%x) {perm = [0, 2, 1, 3]}
///     %q, %b, %v = Split(%t) {axis = 1}
///     %k = Transpose(%b) {perm = [0, 1, 3, 2]}
///
/// Conditions: parts of known extents without another use, of which two at least are transposed alike.
struct TransposeBeforeSplit: RewritePattern {
  static let roots: [OpDefinition] = [.split]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let source = operation.operand(0), let axis = operation.axis(rankOf: source), operation.results.count > 1,
      let transposes = operation.onlyUsers(of: [.transpose])
    else { return .noMatch }
    let permutations = transposes.compactMap(\.permutation)
    let sizes = operation.presentResults.compactMap { $0.tensorType?.shape?[axis].value }
    guard permutations.count == transposes.count, sizes.count == transposes.count else { return .noMatch }
    let counts = permutations.map { permutation in permutations.count { $0 == permutation } }
    guard let most = counts.max(), most > 1, let index = counts.firstIndex(of: most) else {
      return .blocked("its parts are transposed each in another way")
    }
    let common = permutations[index]
    guard let along = common.firstIndex(of: axis) else { return .noMatch }
    let transposed = try context.rewriter.insertValue(
      .transpose, [source], ["perm": .ints(common.map { Int64($0) })], before: operation,
      name: transposes[index].result()?.name ?? source.name)
    var parts = transposes
    for (position, permutation) in permutations.enumerated() where permutation != common {
      // What is left to do after the common transpose.
      let rest = permutation.compactMap { axis in common.firstIndex(of: axis).map { Int64($0) } }
      let part = try context.rewriter.insert(
        .transpose, [operation.results[position]], ["perm": .ints(common.map { Int64($0) })],
        before: transposes[position])
      let last = try context.rewriter.insert(
        .transpose, part.presentResults, ["perm": .ints(rest)], before: transposes[position])
      try context.rewriter.replace(transposes[position], with: last.presentResults)
      parts[position] = part
    }
    try context.split(transposed, along: along, sizes, insteadOf: parts, before: operation)
    return .rewritten
  }
}

extension Operation {
  /// The operations of one of `definitions` that use the results, one each, which nothing else uses; `nil` where it is
  /// otherwise.
  fileprivate func onlyUsers(of definitions: [OpDefinition]) -> [Operation]? {
    var users: [Operation] = []
    for result in results {
      guard let use = result?.onlyUse, use.index == 0,
        definitions.contains(where: { use.owner.is($0) }), use.owner.parent === parent,
        !use.owner.refersToFunctionAttributes
      else { return nil }
      users.append(use.owner)
    }
    return users
  }
}
