extension TokenReader {
  /// `2*seq + 1`: terms with signs between them.
  mutating func parsePolynomial(nesting: Int) throws -> Polynomial {
    var isNegative = try accept("-")
    let start = lexer.token.start
    var terms: [Polynomial] = []
    repeat {
      terms.append(try parseTerm(negated: isNegative, nesting: nesting))
      isNegative = isNext("-")
    } while try accept("+") || accept("-")
    return try terms.count == 1 ? terms[0] : limited(Polynomial(sumOf: terms), start)
  }

  /// Factors and floor quotients, from left to right.
  private mutating func parseTerm(negated: Bool, nesting: Int) throws -> Polynomial {
    let start = lexer.token.start
    if lexer.token.kind == .integer {
      let coefficient = try parseCoefficient(negated: negated)
      return try parseFactors(after: Polynomial(constant: coefficient), nesting: nesting)
    }
    let term = try parseFactors(after: try parseFactor(nesting: nesting), nesting: nesting)
    return negated ? try limited(term.multiplied(by: Polynomial(constant: -1)), start) : term
  }

  /// The sign belongs to the number, so that the smallest integer can be said.
  private mutating func parseCoefficient(negated: Bool) throws -> Int {
    guard let value = Int((negated ? "-" : "") + lexer.text) else { throw expected("a number of 64 bits") }
    try lexer.advance()
    return value
  }

  private mutating func parseFactors(after first: Polynomial, nesting: Int) throws -> Polynomial {
    var product = first
    while true {
      let start = lexer.token.start
      if try accept("*") {
        product = try limited(product.multiplied(by: try parseFactor(nesting: nesting)), start)
      } else if try acceptWord("floordiv") {
        product = try limited(product.floorDivided(by: try parseFactor(nesting: nesting)), start)
      } else {
        return product
      }
    }
  }

  private mutating func parseFactor(nesting: Int) throws -> Polynomial {
    guard nesting < TextSyntax.maximumNesting else {
      throw lexer.error(at: lexer.token.start, "parentheses nest too deep")
    }
    if try accept("(") {
      let polynomial = try parsePolynomial(nesting: nesting + 1)
      try expect(")")
      return polynomial
    }
    if lexer.token.kind == .integer { return Polynomial(constant: try parseCoefficient(negated: false)) }
    return Polynomial(symbol: Symbol(try parseName("a dimension: a number, a name or '?'")))
  }

  private func limited(_ polynomial: Polynomial?, _ position: Int) throws -> Polynomial {
    guard let polynomial else {
      let limits =
        "\(Polynomial.maximumTerms) terms, degree \(Polynomial.maximumDegree), 64-bit coefficients, divisors above 0"
      throw lexer.error(at: position, "this dimension is beyond what mcc computes with (\(limits)); write '?'")
    }
    return polynomial
  }
}
