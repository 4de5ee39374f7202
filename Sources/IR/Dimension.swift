/// The extent of a tensor along one axis.
///
/// Arithmetic that would leave checked `Int`, 32 terms or degree 8 gives `unknown`.
package enum Dimension: Hashable, Sendable {
  case known(Int)
  /// A polynomial that is not a number: `batch`, `2*seq + 1`, `(width + 1) floordiv 2`.
  case symbolic(Polynomial)
  case unknown

  /// The symbol of this name.
  package static func symbol(_ name: ByteString) -> Dimension { .symbolic(Polynomial(symbol: Symbol(name))) }

  /// The number, where it is one.
  package var value: Int? {
    if case .known(let value) = self { value } else { nil }
  }

  package var isUnknown: Bool { self == .unknown }

  init(_ polynomial: Polynomial?) {
    guard let polynomial else {
      self = .unknown
      return
    }
    if let constant = polynomial.constantValue { self = .known(constant) } else { self = .symbolic(polynomial) }
  }

  private init(checked number: (partialValue: Int, overflow: Bool)) {
    self = number.overflow ? .unknown : .known(number.partialValue)
  }

  var polynomial: Polynomial? {
    switch self {
    case .known(let value): Polynomial(constant: value)
    case .symbolic(let polynomial): polynomial
    case .unknown: nil
    }
  }
}

extension Dimension {
  package static func + (a: Dimension, b: Dimension) -> Dimension {
    if let a = a.value, let b = b.value { return Dimension(checked: a.addingReportingOverflow(b)) }
    return combine(a, b) { $0.adding($1) }
  }
  package static func - (a: Dimension, b: Dimension) -> Dimension {
    if let a = a.value, let b = b.value { return Dimension(checked: a.subtractingReportingOverflow(b)) }
    return combine(a, b) { $0.subtracting($1) }
  }
  package static func * (a: Dimension, b: Dimension) -> Dimension {
    if let a = a.value, let b = b.value { return Dimension(checked: a.multipliedReportingOverflow(by: b)) }
    if a == .known(0) || b == .known(0) { return .known(0) }
    return combine(a, b) { $0.multiplied(by: $1) }
  }

  /// The quotient, rounded down; unknown where the divisor is or may be 0.
  package func floorDivided(by divisor: Dimension) -> Dimension {
    Self.combine(self, divisor) { $0.floorDivided(by: $1) }
  }

  /// The quotient, rounded up.
  package func ceilingDivided(by divisor: Dimension) -> Dimension {
    (self + divisor - .known(1)).floorDivided(by: divisor)
  }

  /// The exact quotient; unknown where the division is not known to leave no remainder.
  package func exactlyDivided(by divisor: Dimension) -> Dimension {
    Self.combine(self, divisor) { $0.exactlyDivided(by: $1) }
  }

  private static func combine(_ a: Dimension, _ b: Dimension, _ operate: (Polynomial, Polynomial) -> Polynomial?)
    -> Dimension
  {
    guard let a = a.polynomial, let b = b.polynomial else { return .unknown }
    return Dimension(operate(a, b))
  }

  /// Whether the two are equal for every value of the symbols (`true`), for none (`false`), or that is not known
  /// (`nil`).
  package func isEqual(to other: Dimension) -> Bool? {
    if let a = value, let b = other.value { return a == b }
    guard let a = polynomial, let b = other.polynomial else { return nil }
    if a == b { return true }
    guard let difference = a.subtracting(b) else { return nil }
    if let constant = difference.constantValue { return constant == 0 }
    return difference.isAlwaysPositive || difference.isAlwaysNegative ? false : nil
  }

  /// What both sides of an equality tell together: a number before a symbol before nothing. `nil` where they contradict
  /// each other.
  package func merged(with other: Dimension) -> Dimension? {
    if isEqual(to: other) == false { return nil }
    switch (self, other) {
    case (.unknown, _): return other
    case (_, .unknown), (.known, _): return self
    case (_, .known): return other
    case (.symbolic, .symbolic): return self
    }
  }
}

/// The axes of a tensor, outermost first.
package typealias Shape = [Dimension]

extension Shape {
  /// The numbers, where all are known.
  package var knownDimensions: [Int]? {
    let values = compactMap(\.value)
    return values.count == count ? values : nil
  }

  /// The number of elements as a dimension.
  package var elementCount: Dimension { reduce(.known(1), *) }
}

extension Collection<Dimension> {
  /// Whether this is the shape `other` whatever the symbols and the unknown extents are.
  package func isCertainly(_ other: some Collection<Dimension>) -> Bool {
    count == other.count && zip(self, other).allSatisfy { $0.isEqual(to: $1) == true }
  }
}
