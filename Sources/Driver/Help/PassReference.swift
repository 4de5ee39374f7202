import Passes

/// What there is to write into a pipeline, as text: for `-print-passes`, `mcc help <pass>` and docs/passes.md.
package enum PassReference {
  /// A line for each pass, combinator and shipped pipeline.
  package static var list: String {
    var passes = TextTable([.left, .left], indent: "  ")
    for pass in PassRegistry.all { passes.add(pass.name, pass.summary) }
    var combinators = TextTable([.left, .left], indent: "  ")
    for combinator in PassRegistry.combinators { combinators.add("\(combinator.name)(...)", combinator.summary) }
    var pipelines = TextTable([.left, .left], indent: "  ")
    for pipeline in ShippedPipeline.all { pipelines.add(pipeline.name, pipeline.summary) }
    return """
      passes
      \(passes.text)
      pipelines
      \(pipelines.text)
      combinators
      \(combinators.text)
      mcc help <name> describes one with its options.

      """
  }

  /// All that is known about what is called `name`; `nil` where there is nothing of the name.
  package static func help(for name: String) -> String? {
    if let pass = PassRegistry.pass(named: name) { return help(for: pass) }
    if let combinator = PassRegistry.combinators.first(where: { $0.name == name }) { return help(for: combinator) }
    guard let pipeline = ShippedPipeline.all.first(where: { $0.name == name }) else { return nil }
    return "\(name): \(pipeline.summary)\n\n\(String(decoding: pipeline.text, as: UTF8.self))"
  }

  /// Every name that `help` knows.
  package static var names: [String] {
    PassRegistry.all.map { $0.name } + PassRegistry.combinators.map { $0.name } + ShippedPipeline.all.map(\.name)
  }

  private static func help(for type: (some Configurable).Type) -> String {
    var text = "\(type.name): \(type.summary)\n\n\(type.details.wrapped(to: 80))\n"
    guard !type.options.isEmpty else { return text + "\nIt takes no options.\n" }
    var table = TextTable([.left, .left, .left], indent: "  ")
    for option in type.options {
      table.add("\(option.name)=\(option.values)", option.help, remark(on: option, of: type))
    }
    text += "\noptions, as in \(example(of: type))\n\(table.text)"
    return text
  }

  /// The name with one option set, as a pipeline writes it.
  private static func example<Element: Configurable>(of type: Element.Type) -> String {
    let first = type.options.first.map { "{\($0.name)=...}" } ?? ""
    return "\(type.name)\(first)"
  }

  private static func remark<Element: Configurable>(on option: PassOption<Element>, of type: Element.Type) -> String {
    if option.isList { return "may be repeated" }
    return option.print(Element()).first.map { "default \($0)" } ?? ""
  }

  // MARK: Markdown

  /// docs/passes.md.
  package static var markdown: String {
    var text = """
      # Passes

      What can stand in `-passes=` and in `-pipeline` files. `mcc -print-passes=markdown` writes this page.


      """
    text += "## Passes\n\n"
    for pass in PassRegistry.all { text += markdown(of: pass) }
    text += "## Pipelines\n\n"
    for pipeline in ShippedPipeline.all {
      text += "### `\(pipeline.name)`\n\n```\n\(String(decoding: pipeline.text, as: UTF8.self))```\n\n"
    }
    text += "## Combinators\n\n"
    for combinator in PassRegistry.combinators { text += markdown(of: combinator) }
    return String(text.dropLast())
  }

  private static func markdown(of type: (some Configurable).Type) -> String {
    var text = "### `\(type.name)`: \(type.summary)\n\n\(type.details.wrapped(to: 120))\n\n"
    guard !type.options.isEmpty else { return text }
    text += "| option | values | default | |\n|---|---|---|---|\n"
    for option in type.options {
      let values = option.values.split(separator: "|").joined(separator: "\\|")
      let defaults = option.isList ? "(a list)" : option.print(type.init()).first ?? ""
      text += "| `\(option.name)` | `\(values)` | \(defaults) | \(option.help) |\n"
    }
    return text + "\n"
  }
}
