/// Operations in order, from arguments to a `return`. The main graph of a module, the body of a function, or a region
/// of an operation.
package final class Graph {
  /// One output as callers see it: the interface name, which need not be the name of the value that is returned.
  package struct Output {
    package var name: ByteString
    package var type: ValueType
    package var annotations: Annotations?

    package init(name: ByteString, type: ValueType, annotations: Annotations? = nil) {
      self.name = name
      self.type = type
      self.annotations = annotations
    }
  }

  package var name: ByteString
  package internal(set) var arguments: [Value] = []
  /// The signature's outputs, matched to the operands of `return` by position.
  package internal(set) var outputs: [Output] = []
  package var annotations: Annotations?
  /// The operation whose region this is.
  package internal(set) unowned var parentOperation: Operation?
  /// Set on main graphs and function bodies; regions reach it through their operation.
  unowned var owner: Module?

  package private(set) var first: Operation?
  package private(set) unowned var last: Operation?
  package private(set) var count = 0
  private var numbered = true

  package init(name: ByteString) {
    self.name = name
  }

  deinit {
    // Uses let go of their values while all values live, those of operations further down and in regions too.
    forEachGraph { graph in
      for operation in graph.operations {
        for use in operation.operandUses { use.detach() }
      }
    }
    // Unlinks one by one: releasing the head of a long list would recurse.
    var current = first
    first = nil
    while let operation = current {
      current = operation.next
      operation.next = nil
    }
  }

  /// The module that this graph is part of.
  package var module: Module? { owner ?? parentOperation?.parent?.module }

  /// The `return`, once the graph is complete.
  package var terminator: Operation? {
    guard let last, last.definition === OpDefinition.return else { return nil }
    return last
  }

  /// The graph around this one.
  package var enclosing: Graph? { parentOperation?.parent }

  /// The operations in order, `return` included. The current operation may be erased while iterating.
  package var operations: Operations { Operations(first: first) }

  package struct Operations: Sequence {
    let first: Operation?

    package struct Iterator: IteratorProtocol {
      var upcoming: Operation?

      package mutating func next() -> Operation? {
        defer { upcoming = upcoming?.next }
        return upcoming
      }
    }

    package func makeIterator() -> Iterator { Iterator(upcoming: first) }
  }

  /// Whether `graph` is this one or lies inside one of its operations.
  package func encloses(_ graph: Graph) -> Bool {
    var current: Graph? = graph
    while let candidate = current {
      if candidate === self { return true }
      current = candidate.enclosing
    }
    return false
  }

  // MARK: The list

  func insert(_ operation: Operation, before successor: Operation?) {
    let predecessor = successor == nil ? last : successor?.previous
    operation.parent = self
    operation.previous = predecessor
    operation.next = successor
    if let predecessor { predecessor.next = operation } else { first = operation }
    if let successor { successor.previous = operation } else { last = operation }
    count += 1
    number(operation, between: predecessor, and: successor)
  }

  /// Between the numbers of neighbors there is room for insertions, so that few of them make all be numbered anew.
  private static let orderGap = 1 << 20

  private func number(_ operation: Operation, between predecessor: Operation?, and successor: Operation?) {
    let low = predecessor?.order ?? (successor?.order ?? 0) - 2 * Self.orderGap
    let high = successor?.order ?? low + 2 * Self.orderGap
    operation.order = low + (high - low) / 2
    if high - low < 2 { numbered = false }
  }

  func remove(_ operation: Operation) {
    let predecessor = operation.previous
    let successor = operation.next
    if let successor { successor.previous = predecessor } else { last = predecessor }
    if let predecessor { predecessor.next = successor } else { first = successor }
    operation.parent = nil
    operation.next = nil
    operation.previous = nil
    count -= 1
  }

  func renumberIfNeeded() {
    guard !numbered else { return }
    for (index, operation) in operations.enumerated() { operation.order = index * Self.orderGap }
    numbered = true
  }
}
