/// A polynomial of symbols with integer coefficients, in canonical form: equal polynomials are equal values.
package struct Polynomial: Hashable, Sendable {
  /// What a term multiplies.
  package indirect enum Factor: Hashable, Sendable {
    case symbol(Symbol)
    /// `numerator / denominator` rounded down.
    case floorQuotient(Polynomial, Polynomial)
  }

  /// A coefficient times factors, the factors sorted.
  package struct Term: Hashable, Sendable {
    package let coefficient: Int
    package let factors: [Factor]
  }

  /// Sorted: higher degree first, the constant last; no coefficient is 0, no two terms have the same factors.
  package let terms: [Term]

  /// Above these limits arithmetic gives up: shapes of real models stay far below, and hostile ones must not cost time.
  package static let maximumTerms = 32
  package static let maximumDegree = 8

  package init(symbol: Symbol) {
    terms = [Term(coefficient: 1, factors: [.symbol(symbol)])]
  }

  package init(constant: Int) {
    terms = constant == 0 ? [] : [Term(coefficient: constant, factors: [])]
  }

  private init(terms: [Term]) {
    self.terms = terms
  }

  init(factor: Factor) {
    terms = [Term(coefficient: 1, factors: [factor])]
  }

  private init?(collecting terms: [Term]) {
    var byFactors: [[Factor]: Int] = [:]
    for term in terms {
      guard term.factors.count <= Self.maximumDegree else { return nil }
      let (sum, overflow) = byFactors[term.factors, default: 0].addingReportingOverflow(term.coefficient)
      guard !overflow else { return nil }
      byFactors[term.factors] = sum
    }
    let collected = byFactors.filter { $0.value != 0 }.map { Term(coefficient: $0.value, factors: $0.key) }
    guard collected.count <= Self.maximumTerms else { return nil }
    self.terms = collected.sorted { Self.precedes($0.factors, $1.factors) }
  }

  /// The number, where no symbol is left.
  package var constantValue: Int? {
    if terms.isEmpty { return 0 }
    return terms.count == 1 && terms[0].factors.isEmpty ? terms[0].coefficient : nil
  }

  /// The sum of all, in time proportional to their terms.
  init?(sumOf polynomials: [Polynomial]) {
    self.init(collecting: polynomials.flatMap(\.terms))
  }

  func adding(_ other: Polynomial) -> Polynomial? {
    Polynomial(collecting: terms + other.terms)
  }

  func subtracting(_ other: Polynomial) -> Polynomial? {
    other.multiplied(by: Polynomial(constant: -1)).flatMap(adding)
  }

  func multiplied(by other: Polynomial) -> Polynomial? {
    if let factor = other.constantValue { return scaled(by: factor) }
    guard terms.count * other.terms.count <= 2 * Self.maximumTerms else { return nil }
    var products: [Term] = []
    for a in terms {
      for b in other.terms {
        let (coefficient, overflow) = a.coefficient.multipliedReportingOverflow(by: b.coefficient)
        guard !overflow else { return nil }
        products.append(Term(coefficient: coefficient, factors: (a.factors + b.factors).sorted(by: Self.precedes)))
      }
    }
    return Polynomial(collecting: products)
  }

  private func scaled(by factor: Int) -> Polynomial? {
    if factor == 0 { return Polynomial(constant: 0) }
    var scaled: [Term] = []
    for term in terms {
      let (coefficient, overflow) = term.coefficient.multipliedReportingOverflow(by: factor)
      guard !overflow else { return nil }
      scaled.append(Term(coefficient: coefficient, factors: term.factors))
    }
    return Polynomial(terms: scaled)
  }

  func exactlyDivided(by divisor: Polynomial) -> Polynomial? {
    if self == divisor, divisor != Polynomial(constant: 0) { return Polynomial(constant: 1) }
    guard divisor.terms.count == 1 else { return nil }
    let by = divisor.terms[0]
    var quotients: [Term] = []
    for term in terms {
      guard term.coefficient.isMultiple(of: by.coefficient), !(by.coefficient == -1 && term.coefficient == .min) else {
        return nil
      }
      var rest = term.factors
      for factor in by.factors {
        guard let index = rest.firstIndex(of: factor) else { return nil }
        rest.remove(at: index)
      }
      quotients.append(Term(coefficient: term.coefficient / by.coefficient, factors: rest))
    }
    return Polynomial(collecting: quotients)
  }

  func floorDivided(by divisor: Polynomial) -> Polynomial? {
    if divisor == Polynomial(constant: 1) { return self }
    if let exact = exactlyDivided(by: divisor) { return exact }
    if let a = constantValue, let b = divisor.constantValue {
      guard b != 0, !(a == .min && b == -1) else { return nil }
      let quotient = a / b
      return Polynomial(constant: a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient)
    }
    guard let b = divisor.constantValue, b > 0 else { return nil }
    return divideByConstant(b)
  }

  /// Takes out of the quotient what divides evenly: `(4*n + 3) floordiv 2` is `2*n + 1`.
  private func divideByConstant(_ divisor: Int) -> Polynomial? {
    var whole: [Term] = []
    var rest: [Term] = []
    for term in terms {
      let quotient = term.factors.isEmpty ? Self.floor(term.coefficient, divisor) : term.coefficient / divisor
      let remainder = term.coefficient - quotient * divisor
      if quotient != 0 { whole.append(Term(coefficient: quotient, factors: term.factors)) }
      if remainder != 0 { rest.append(Term(coefficient: remainder, factors: term.factors)) }
    }
    guard let evenly = Polynomial(collecting: whole), let left = Polynomial(collecting: rest) else { return nil }
    if let constant = left.constantValue, constant >= 0, constant < divisor { return evenly }
    guard left.depth < Self.maximumDegree else { return nil }
    return evenly.adding(Polynomial(factor: .floorQuotient(left, Polynomial(constant: divisor))))
  }

  private static func floor(_ a: Int, _ b: Int) -> Int {
    a / b - (a % b < 0 ? 1 : 0)
  }

  /// How deep floor quotients nest.
  var depth: Int {
    var deepest = 0
    for term in terms {
      for case .floorQuotient(let a, let b) in term.factors { deepest = max(deepest, 1 + max(a.depth, b.depth)) }
    }
    return deepest
  }
}

// MARK: - Order

extension Polynomial {
  /// Higher degree first, then by the factors' names: the order in which a person would write the terms.
  private static func precedes(_ a: [Factor], _ b: [Factor]) -> Bool {
    if a.count != b.count { return a.count > b.count }
    for (x, y) in zip(a, b) where x != y { return precedes(x, y) }
    return false
  }

  private static func precedes(_ a: Factor, _ b: Factor) -> Bool {
    switch (a, b) {
    case (.symbol(let x), .symbol(let y)): return x.name < y.name
    case (.symbol, .floorQuotient): return true
    case (.floorQuotient, .symbol): return false
    case (.floorQuotient(let x, let p), .floorQuotient(let y, let q)): return x == y ? precedes(p, q) : precedes(x, y)
    }
  }

  private static func precedes(_ a: Polynomial, _ b: Polynomial) -> Bool {
    for (x, y) in zip(a.terms, b.terms) where x != y {
      if x.factors != y.factors { return precedes(x.factors, y.factors) }
      return x.coefficient < y.coefficient
    }
    return a.terms.count < b.terms.count
  }
}
