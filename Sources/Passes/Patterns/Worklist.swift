import IR

/// The operations that the greedy driver has still to look at, each once, first come first served.
final class Worklist: RewriteObserver {
  private static let fewUses = 8

  private var queue: [Operation?] = []
  private var head = 0
  /// Where in the queue an operation waits.
  private var positions: [Operation: Int] = [:]
  /// What a rewrite made or changed.
  private var touched: Set<Operation> = []
  /// What is no longer part of the module. Nothing may be asked of it: the graph around it may be gone.
  private(set) var erased: Set<Operation> = []

  var count: Int { positions.count }

  /// Adds `operation` unless it waits already. One that is erased stays away, though erasing it takes uses from others,
  /// which touches all that use them.
  func append(_ operation: Operation) {
    guard positions[operation] == nil, !erased.contains(operation) else { return }
    positions[operation] = queue.count
    queue.append(operation)
  }

  /// Takes the next operation.
  func next() -> Operation? {
    while head < queue.count {
      defer { head += 1 }
      guard let operation = queue[head] else { continue }
      queue[head] = nil
      positions[operation] = nil
      return operation
    }
    queue.removeAll(keepingCapacity: true)
    head = 0
    return nil
  }

  /// Whether a rewrite made or changed it, or took a use from it.
  func isTouched(_ operation: Operation) -> Bool { touched.contains(operation) }

  func didInsert(_ operation: Operation) { touch(operation) }

  /// A changed operation may match now, and so may those that use it.
  func didChange(_ operation: Operation) {
    touch(operation)
    for result in operation.presentResults {
      for use in result.uses { append(use.owner) }
    }
  }

  /// What still uses it may match now that it shares it with fewer. Where it shares it with many, that is left to the next
  /// run: a constant that everything uses would else send everything through the worklist at each rewrite.
  func didLoseUse(_ operation: Operation) {
    touch(operation)
    for result in operation.presentResults where result.useCount <= Self.fewUses {
      for use in result.uses { append(use.owner) }
    }
  }

  /// The operations inside its regions go with it.
  func willErase(_ operation: Operation) {
    forget(operation)
    for region in operation.regions {
      region.graph.forEachGraph { graph in
        for inner in graph.operations { forget(inner) }
      }
    }
  }

  private func forget(_ operation: Operation) {
    erased.insert(operation)
    touched.remove(operation)
    if let position = positions.removeValue(forKey: operation) { queue[position] = nil }
  }

  private func touch(_ operation: Operation) {
    touched.insert(operation)
    append(operation)
  }
}
