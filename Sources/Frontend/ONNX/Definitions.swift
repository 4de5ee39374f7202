import Formats
import IR

/// The definitions of a model's or a function's operators, for all graphs inside it.
final class Definitions {
  private var resolver: DefinitionResolver

  init(_ opsets: OpsetVersions) {
    resolver = DefinitionResolver(opsets)
  }

  subscript(key: OpCatalog.Key) -> OpDefinition { resolver.definition(domain: key.domain, name: key.name) }
}
