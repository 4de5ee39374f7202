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
      if OperatorExpansion.of(operation.definition) != nil, isChosen(operation) { pending.append(operation) }
    }
    pending.reverse()
    while context.mayRewrite, let operation = pending.popLast() {
      let inserted = try expand(operation)
      pending += inserted.filter { OperatorExpansion.of($0.definition) != nil && isChosen($0) }.reversed()
    }
  }

  private mutating func expand(_ operation: Operation) throws -> [Operation] {
    guard let expansion = OperatorExpansion.of(operation.definition) else { return [] }
    let place = operation.place
    do {
      guard !operation.refersToFunctionAttributes else {
        throw ModelError(.invalidModel, "its attributes are known only where the function around is called")
      }
      let body = try expansion.instantiate(for: operation).main
      try budget.spend(body.count, at: place)
      let inserted = try context.rewriter.inline(body, inPlaceOf: operation, attributes: operation.attributes)
      count += 1
      context.applied("expanded", at: place)
      return inserted
    } catch let error as ModelError where error.kind == .invalidModel {
      context.missed("not expanded: \(error.message)", at: operation)
      return []
    }
  }
}
