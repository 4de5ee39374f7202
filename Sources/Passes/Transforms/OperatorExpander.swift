import IR

/// Puts the bodies of `OperatorExpansion`s in the place of operations, and says where that cannot be.
struct OperatorExpander {
  private let context: PassContext
  private var budget = InliningBudget()
  /// How many operations were expanded.
  private(set) var count = 0

  init(_ context: PassContext) {
    self.context = context
  }

  /// Expands every operation for which `isChosen` holds and that has an expansion; what comes of it, too.
  mutating func expand(_ module: Module, where isChosen: (Operation) -> Bool) throws {
    var pending: [Operation] = []
    module.forEachOperation { operation in
      if operation.definition.hasExpansion, isChosen(operation) { pending.append(operation) }
    }
    pending.reverse()
    while context.mayRewrite, let operation = pending.popLast() {
      // A graph that was copied is gone with the operation that had it.
      guard operation.parent != nil else { continue }
      let inserted = try expand(operation)
      pending += inserted.filter { $0.definition.hasExpansion && isChosen($0) }.reversed()
    }
  }

  private mutating func expand(_ operation: Operation) throws -> [Operation] {
    let place = operation.place
    do {
      guard !operation.refersToFunctionAttributes else {
        throw ModelError(.invalidModel, "its attributes are known only where the function around is called")
      }
      let inserted = try inserted(for: operation)
      count += 1
      context.applied("expanded", at: place)
      return inserted
    } catch let error as ModelError where error.kind == .invalidModel {
      context.missed("not expanded: \(error.message)", at: operation)
      return []
    }
  }

  /// Puts what says the same in the place of `operation`; returns the operations that may have to be expanded in turn.
  private mutating func inserted(for operation: Operation) throws -> [Operation] {
    if let expansion = RegionExpansion.of(operation.definition) {
      return try expansion.expand(operation, context.rewriter)
    }
    guard let expansion = OperatorExpansion.of(operation.definition) else { return [] }
    let body = try expansion.instantiate(for: operation).main
    try budget.spend(body.count, at: operation.place)
    return try context.rewriter.inline(body, inPlaceOf: operation, attributes: operation.attributes)
  }
}
