import IR

/// Between the IR's one form of each operator and the versions in which files write them.
///
/// An importer builds each operation by `DefinitionResolver` in the form that its file has, and then calls `raise`,
/// once.
/// An exporter calls `lower` on a clone, or on a module that nobody needs any more, and writes what it finds there.
package enum Opsets {
  /// The oldest opset of the default domain that is written.
  package static let oldestTarget = 7

  /// Whether the form that an operator has in `version` is the IR's, but for what newer versions added.
  static func isCurrent(_ definition: OpDefinition, _ version: Int) -> Bool {
    if let adapter = OpsetAdapter.adapter(for: definition), version < adapter.since { return false }
    let history = OperatorHistory.of(domain: definition.domain, name: definition.name)
    guard history?.isDeprecated(version) != true else { return false }
    // Forms from before the oldest target may have attributes that nothing says any more.
    return !definition.domain.isEmpty || !definition.versions.contains { $0 > version && $0 <= oldestTarget }
  }

  // MARK: Raising

  /// Brings every operation to the IR's form where one operation stays one operation, and infers all types on the way,
  /// in order. Others stay legacy. A module of older operator sets than are written gets the oldest that is as its
  /// target.
  ///
  /// The module is as its file has it: operations have the definitions of a `DefinitionResolver`, nothing is inferred
  /// yet.
  ///
  /// - Throws: `ModelError` at the first operation that is certainly wrong.
  package static func raise(_ module: Module, _ diagnostics: Diagnostics? = nil) throws {
    if let source = module.target[""], source < oldestTarget {
      diagnostics?.remark("is of opset \(source), and will be written in opset \(oldestTarget)")
      module.target[""] = oldestTarget
    }
    let rewriter = Rewriter(module, pass: "raise")
    try module.inferTypes(diagnostics) { operation in
      if case .legacy(let version) = operation.definition.form { try raise(operation, version, rewriter) }
    }
  }

  /// Raises an operation that is in the form of `version`, if that can be.
  private static func raise(_ operation: Operation, _ version: Int, _ rewriter: Rewriter) throws {
    let (domain, name) = (operation.definition.domain, operation.definition.name)
    let adapter = OpsetAdapter.adapter(for: operation.definition)
    guard !operation.refersToFunctionAttributes,
      let definition = adapter?.definition ?? OpCatalog.definition(domain: domain, name: name),
      OperatorHistory.of(domain: domain, name: name)?.isDeprecated(version) == false
    else { return }
    let known = definition.attributes.map(\.name) + (adapter?.formerAttributes ?? []) + forgotten
    guard operation.attributes.all.allSatisfy({ known.contains($0.name) && $0.annotations == nil }) else { return }
    let editor = OpsetEditor(operation, definition, rewriter)
    if let adapter, version < adapter.since || definition.name != name {
      guard try adapter.raise(editor, .init(name: name, version: version)) else { return }
    }
    for attribute in forgotten where !definition.attributes.contains(where: { $0.name == attribute }) {
      editor.keep(attribute)
    }
    editor.setDefinition(to: definition)
  }

  /// What the first opsets let many operators say of memory, training and outputs, and later ones do not.
  private static let forgotten: [ByteString] = ["consumed_inputs", "is_test", "output_sequence"]

  // MARK: Lowering

  /// What an error adds of the pass that says an operator in other words; nothing where there is none.
  static func remedy(for definition: OpDefinition) -> String {
    guard definition.hasExpansion else { return "" }
    if case .legacy = definition.form { return "; -passes=raise says it by newer operators" }
    return "; -passes=expand-functions{include=\(definition.name.text)} says it by other operators"
  }

  /// Brings every operation of `module`, which nobody needs in the IR's forms any more, to the form that it has in the operator sets
  /// `target`, and makes that the module's target; functions are lowered with it.
  ///
  /// - Throws: `ModelError` at the first operation that says what `target` cannot, naming the opset that could.
  package static func lower(_ module: Module, to target: OpsetVersions) throws {
    if let opset = target[""], !(oldestTarget...OpCatalog.newestOpset).contains(opset) {
      throw ModelError(
        .usage, "opset \(opset) cannot be written, only those from \(oldestTarget) to \(OpCatalog.newestOpset)")
    }
    var lowering = OpsetLowering(module, target)
    try module.forEachOperation { try lowering.lower($0) }
    for function in module.functions { lowering.lowerImports(of: function) }
    module.target = target
  }
}
