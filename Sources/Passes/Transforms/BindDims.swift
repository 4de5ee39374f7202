import IR

/// Says what numbers symbols of shapes are or may be.
///
///     graph @main(%x: f32[batch, seq]) ...
///   -> with dim="batch=4"
///     graph @main(%x: f32[4, seq]) ...
///
/// The types of inputs and outputs change with all others: callers must pass what was promised. Bounds say what this run
/// may assume, and leave no trace in what is written. Exact.
struct BindDims: Pass {
  static let name = "bind-dims"
  static let summary = "fixes or bounds the symbols of shapes"
  static let details = """
    batch=4 writes 4 wherever the model's shapes say batch, inputs and outputs included, and infers what follows. \
    seq=1..512 and seq=1.. let other passes assume that seq lies between these numbers; nothing of it is written. \
    The command's option -dim does the same.
    """
  static let options: [PassOption<Self>] = [.init("dim", \.dims, "a symbol and what it is; may be repeated")]

  var dims: [DimBinding] = []

  init() {}

  package init(dims: [DimBinding]) {
    self.dims = dims
  }

  func validate() throws(OptionError) {
    guard !dims.isEmpty else { throw OptionError("needs at least one option dim, as in dim=\"batch=4\"") }
    let symbols = dims.map(\.symbol)
    guard let twice = symbols.enumerated().first(where: { symbols[..<$0.offset].contains($0.element) }) else { return }
    throw OptionError("'\(twice.element)' is given twice")
  }

  func run(on module: Module, _ context: PassContext) throws {
    let known = module.symbolNames
    for binding in dims where !known.contains(ByteString(binding.symbol)) {
      let names = known.map(\.text)
      let hint = names.isEmpty ? "; it has none" : Suggestion.hint(for: binding.symbol, among: names)
      throw ModelError(.usage, "no shape of the model has a dimension '\(binding.symbol)'\(hint)")
    }
    try context.rewriter.bind(
      Dictionary(dims.map { (ByteString($0.symbol), $0.range) }, uniquingKeysWith: { first, _ in first }))
    context.count("symbols bound", dims.count)
  }
}

/// `batch=4`, `seq=1..512`, `seq=1..`: a symbol and the numbers that it may be.
package struct DimBinding: Hashable, Sendable, OptionValue {
  package let symbol: String
  package let range: ClosedRange<Int>

  package static var placeholder: String { "<symbol=4 or symbol=1..512>" }

  package init(optionText text: String) throws(OptionError) {
    let malformed = OptionError("'\(text)' is not a symbol and its size; write batch=4, seq=1..512 or seq=1..")
    guard let equals = text.lastIndex(of: "="), equals > text.startIndex else { throw malformed }
    symbol = String(text[..<equals])
    let size = text[text.index(after: equals)...]
    let dots = size.firstRange(of: "..")
    let lower = dots.map { size[..<$0.lowerBound] } ?? size
    let upper = dots.map { size[$0.upperBound...] } ?? size
    guard let low = Int(lower), let high = dots != nil && upper.isEmpty ? .max : Int(upper) else { throw malformed }
    guard low >= 0, low <= high else { throw OptionError("'\(text)': no dimension is in \(size)") }
    range = low...high
  }

  package var optionText: String {
    if range.lowerBound == range.upperBound { return "\(symbol)=\(range.lowerBound)" }
    return "\(symbol)=\(range.lowerBound)..\(range.upperBound == .max ? "" : String(range.upperBound))"
  }
}
