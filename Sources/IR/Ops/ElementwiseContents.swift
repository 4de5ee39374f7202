/// Arithmetic on the elements of small integer tensors, which are dimensions where they came from shapes.
///
/// Numbers and symbols alike; `unknown` wherever the answer depends on a symbol's value.
extension Dimension {
  /// Whether this is at least `other`: for every value of the symbols, for none, or that is not known.
  package func isAtLeast(_ other: Dimension) -> Bool? {
    guard let difference = (self - other).polynomial else { return nil }
    if difference.isNeverNegative { return true }
    return difference.isAlwaysNegative ? false : nil
  }

  static func minimum(_ a: Dimension, _ b: Dimension) -> Dimension {
    switch a.isAtLeast(b) {
    case true?: b
    case false?: a
    case nil: b.isAtLeast(a) == true ? a : .unknown
    }
  }

  static func maximum(_ a: Dimension, _ b: Dimension) -> Dimension {
    switch a.isAtLeast(b) {
    case true?: a
    case false?: b
    case nil: b.isAtLeast(a) == true ? b : .unknown
    }
  }

  /// The quotient rounded toward zero, as integer division of tensors has it.
  static func quotient(_ a: Dimension, _ b: Dimension) -> Dimension {
    if let a = a.value, let b = b.value {
      guard b != 0 else { return .unknown }
      let (quotient, overflow) = a.dividedReportingOverflow(by: b)
      return overflow ? .unknown : .known(quotient)
    }
    let exact = a.exactlyDivided(by: b)
    guard exact.isUnknown, a.isAtLeast(.known(0)) == true, let divisor = b.value, divisor > 0 else { return exact }
    return a.floorDivided(by: b)
  }

  /// What division rounded toward zero leaves: the sign is the dividend's.
  static func remainder(_ a: Dimension, _ b: Dimension) -> Dimension {
    if let a = a.value, let b = b.value {
      guard b != 0 else { return .unknown }
      return .known(a.remainderReportingOverflow(dividingBy: b).partialValue)
    }
    return a - quotient(a, b) * b
  }

  /// What division rounded down leaves: the sign is the divisor's.
  static func modulus(_ a: Dimension, _ b: Dimension) -> Dimension {
    guard let divisor = b.value else { return .unknown }
    guard let remainder = remainder(a, b).value else { return divisor > 0 ? a - a.floorDivided(by: b) * b : .unknown }
    return .known(remainder != 0 && (remainder < 0) != (divisor < 0) ? remainder + divisor : remainder)
  }

  /// A truth value as an element: 1, 0, or unknown.
  init(_ truth: Bool?) {
    self = truth.map { .known($0 ? 1 : 0) } ?? .unknown
  }

  /// What a truth value or an integer says as a condition.
  var truth: Bool? { isEqual(to: .known(0)).map { !$0 } }
}

extension TypeInference {
  /// The elements of two operands, combined one by one after broadcasting; `nil` where either's are not known.
  func combinedContents(_ combine: (Dimension, Dimension) -> Dimension) -> [Dimension]? {
    guard let a = contents(0), let b = contents(1), let lists = Self.broadcastContents([a, b]) else { return nil }
    return zip(lists[0], lists[1]).map(combine)
  }

  /// The elements of all operands, combined from the first to the last.
  func reducedContents(_ combine: (Dimension, Dimension) -> Dimension) -> [Dimension]? {
    guard var result = contents(0) else { return nil }
    for index in 1..<max(operation.operandCount, 1) {
      guard let next = contents(index), let lists = Self.broadcastContents([result, next]) else { return nil }
      result = zip(lists[0], lists[1]).map(combine)
    }
    return result
  }

  /// All lists at the length that they have in common, one element standing for as many as it takes; `nil` where they
  /// do not broadcast.
  static func broadcastContents(_ lists: [[Dimension]]) -> [[Dimension]]? {
    let count = lists.first { $0.count != 1 }?.count ?? 1
    guard lists.allSatisfy({ $0.count == 1 || $0.count == count }) else { return nil }
    return lists.map { $0.count == count ? $0 : Array(repeating: $0[0], count: count) }
  }
}
