import Formats
import IR

/// Reads the formulas by which a program says sizes: calls, as SymPy's `srepr` writes them, such as
/// `Add(Mul(Integer(2), Symbol('s0', integer=True)), Integer(1))`.
struct SymbolicExpression {
  private var rest: Substring.UTF8View
  private let symbol: (String) -> Dimension
  private var nesting = 0

  private static let maximumNesting = 32

  /// The extent that `text` says; `unknown` where it is a formula that extents are not computed with.
  ///
  /// - Parameter symbol: the extent that a symbol stands for.
  static func dimension(_ text: String, symbol: (String) -> Dimension) -> Dimension {
    withoutActuallyEscaping(symbol) { symbol in
      var expression = SymbolicExpression(rest: text[...].utf8, symbol: symbol)
      if let value = expression.readTerm(), expression.rest.isEmpty { return value }
      // Before they were calls, formulas were written as people do.
      let polynomial = Dimension(parsing: ByteString(text))
      var symbols: [ByteString: Dimension] = [:]
      polynomial.forEachSymbol { symbols[$0.name] = symbol($0.name.text) }
      return polynomial.replacing(symbols)
    }
  }

  private static let functions: [String: @Sendable ([Dimension]) -> Dimension] = [
    "Add": { $0.reduce(.known(0), +) },
    "Mul": { $0.reduce(.known(1), *) },
    "FloorDiv": { $0.count == 2 ? $0[0].floorDivided(by: $0[1]) : .unknown },
    "CleanDiv": { $0.count == 2 ? $0[0].floorDivided(by: $0[1]) : .unknown },
    "CeilDiv": { $0.count == 2 ? $0[0].ceilingDivided(by: $0[1]) : .unknown },
    "Pow": { operands in
      guard operands.count == 2, let exponent = operands[1].value, (0...8).contains(exponent) else { return .unknown }
      return (0..<exponent).reduce(.known(1)) { result, _ in result * operands[0] }
    },
  ]

  private static let numbers = ["Zero": 0, "One": 1, "NegativeOne": -1]

  private mutating func readTerm() -> Dimension? {
    guard nesting < Self.maximumNesting else { return nil }
    nesting += 1
    defer { nesting -= 1 }
    let name = readWord()
    guard !name.isEmpty, accept("(") else { return nil }
    switch name {
    case "Integer":
      guard let value = Int(readWord()), accept(")") else { return nil }
      return .known(value)
    case "Symbol":
      guard let value = readQuoted(), skipToEnd() else { return nil }
      return symbol(value)
    default: break
    }
    var operands: [Dimension] = []
    while !accept(")") {
      if !operands.isEmpty { guard accept(",") else { return nil } }
      guard let operand = readTerm() else { return nil }
      operands.append(operand)
    }
    return Self.numbers[name].map { .known($0) } ?? Self.functions[name].map { $0(operands) } ?? .unknown
  }

  private mutating func skipSpaces() { rest = rest.drop { $0 == UInt8(ascii: " ") } }

  private mutating func accept(_ token: Unicode.Scalar) -> Bool {
    skipSpaces()
    guard rest.first == UInt8(ascii: token) else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func readWord() -> String {
    skipSpaces()
    let word = rest.prefix {
      switch $0 {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    rest = rest.dropFirst(word.count)
    return String(Substring(word))
  }

  private mutating func readQuoted() -> String? {
    guard accept("'") else { return nil }
    let text = rest.prefix { $0 != UInt8(ascii: "'") }
    rest = rest.dropFirst(text.count)
    return accept("'") ? String(Substring(text)) : nil
  }

  /// Skips what a symbol is assumed to be.
  private mutating func skipToEnd() -> Bool {
    rest = rest.drop { $0 != UInt8(ascii: ")") }
    return accept(")")
  }
}
