import Formats
import IR

/// The definitions of a model's or a function's operators, for all graphs inside it.
final class Definitions {
  private let opsets: OpsetVersions
  private var resolver: DefinitionResolver

  init(_ opsets: OpsetVersions) {
    self.opsets = opsets
    resolver = DefinitionResolver(opsets)
  }

  /// - Throws: `ModelError` where the operator is none of ONNX, or one whose version nothing says.
  func definition(_ key: OpCatalog.Key) throws -> OpDefinition {
    let definition = resolver.definition(domain: key.domain, name: key.name)
    guard definition.form != .builtin else { throw ModelError(.invalidModel, "ONNX has no such operator") }
    guard opsets[key.domain] != nil || OpCatalog.vocabulary[key.domain] == nil else {
      throw ModelError(
        .invalidModel, "opset_import names no version of \(OperatorSets.name(of: key.domain)), which has this operator")
    }
    return definition
  }
}
