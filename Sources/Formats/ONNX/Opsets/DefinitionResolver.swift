import IR

/// Finds the definitions that an importer builds with, by the operator sets that a model or a function imports.
///
/// One operator always has the same definition: declared where the file's form is the IR's, legacy where it is an older
/// one (`Opsets.raise` then takes most of these further), opaque where ONNX does not define the operator.
package struct DefinitionResolver: OlderVocabulary {
  private let opsets: OpsetVersions
  private var found: [OpCatalog.Key: OpDefinition] = [:]

  package init(_ opsets: OpsetVersions) {
    self.opsets = opsets
  }

  /// The definition of the operator `name` of `domain`.
  package mutating func definition(domain: ByteString, name: ByteString) -> OpDefinition {
    let key = OpCatalog.Key(domain, name)
    if let known = found[key] { return known }
    let definition = resolve(key)
    found[key] = definition
    return definition
  }

  package func raise(_ module: Module, _ diagnostics: Diagnostics?) throws { try Opsets.raise(module, diagnostics) }

  private func resolve(_ key: OpCatalog.Key) -> OpDefinition {
    let declared = OpCatalog.definition(domain: key.domain, name: key.name)
    let opset = key.domain == "" || key.domain == "ai.onnx" ? opsets[""] ?? opsets["ai.onnx"] : opsets[key.domain]
    guard let opset, let history = OperatorHistory.of(domain: key.domain, name: key.name),
      let version = history.version(inOpset: opset)
    else { return declared ?? .opaque(domain: key.domain, name: key.name) }
    guard let declared else {
      let opaque = OpDefinition.opaque(domain: key.domain, name: key.name)
      return OpCatalog.vocabulary[key.domain] == nil && key.domain != "ai.onnx"
        ? opaque : .legacy(opaque, version: version)
    }
    return Opsets.isCurrent(declared, version) ? declared : .legacy(declared, version: version)
  }
}
