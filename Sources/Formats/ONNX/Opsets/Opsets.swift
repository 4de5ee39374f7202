import IR

/// Between the IR's one form of each operator and the versions in which files write them.
///
/// An importer builds each operation by `DefinitionResolver` in the form that its file has, and then calls `raise`, once. An exporter calls
/// `lower` on a clone, and writes what it finds there.
package enum Opsets {
  /// The oldest opset of the default domain that is written.
  package static let oldestTarget = 7

  /// Brings every operation to the IR's form where one operation stays one operation, and infers all types on the way, in order. Others stay legacy.
  ///
  /// The module is as its file has it: operations have the definitions of a `DefinitionResolver`, nothing is inferred yet.
  ///
  /// - Throws: `ModelError` at the first operation that is certainly wrong.
  package static func raise(_ module: Module, _ diagnostics: Diagnostics? = nil) throws {
    try module.inferTypes(diagnostics)
  }

  /// Brings every operation of `module`, which is a clone made for it, to the form that it has in the operator sets `target`, and makes that the
  /// module's target; functions are lowered with it.
  ///
  /// - Throws: `ModelError` at the first operation that says what `target` cannot, naming the opset that could.
  package static func lower(_ module: Module, to target: OpsetVersions) throws {
    module.target = target
  }
}
