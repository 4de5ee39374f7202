/// Between which numbers a polynomial lies, whatever its symbols are.
struct Bounds: Hashable, Sendable {
  /// `nil` where there is none, or none that fits in an `Int`.
  var low: Int?
  var high: Int?

  static let none = Bounds(low: nil, high: nil)

  init(low: Int?, high: Int?) {
    self.low = low
    self.high = high
  }

  init(_ value: Int) { self.init(low: value, high: value) }

  static func + (a: Bounds, b: Bounds) -> Bounds {
    Bounds(
      low: checked(a.low, b.low) { $0.addingReportingOverflow($1) },
      high: checked(a.high, b.high) { $0.addingReportingOverflow($1) })
  }

  /// The product with a number.
  func scaled(by factor: Int) -> Bounds {
    if factor == 0 { return Bounds(0) }
    let ends = (low: Self.product(low, factor), high: Self.product(high, factor))
    return factor > 0 ? Bounds(low: ends.low, high: ends.high) : Bounds(low: ends.high, high: ends.low)
  }

  /// The product of two that are never negative; nothing is known of others.
  static func * (a: Bounds, b: Bounds) -> Bounds {
    guard let low = a.low, let other = b.low, low >= 0, other >= 0 else { return .none }
    if a.high == 0 || b.high == 0 { return Bounds(0) }
    return Bounds(low: product(low, other) ?? .max, high: product(a.high, b.high))
  }

  /// The quotient, rounded down, of two that are never negative; nothing is known of others.
  func floorDivided(by divisor: Bounds) -> Bounds {
    guard let low, let least = divisor.low, low >= 0, least >= 0 else { return .none }
    return Bounds(
      low: divisor.high.map { $0 > 0 ? low / $0 : 0 } ?? 0, high: least > 0 ? high.map { $0 / least } : nil)
  }

  private static func product(_ a: Int?, _ b: Int?) -> Int? { checked(a, b) { $0.multipliedReportingOverflow(by: $1) } }

  private static func checked(_ a: Int?, _ b: Int?, _ operate: (Int, Int) -> (Int, Bool)) -> Int? {
    guard let a, let b else { return nil }
    let (result, overflow) = operate(a, b)
    return overflow ? nil : result
  }
}

extension Polynomial {
  /// Between which numbers it lies, as far as the ranges of its symbols tell.
  var bounds: Bounds {
    terms.reduce(Bounds(0)) { sum, term in
      sum + term.factors.reduce(Bounds(1)) { $0 * $1.bounds }.scaled(by: term.coefficient)
    }
  }

  var isAlwaysPositive: Bool { bounds.low.map { $0 > 0 } ?? false }
  var isAlwaysNegative: Bool { bounds.high.map { $0 < 0 } ?? false }
  var isNeverNegative: Bool { bounds.low.map { $0 >= 0 } ?? false }
}

extension Polynomial.Factor {
  fileprivate var bounds: Bounds {
    switch self {
    case .symbol(let symbol):
      Bounds(low: symbol.range.lowerBound, high: symbol.range.upperBound == .max ? nil : symbol.range.upperBound)
    case .floorQuotient(let numerator, let denominator): numerator.bounds.floorDivided(by: denominator.bounds)
    }
  }
}
