import IR

/// The operators that this build knows, as text: for `-print-ops` and docs/operators.md.
package enum OperatorReference {
  /// A line for each operator.
  package static var list: String {
    var table = TextTable([.left, .left, .left])
    for definition in OpCatalog.all {
      let since = definition.form == .builtin ? "" : "since \(definition.since)"
      table.add(definition.qualifiedName, since, definition.summary)
    }
    return table.text
  }

  /// docs/operators.md.
  package static var markdown: String {
    var text = """
      # Operators

      What the IR knows: types are inferred and verified, passes may match. Operators of any other name or domain pass
      through untouched. The names are ONNX's, each in its newest version; older ones are raised to it where that is one to
      one. `mcc -print-ops=markdown` writes this page.

      | operator | versions | operands | results | attributes | traits |
      |---|---|---|---|---|---|

      """
    for definition in OpCatalog.all { text += row(of: definition) }
    return text
  }

  private static func row(of definition: OpDefinition) -> String {
    let cells = [
      "`\(definition.qualifiedName)`", definition.versions.map(String.init).joined(separator: ", "),
      definition.operands.map(describe).joined(separator: ", "),
      definition.results.map(describe).joined(separator: ", "),
      definition.attributes.map(describe).joined(separator: ", "), describe(definition.traits),
    ]
    return "| \(cells.joined(separator: " | ")) |\n"
  }

  private static func describe(_ operand: OperandDefinition) -> String {
    switch operand.arity {
    case .required: operand.name
    case .optional: "\(operand.name)?"
    case .variadic: "\(operand.name)..."
    }
  }

  private static func describe(_ result: ResultDefinition) -> String {
    switch result.arity {
    case .required: result.name
    case .optional: "\(result.name)?"
    case .variadic: "\(result.name)..."
    }
  }

  private static func describe(_ attribute: AttributeDefinition) -> String {
    attribute.isRequired ? "\(attribute.name)" : "\(attribute.name)?"
  }

  private static func describe(_ traits: OpDefinition.Traits) -> String {
    let names: [(OpDefinition.Traits, String)] = [
      (.pure, "pure"), (.commutative, "commutative"), (.elementwise, "elementwise"), (.idempotent, "idempotent"),
      (.random, "random"), (.encodedConstant, "encoded constant"), (.hasRegions, "regions"),
      (.terminator, "terminator"), (.dataMovement, "data movement"),
    ]
    return names.filter { traits.isSuperset(of: $0.0) }.map(\.1).joined(separator: ", ")
  }
}
