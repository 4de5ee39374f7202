/// One knob of a pass: a key path to the field it sets. This row gives parsing, range check, default, help and canonical printing.
///
///     static let options: [PassOption<Self>] = [
///       .init("sparsity", \.sparsity, in: 0...1, "fraction of weights set to zero"),
///       .init("scope", \.scope, "what the fraction is of"),
///       .init("include", \.include, "touch these alone"),
///     ]
package struct PassOption<Owner: Sendable>: Sendable {
  /// Where the option's value lives.
  package typealias Field<Value> = any WritableKeyPath<Owner, Value> & Sendable

  package let name: String
  package let help: String
  /// What may be written for it: `0...1`, `tensor|global`, `<glob>`.
  package let values: String
  /// Whether the key may be repeated: its values make a list.
  package let isList: Bool
  /// Sets the field from a text; a list grows by it. Throws an `OptionError` that says what is wrong with the text.
  package let parse: @Sendable (String, inout Owner) throws(OptionError) -> Void
  /// The field as texts that parse to the same value: none for an empty one, one an element for a list.
  package let print: @Sendable (Owner) -> [String]
}

/// Why a text is no value of an option, or why options do not go together.
package struct OptionError: Error, Hashable, Sendable {
  package let message: String

  package init(_ message: String) {
    self.message = message
  }
}

extension PassOption {
  /// An option that always has a value.
  package init<Value: OptionValue>(_ name: String, _ path: Field<Value>, _ help: String) {
    self.init(
      name: name, help: help, values: Value.placeholder, isList: false,
      parse: { text, owner throws(OptionError) in owner[keyPath: path] = try Value(optionText: text) },
      print: { [$0[keyPath: path].optionText] })
  }

  /// An option that may be absent.
  package init<Value: OptionValue>(_ name: String, _ path: Field<Value?>, _ help: String) {
    self.init(
      name: name, help: help, values: Value.placeholder, isList: false,
      parse: { text, owner throws(OptionError) in owner[keyPath: path] = try Value(optionText: text) },
      print: { $0[keyPath: path].map { [$0.optionText] } ?? [] })
  }

  /// An option that may be repeated. The field is empty by default.
  package init<Value: OptionValue>(_ name: String, _ path: Field<[Value]>, _ help: String) {
    self.init(
      name: name, help: help, values: Value.placeholder, isList: true,
      parse: { text, owner throws(OptionError) in owner[keyPath: path].append(try Value(optionText: text)) },
      print: { $0[keyPath: path].map(\.optionText) })
  }

  /// An option with a value inside a range, such as `0...1` or `1...`.
  package init<Value: OptionValue & Comparable>(
    _ name: String, _ path: Field<Value>, in range: some OptionRange<Value>, _ help: String
  ) {
    self.init(
      name: name, help: help, values: range.optionText, isList: false,
      parse: { text, owner throws(OptionError) in owner[keyPath: path] = try range.parse(text) },
      print: { [$0[keyPath: path].optionText] })
  }

  /// An option that may be absent, with a value inside a range.
  package init<Value: OptionValue & Comparable>(
    _ name: String, _ path: Field<Value?>, in range: some OptionRange<Value>, _ help: String
  ) {
    self.init(
      name: name, help: help, values: range.optionText, isList: false,
      parse: { text, owner throws(OptionError) in owner[keyPath: path] = try range.parse(text) },
      print: { $0[keyPath: path].map { [$0.optionText] } ?? [] })
  }
}
