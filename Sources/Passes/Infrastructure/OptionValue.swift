/// A type that the value of an option can have.
package protocol OptionValue: Equatable, Sendable {
  /// What the help says may be written.
  static var placeholder: String { get }

  init(optionText text: String) throws(OptionError)

  /// A text that parses to the same value.
  var optionText: String { get }
}

extension Int: OptionValue {
  package static var placeholder: String { "<integer>" }

  package init(optionText text: String) throws(OptionError) {
    guard let value = Int(text) else { throw OptionError("'\(text)' is not an integer") }
    self = value
  }

  package var optionText: String { String(self) }
}

extension Double: OptionValue {
  package static var placeholder: String { "<number>" }

  package init(optionText text: String) throws(OptionError) {
    guard let value = Double(text), value.isFinite else { throw OptionError("'\(text)' is not a number") }
    self = value
  }

  /// The shortest text that reads as the same number, without a fraction where there is none.
  package var optionText: String {
    let text = String(self)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension Bool: OptionValue {
  package static var placeholder: String { "true|false" }

  package init(optionText text: String) throws(OptionError) {
    guard let value = Bool(text) else { throw OptionError("'\(text)' is neither true nor false") }
    self = value
  }

  package var optionText: String { String(self) }
}

extension String: OptionValue {
  package static var placeholder: String { "<text>" }

  package init(optionText text: String) {
    self = text
  }

  package var optionText: String { self }
}

/// An enumeration of words gets its conformance for free: `enum Scope: String, CaseIterable, OptionValue { case tensor, global }`.
extension OptionValue where Self: RawRepresentable<String> & CaseIterable {
  package static var placeholder: String { allCases.map(\.rawValue).joined(separator: "|") }

  package init(optionText text: String) throws(OptionError) {
    guard let value = Self(rawValue: text) else {
      let words = Self.allCases.map(\.rawValue)
      throw OptionError("'\(text)' is not one of \(words.joined(separator: ", "))")
    }
    self = value
  }

  package var optionText: String { rawValue }
}

/// A number of bytes, written `4KiB`.
package struct ByteCount: Hashable, Comparable, Sendable, OptionValue {
  package let bytes: Int

  private static let units: [(suffix: String, bytes: Int)] = [
    ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
  ]

  package init(_ bytes: Int) {
    self.bytes = bytes
  }

  package static func kibibytes(_ count: Int) -> ByteCount { ByteCount(count << 10) }
  package static func mebibytes(_ count: Int) -> ByteCount { ByteCount(count << 20) }

  package static var placeholder: String { "<bytes, as 4KiB>" }

  package init(optionText text: String) throws(OptionError) {
    let unit = Self.units.first { text.hasSuffix($0.suffix) } ?? ("", 1)
    guard let count = Int(text.dropLast(unit.suffix.count)), count >= 0 else {
      throw OptionError("'\(text)' is not a size; write bytes as 512, 4KiB, 1MiB or 1GiB")
    }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: unit.bytes)
    guard !overflow else { throw OptionError("\(text) is more than can be counted") }
    self.bytes = bytes
  }

  package var optionText: String {
    let unit = Self.units.first { $0.bytes > 1 && bytes >= $0.bytes && bytes % $0.bytes == 0 }
    return unit.map { "\(bytes / $0.bytes)\($0.suffix)" } ?? String(bytes)
  }

  package static func < (a: ByteCount, b: ByteCount) -> Bool { a.bytes < b.bytes }
}
