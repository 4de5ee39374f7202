/// One operand slot of an operation, linked into the list of the value's uses.
package final class Use {
  /// The operation that uses the value.
  package unowned let owner: Operation
  /// Which operand of the owner this is.
  package internal(set) var index: Int
  /// The value used; `nil` for an absent optional operand.
  package private(set) unowned var value: Value?

  private unowned var previous: Use?
  fileprivate unowned var next: Use?

  init(owner: Operation, index: Int, value: Value?) {
    self.owner = owner
    self.index = index
    attach(to: value)
  }

  func set(_ value: Value?) {
    detach()
    attach(to: value)
  }

  private func attach(to value: Value?) {
    self.value = value
    owner.mayInferMore = true
    guard let value else { return }
    previous = value.lastUse
    next = nil
    if let last = value.lastUse { last.next = self } else { value.firstUse = self }
    value.lastUse = self
    value.useCount += 1
  }

  func detach() {
    guard let value else { return }
    if let previous { previous.next = next } else { value.firstUse = next }
    if let next { next.previous = previous } else { value.lastUse = previous }
    previous = nil
    next = nil
    value.useCount -= 1
    self.value = nil
  }
}

/// The uses of a value, in the order in which they were made.
package struct Uses: Sequence {
  let first: Use?

  package struct Iterator: IteratorProtocol {
    var current: Use?

    package mutating func next() -> Use? {
      defer { current = current?.next }
      return current
    }
  }

  package func makeIterator() -> Iterator { Iterator(current: first) }
}
