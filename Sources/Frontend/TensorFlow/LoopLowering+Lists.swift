import IR

/// The lists that a loop writes.
extension LoopLowering {
  /// A list that each iteration writes.
  struct WrittenList {
    let index: Int
    /// What is written.
    let element: Value
    /// Whether it has one element, the last that was written.
    let isLast: Bool
    /// The state whose last value that element is.
    var state: Int?
    /// The Loop's result that has the elements.
    var output: Int?
  }

  /// Whether a list of one element is written each time, so that the last one stays; otherwise it has one for each iteration.
  func isLast(_ index: Int, _ place: Value?, _ counters: [Value: Int]) throws -> Bool {
    guard case .list(let list) = node.operands[index] else { throw UnsupportedForm("a list that is none") }
    guard case .reserved(let first, let count) = list, let place else {
      if place == nil, case .elements(let elements) = list, elements.isEmpty { return false }
      throw UnsupportedForm("a list that is written in another order")
    }
    if place.contents?.first?.value == 0, count.contents?.first?.value == 1 { return true }
    guard counters[place] == first.count else {
      throw UnsupportedForm("a list that is written in another order")
    }
    return false
  }

  /// The elements of a list after its loop: those that were set before it, those that it wrote, and zeros for those that
  /// it did not come to.
  func elements(of list: WrittenList, _ written: Value) throws -> Value {
    guard case .list(.reserved(let first, let count)) = node.operands[list.index] else { return written }
    let set = try first.map { try node.unsqueeze($0, [0]) }
    let elements = try node.concat(set + [written], axis: 0)
    // A list that grows was made with no elements.
    if let count = count.contents?.first?.value, count == 0 || trips?.known.map({ $0 + first.count }) == count {
      return elements
    }
    if let trips, first.isEmpty, Self.origin(count) === Self.origin(trips.value) { return elements }
    let missing = try node.build(
      .sub, try node.vector(count), try node.part(try node.shapeValue(elements), 0, 1, axis: 0))
    let rank = try node.rank(elements)
    let pads = try node.concat(
      [
        try node.build.constant(Array(repeating: 0, count: rank)), missing,
        try node.build.constant(Array(repeating: 0, count: rank - 1)),
      ], axis: 0)
    return try node.build(.pad, elements, pads)
  }

  /// The value before it was given another type of integers.
  static func origin(_ value: Value) -> Value {
    guard let operation = value.definingOperation, operation.is(.cast), let source = operation.operand(0),
      [.int32, .int64].contains(source.tensorType?.elementType)
    else { return value }
    return origin(source)
  }
}
