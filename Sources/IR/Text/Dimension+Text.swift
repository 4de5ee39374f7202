extension Dimension: CustomStringConvertible {
  /// `8`, `2*seq + 1`, `(n + 1) floordiv 2`, `?`.
  package var description: String { TextBuffer.string { write(to: &$0) } }

  func write(to text: inout TextBuffer) {
    switch self {
    case .known(let value): text.write(value)
    case .symbolic(let polynomial): polynomial.write(to: &text)
    case .unknown: text.write("?")
    }
  }
}

extension Polynomial {
  func write(to text: inout TextBuffer) {
    if terms.isEmpty { text.write("0") }
    for (index, term) in terms.enumerated() {
      if index == 0 {
        if term.coefficient < 0 { text.write("-") }
      } else {
        text.write(term.coefficient < 0 ? " - " : " + ")
      }
      term.writeMagnitude(to: &text)
    }
  }

  /// As an operand of `*` or `floordiv`.
  fileprivate func writeAtom(to text: inout TextBuffer) {
    if isAtom { return write(to: &text) }
    text.write("(")
    write(to: &text)
    text.write(")")
  }

  private var isAtom: Bool {
    if let value = constantValue { return value >= 0 }
    guard terms.count == 1, terms[0].coefficient == 1, terms[0].factors.count == 1 else { return false }
    if case .symbol = terms[0].factors[0] { return true }
    return false
  }
}

extension Polynomial.Term {
  fileprivate func writeMagnitude(to text: inout TextBuffer) {
    let magnitude = coefficient.magnitude
    if magnitude == 1, factors.count == 1 { return factors[0].write(to: &text) }
    if magnitude != 1 || factors.isEmpty {
      text.write(magnitude)
      if !factors.isEmpty { text.write("*") }
    }
    for (index, factor) in factors.enumerated() {
      if index > 0 { text.write("*") }
      factor.writeAtom(to: &text)
    }
  }
}

extension Polynomial.Factor {
  fileprivate func write(to text: inout TextBuffer) {
    switch self {
    case .symbol(let name): text.writeName(name)
    case .floorQuotient(let numerator, let denominator):
      numerator.writeAtom(to: &text)
      text.write(" floordiv ")
      denominator.writeAtom(to: &text)
    }
  }

  fileprivate func writeAtom(to text: inout TextBuffer) {
    switch self {
    case .symbol: write(to: &text)
    case .floorQuotient:
      text.write("(")
      write(to: &text)
      text.write(")")
    }
  }
}
