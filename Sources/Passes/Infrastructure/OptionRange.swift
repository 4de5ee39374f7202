/// The values that an option takes: `0...1`, or `1...`.
package protocol OptionRange<Bound>: RangeExpression, Sendable where Bound: OptionValue {
  /// As the help shows it.
  var optionText: String { get }
  /// What is wrong with a value that is not in it.
  var violation: String { get }
}

extension ClosedRange: OptionRange where Bound: OptionValue {
  package var optionText: String { "\(lowerBound.optionText)...\(upperBound.optionText)" }
  package var violation: String { "outside \(lowerBound.optionText) to \(upperBound.optionText)" }
}

extension PartialRangeFrom: OptionRange where Bound: OptionValue {
  package var optionText: String { "\(lowerBound.optionText)..." }
  package var violation: String { "less than \(lowerBound.optionText)" }
}

extension OptionRange {
  /// The value that `text` says.
  func parse(_ text: String) throws(OptionError) -> Bound {
    let value = try Bound(optionText: text)
    guard contains(value) else { throw OptionError("\(text) is \(violation)") }
    return value
  }
}
