/// What can stand in a pipeline with options after its name: a pass, or a combinator of pipelines.
///
/// The type is its own documentation: name, summary, details and options print in `mcc help`, in `-print-passes` and in docs/passes.md.
package protocol Configurable: Sendable {
  /// The name in pipelines, in kebab-case.
  static var name: String { get }
  /// One line: what it does.
  static var summary: String { get }
  /// What it does in full.
  static var details: String { get }
  /// One row an option.
  static var options: [PassOption<Self>] { get }

  /// With every option at its default.
  init()

  /// Checks what no single option can say: two that exclude each other, one that needs another.
  func validate() throws(OptionError)
}

extension Configurable {
  package static var options: [PassOption<Self>] { [] }

  package func validate() throws(OptionError) {}

  /// The options that differ from their defaults, as a pipeline writes them, in the order of their declaration.
  package var writtenOptions: [WrittenOption] {
    let defaults = Self()
    return Self.options.flatMap { option in
      let texts = option.print(self)
      return texts == option.print(defaults) ? [] : texts.map { WrittenOption(key: option.name, value: $0) }
    }
  }
}

/// `key=value`, as a pipeline writes it.
package struct WrittenOption: Hashable, Sendable {
  package let key: String
  package let value: String

  package init(key: String, value: String) {
    self.key = key
    self.value = value
  }
}
