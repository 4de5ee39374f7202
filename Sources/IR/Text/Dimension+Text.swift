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

extension Dimension {
  /// The dimension that an ONNX `dim_param` tells. It is a polynomial where printing gives the same bytes back, else the whole of it is one symbol;
  /// unknown where it is empty.
  package init(parsing parameter: ByteString) {
    guard !parameter.isEmpty else {
      self = .unknown
      return
    }
    let symbol = Dimension.symbol(parameter)
    // Most are a name.
    guard !TextSyntax.isIdentifier(parameter), parameter.bytes.count <= Self.maximumParsedLength,
      let polynomial = parameter.bytes.withUnsafeBytes({ PolynomialReader.read($0) })
    else {
      self = symbol
      return
    }
    let dimension = Dimension(polynomial)
    self = dimension.parameter == parameter ? dimension : symbol
  }

  /// A longer text is a name, whatever it looks like.
  private static let maximumParsedLength = 4096

  /// The `dim_param` that tells this dimension, the inverse of `init(parsing:)`; `nil` where it is a number or unknown.
  package var parameter: ByteString? {
    guard case .symbolic(let polynomial) = self else { return nil }
    if let name = polynomial.symbol { return name }
    return ByteString(description)
  }
}

/// Reads a polynomial that is all of a text.
private struct PolynomialReader: TokenReader {
  var lexer: Lexer

  /// The polynomial; `nil` where the text is anything else.
  static func read(_ text: UnsafeRawBufferPointer) -> Polynomial? {
    guard let lexer = try? Lexer(text, file: nil) else { return nil }
    var reader = PolynomialReader(lexer: lexer)
    guard let polynomial = try? reader.parsePolynomial(nesting: 0), reader.lexer.token.kind == .end else { return nil }
    return polynomial
  }
}

extension Polynomial {
  /// The name, where this is one symbol and nothing else.
  fileprivate var symbol: ByteString? {
    guard terms.count == 1, terms[0].coefficient == 1, terms[0].factors.count == 1,
      case .symbol(let symbol) = terms[0].factors[0]
    else { return nil }
    return symbol.name
  }

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
    return symbol != nil
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
    case .symbol(let symbol): text.writeName(symbol.name)
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
