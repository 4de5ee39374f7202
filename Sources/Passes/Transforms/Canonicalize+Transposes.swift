import IR

extension Canonicalize {
  /// Transposes that cancel across what stands between them.
  static let transposePatterns: [any RewritePattern] = [CancelTransposes(), CancelTransposesAroundSums()]
}

/// Computes in the order of axes in which fewer transposes are needed.
///
///     %a = Transpose(%c) {perm = [0, 2, 3, 1]}
///     %b = Add(%a, %x)
///     %r = Relu(%b)
///     %y = Transpose(%r) {perm = [0, 3, 1, 2]}       with %t = Transpose(%x) {perm = [0, 3, 1, 2]} elsewhere
///   ->
///     %b = Add(%c, %t)
///     %y = Relu(%b)
///
/// All operations that hang together by values and do not care for the order of axes change it at once: those of single
/// elements, Concat, Split, Slice and Pad; also what drops reduced axes and leaves the order of the others. Constants beside them have at most
/// one axis longer than 1. Condition: transposes become fewer, those counted that are then needed where values come in
/// and go out.
struct CancelTransposes: RewritePattern {
  static let roots: [OpDefinition] = [.transpose]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let cluster = TransposeCluster(around: operation, addingUp: false), cluster.saving > 0 else {
      return .noMatch
    }
    try cluster.rewrite(context)
    return .rewritten
  }
}

/// As `CancelTransposes`, across reductions and Softmax too, which may add up in another order then.
struct CancelTransposesAroundSums: RewritePattern {
  static let roots: [OpDefinition] = [.transpose]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let cluster = TransposeCluster(around: operation, addingUp: true), cluster.saving > 0 else {
      return .noMatch
    }
    try cluster.rewrite(context)
    return .rewritten
  }
}

/// Operations of one graph that hang together by values, of which one comes from a transpose, and what it takes to
/// compute all of them in the order of axes from before that transpose.
private struct TransposeCluster {
  private let order: AxisOrder
  private let graph: Graph
  private var members: [Operation: ReorderableOperation] = [:]
  /// The members in the order in which they were found.
  private var found: [Operation] = []
  private let addsUp: Bool

  /// Larger clusters, and values with more uses, are not looked at in full.
  private static let mostMembers = 48
  private static let mostUses = 32

  /// `nil` where nothing after `transpose` can be computed in another order.
  init?(around transpose: Operation, addingUp: Bool) {
    guard let permutation = transpose.permutation, let order = AxisOrder(permutation), let graph = transpose.parent,
      let source = transpose.operand(0), source.constantLiteral == nil, let result = transpose.result(),
      order.permutation != Array(order.permutation.indices)
    else { return nil }
    (self.order, self.graph, addsUp) = (order, graph, addingUp)
    takeUsers(of: result)
    var next = 0
    while next < found.count {
      let member = found[next]
      next += 1
      guard let reorderable = members[member], !reorderable.dropsAxes else { continue }
      for index in reorderable.orderedOperands { take(member.operand(index)?.definingOperation) }
      for result in member.presentResults { takeUsers(of: result) }
    }
    guard !found.isEmpty else { return nil }
  }

  private mutating func takeUsers(of value: Value) {
    guard value.useCount <= Self.mostUses else { return }
    for use in value.uses { take(use.owner, using: use.index) }
  }

  private mutating func take(_ operation: Operation?, using operand: Int? = nil) {
    guard let operation, operation.parent === graph, members[operation] == nil, found.count < Self.mostMembers,
      let reorderable = ReorderableOperation(operation, in: order), addsUp || !reorderable.addsUp
    else { return }
    // What drops axes is the end of a way: its result is in no order.
    if let operand {
      guard reorderable.orderedOperands.contains(operand) else { return }
    } else if reorderable.dropsAxes {
      return
    }
    members[operation] = reorderable
    found.append(operation)
  }

  // MARK: What it costs

  /// How many transposes fewer there are afterwards.
  var saving: Int {
    var saving = 0
    let incoming = incoming
    // Where a swap of two axes is its own inverse, the transpose that cancels may be the one that another value is taken from.
    let needed = Set(incoming.compactMap { $0.definingOperation?.is(.transpose) == true ? nil : turned($0) })
    for value in incoming {
      if let transpose = value.definingOperation, transpose.is(.transpose), transpose.parent === graph {
        let cancels = transpose.permutation == order.permutation
        let stays = needed.contains(value) || value.uses.contains { !isOrdered($0) }
        saving += (cancels ? 1 : 0) - (stays ? 1 : 0)
      } else if turned(value) == nil {
        saving -= 1
      }
    }
    for member in found where members[member]?.dropsAxes == false {
      for result in member.presentResults {
        var isNeeded = false
        for use in result.uses where !isOrdered(use) {
          guard use.owner.is(.transpose), use.owner.parent === graph, let permutation = use.owner.permutation else {
            isNeeded = isNeeded || !vanishes(result, before: use.owner)
            continue
          }
          saving += permutation == order.inverse ? 1 : 0
        }
        saving -= isNeeded ? 1 : 0
      }
    }
    return saving
  }

  /// Whether the transpose of a reordered result becomes one with the reshape that alone uses it.
  private func vanishes(_ result: Value, before user: Operation) -> Bool {
    guard result.hasOneUse, user.is(.reshape), let shape = result.tensorType?.shape, shape.count == order.rank else {
      return false
    }
    let reordered = order.inverse.map { shape[$0] }
    return order.permutation.movesOnlyOnes(of: reordered) && FixReshapeTarget.target(for: shape, of: reordered) != nil
  }

  /// Whether a use is one of a member, at an operand that is put in the order.
  private func isOrdered(_ use: Use) -> Bool {
    members[use.owner]?.orderedOperands.contains(use.index) == true
  }

  /// The values that come in from outside and have axes to be put in order, each once.
  private var incoming: [Value] {
    var seen: Set<Value> = []
    var values: [Value] = []
    for member in found {
      for index in members[member]?.orderedOperands ?? 0..<0 {
        guard let value = member.operand(index), value.constantLiteral == nil, value.tensorType?.rank == order.rank,
          value.definingOperation.map({ isInside($0) }) != true, seen.insert(value).inserted
        else { continue }
        values.append(value)
      }
    }
    return values
  }

  private func isInside(_ operation: Operation) -> Bool { members[operation]?.dropsAxes == false }

  /// `value` in the order, where some transpose makes that already before any member needs it.
  private func turned(_ value: Value) -> Value? {
    guard value.useCount <= Self.mostUses else { return nil }
    let users = found.filter { member in member.operands.contains { $0 === value } }
    for use in value.uses where use.owner.is(.transpose) && use.owner.permutation == order.inverse {
      // One that nobody uses is about to go, and would be one more if it were to stay.
      guard use.owner.hasUsedResults else { continue }
      if users.allSatisfy({ use.owner.isBefore($0) }) { return use.owner.result() }
    }
    return nil
  }

  // MARK: Doing it

  func rewrite(_ context: PassContext) throws {
    var ordered: [Value: Value] = [:]
    for value in incoming { ordered[value] = turned(value) }
    let sorted = found.sorted { $0.isBefore($1) }
    for member in sorted {
      guard let reorderable = members[member] else { continue }
      var operands = member.operands
      for index in reorderable.orderedOperands {
        operands[index] = try reordered(member.operand(index), &ordered, before: member, context)
      }
      let copy = try reorderable.insert(on: operands, in: order, before: member, context)
      for (result, twin) in zip(member.results, copy.results) {
        guard let result, let twin else { continue }
        if reorderable.dropsAxes {
          try context.rewriter.replace(result, with: twin, takingName: true)
        } else {
          ordered[result] = twin
          try leave(result, as: twin, before: member, context)
        }
      }
    }
    for member in sorted.reversed() { context.rewriter.erase(member) }
  }

  /// Gives `value`, of which `twin` is the reordered form, to those outside that use it.
  private func leave(_ value: Value, as twin: Value, before anchor: Operation, _ context: PassContext) throws {
    let others = value.uses.filter { !isOrdered($0) }
    for use in others where use.owner.is(.transpose) && use.owner.parent === graph {
      guard let permutation = use.owner.permutation else { continue }
      if permutation == order.inverse {
        try context.rewriter.replace(use.owner, with: [twin])
      } else {
        let merged = permutation.map { Int64(order.permutation[$0]) }
        let transpose = try context.rewriter.insert(
          .transpose, [twin], ["perm": .ints(merged)], before: use.owner)
        try context.rewriter.replace(use.owner, with: transpose.presentResults)
      }
    }
    guard value.uses.contains(where: { !isOrdered($0) }) else { return }
    let transposed = try context.rewriter.insertValue(
      .transpose, [twin], ["perm": .ints(order.permutation.map { Int64($0) })], before: anchor, name: value.name)
    for use in Array(value.uses) where !isOrdered(use) {
      context.rewriter.setOperand(use.index, of: use.owner, to: transposed)
    }
  }

  /// `value` with its axes in the order.
  private func reordered(
    _ value: Value?, _ ordered: inout [Value: Value], before anchor: Operation, _ context: PassContext
  ) throws -> Value? {
    guard let value else { return nil }
    if let known = ordered[value] { return known }
    if let literal = value.constantLiteral {
      guard let moved = literal.reordered(order), moved.dimensions != literal.dimensions else { return value }
      return try context.rewriter.insertConstant(moved, name: value.name, before: anchor)
    }
    guard value.tensorType?.rank == order.rank else { return value }
    var source = value
    var permutation = order.inverse
    if let transpose = value.definingOperation, transpose.is(.transpose), let operand = transpose.operand(0),
      let first = transpose.permutation
    {
      source = operand
      permutation = permutation.map { first[$0] }
    }
    if permutation != Array(permutation.indices) {
      source = try context.rewriter.insertValue(
        .transpose, [source], ["perm": .ints(permutation.map { Int64($0) })], before: anchor, name: value.name)
    }
    ordered[value] = source
    return source
  }
}
