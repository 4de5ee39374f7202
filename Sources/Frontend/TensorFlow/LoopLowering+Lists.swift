import IR

/// The lists that a loop writes.
extension LoopLowering {
  /// How the elements of a list lie that its iterations write.
  enum Order {
    /// There is one, the last that was written.
    case once
    case forward
    case backward
  }

  /// A list that each iteration writes.
  struct WrittenList {
    let index: Int
    /// What is written.
    let element: Value
    let order: Order
    /// The state whose last value that element is.
    var state: Int?
    /// The Loop's result that has the elements.
    var output: Int?
  }

  /// How the iterations write a list: one for each element, or all of them the only one.
  func order(_ index: Int, _ place: Value?, _ counters: [Value: Int]) throws -> Order {
    guard case .list(let list) = node.operands[index] else { throw UnsupportedForm("a list that is none") }
    switch list {
    case .elements(let elements):
      if place == nil, elements.isEmpty { return .forward }
      let unset = elements.prefix { $0 == nil }.count
      if let place, unset > 0, elements.dropFirst(unset).allSatisfy({ $0 != nil }),
        unset == trips?.known, start(ofDescent: place, counters) == unset - 1
      {
        return .backward
      }
    case .reserved(let first, let count):
      guard let place else { break }
      if place.contents?.first?.value == 0, count.contents?.first?.value == 1 { return .once }
      if start(ofAscent: place, counters) == first.count { return .forward }
      if first.isEmpty, descends(place, through: count, counters) { return .backward }
    case .stacked, .carried, .written: break
    }
    throw UnsupportedForm("a list that is written in another order")
  }

  /// Where a number inside the body begins that counts up.
  private func start(ofAscent place: Value, _ counters: [Value: Int]) -> Int? {
    if let start = counters[place] { return start }
    guard let sum = place.definingOperation, sum.is(.sub) || sum.is(.add), let counter = sum.operand(0),
      let start = counters[counter], let shift = sum.operand(1)?.constantIntegers?.first
    else { return nil }
    return sum.is(.sub) ? start &- shift : start &+ shift
  }

  /// Where a number inside the body begins that counts down.
  private func start(ofDescent place: Value, _ counters: [Value: Int]) -> Int? {
    if let first = descents[place] { return first.contents?.first?.value }
    guard let difference = place.definingOperation, difference.is(.sub), let counter = difference.operand(1),
      counters[counter] == 0
    else { return nil }
    return difference.operand(0)?.constantIntegers?.first
  }

  /// Whether a number counts down through the places of all elements.
  private func descends(_ place: Value, through count: Value, _ counters: [Value: Int]) -> Bool {
    if let count = count.contents?.first?.value {
      return start(ofDescent: place, counters) == count - 1 && trips?.known == count
    }
    guard let first = descents[place], let bounds = plan.bounds, bounds.count == 1,
      case .descent(let state, past: -1) = bounds[0], case .tensor(let begin) = node.operands[state], begin === first,
      let difference = Self.origin(first).definingOperation, difference.is(.sub),
      difference.operand(1)?.constantIntegers == [1], let whole = difference.operand(0)
    else { return false }
    return Self.origin(whole) === Self.origin(count)
  }

  /// The elements of a list after its loop: those that were set before it, those that it wrote, and zeros for those that
  /// it did not come to.
  func elements(of list: WrittenList, _ written: Value) throws -> Value {
    let written = list.order == .backward ? try node.reversed(written, [0]) : written
    if case .list(.elements(let elements)) = node.operands[list.index] {
      return try node.concat([written] + elements.compactMap { $0 }.map { try node.unsqueeze($0, [0]) }, axis: 0)
    }
    guard list.order != .backward, case .list(.reserved(let first, let count)) = node.operands[list.index] else {
      return written
    }
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
