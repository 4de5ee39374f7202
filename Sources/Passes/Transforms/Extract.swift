import IR

/// Cuts a part out of the main graph.
///
///     graph @main(%x) -> (y) { %a = F(%x)  %b = G(%a)  %y = H(%b) }
///   -> with input=a output=b
///     graph @main(%a) -> (b) { %b = G(%a) }
///
/// Values keep their names. Everything that the outputs do not need goes. Exact.
struct Extract: Pass {
  static let name = "extract"
  static let summary = "cuts the part between some values out of the model"
  static let details = """
    Inputs and outputs are values of the main graph, by name. Without inputs the model keeps those that the outputs need; \
    without outputs it keeps all that it has. Inputs with a default stay where they are needed. \
    The command's options -inputs and -outputs do the same.
    """
  static let options: [PassOption<Self>] = [
    .init("input", \.inputs, "a value that becomes an input; may be repeated"),
    .init("output", \.outputs, "a value that becomes an output; may be repeated"),
  ]

  var inputs: [String] = []
  var outputs: [String] = []

  init() {}

  package init(inputs: [String], outputs: [String]) {
    self.inputs = inputs
    self.outputs = outputs
  }

  func validate() throws(OptionError) {
    guard !inputs.isEmpty || !outputs.isEmpty else { throw OptionError("needs an input or an output") }
    for names in [inputs, outputs] where Set(names).count != names.count {
      throw OptionError("a value is given twice among \(names.joined(separator: ", "))")
    }
  }

  func run(on module: Module, _ context: PassContext) throws {
    let values = NamedValues(of: module.main)
    let before = module.main.count
    try context.rewriter.extract(
      from: inputs.isEmpty ? nil : inputs.map { try values.value($0, "input") },
      to: outputs.isEmpty ? values.outputs : outputs.map { try values.output($0) })
    context.count("operations removed", before - module.main.count)
  }
}

/// The values of a graph, found by name: its own, and those that its outputs call otherwise.
private struct NamedValues {
  let outputs: [(signature: Graph.Output, value: Value)]
  private var byName: [String: Value] = [:]

  init(of graph: Graph) {
    let returned = graph.terminator?.operands ?? []
    outputs = zip(graph.outputs, returned).compactMap { output, value in value.map { (output, $0) } }
    for argument in graph.arguments { byName[argument.name.text] = argument }
    for operation in graph.operations {
      for result in operation.presentResults { byName[result.name.text] = result }
    }
    for (signature, value) in outputs where byName[signature.name.text] == nil { byName[signature.name.text] = value }
  }

  func value(_ name: String, _ role: String) throws -> Value {
    if let value = byName[name] { return value }
    let hint = Suggestion.hint(for: name, among: byName.keys.sorted())
    throw ModelError(.usage, "the \(role) '\(name)' is no value of the main graph\(hint)")
  }

  /// A value as an output, with what the signature says of it already.
  func output(_ name: String) throws -> (signature: Graph.Output, value: Value) {
    if let output = outputs.first(where: { $0.signature.name.text == name }) { return output }
    let value = try value(name, "output")
    return (Graph.Output(name: value.name, type: value.type, annotations: nil), value)
  }
}
