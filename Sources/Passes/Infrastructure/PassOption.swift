/// One knob of a pass: a key path to the field it sets. This row gives parsing, range check, default, help and canonical printing.
package struct PassOption<P>: Sendable {
  package let name: String
  package let help: String
  /// What may be written for it: `0...1`, `tensor|global`, `glob`.
  package let values: String
  /// Sets the field from a text. Throws an `OptionError` that says what is wrong with the text.
  package let parse: @Sendable (String, inout P) throws(OptionError) -> Void
  /// The field as a text that parses to the same value; `nil` where the field is empty, or at its default. A list gives one text an element.
  package let print: @Sendable (P) -> [String]
}

/// Why a text is no value of an option.
package struct OptionError: Error, Hashable, Sendable {
  package let message: String

  package init(_ message: String) {
    self.message = message
  }
}
