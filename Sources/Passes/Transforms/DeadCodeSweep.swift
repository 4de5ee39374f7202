import IR

/// Removes what computes nothing that anything needs.
///
/// One walk backwards suffices: an operation is looked at when all that could use it is settled. Statements about a
/// value (quantization annotations) do not keep it alive and go with it.
struct DeadCodeSweep {
  private(set) var operations = 0
  private(set) var constants = 0
  /// The bytes of the constants.
  private(set) var bytes = 0

  /// Removes all dead operations of `module`.
  static func run(on module: Module, _ context: PassContext) -> DeadCodeSweep {
    var sweep = DeadCodeSweep()
    for body in module.bodies { sweep.clear(body, context) }
    return sweep
  }

  private mutating func clear(_ graph: Graph, _ context: PassContext) {
    var current = graph.last
    while let operation = current {
      current = operation.previous
      if operation.isDead(apartFrom: .annotate) {
        erase(operation, context)
      } else {
        for region in operation.regions { clear(region.graph, context) }
      }
    }
  }

  private mutating func erase(_ operation: Operation, _ context: PassContext) {
    for case let result? in operation.results where result.hasUses {
      for use in Array(result.uses) where use.owner.is(.annotate) {
        context.applied("removed with \(result), which it is about", at: use.owner)
        context.rewriter.erase(use.owner)
      }
    }
    if operation.isConstant {
      constants += 1
      bytes += operation.literal?.byteCount ?? 0
    } else {
      operations += 1
    }
    context.applied("removed: nothing uses it", at: operation)
    context.rewriter.erase(operation)
  }
}
