/// Every operator that this build knows, found by name.
package enum OpCatalog {
  /// The newest opset of ONNX's default domain that the declarations follow.
  package static let newestOpset = 28

  /// The operator sets that the IR's own forms belong to.
  package static let vocabulary = OpsetVersions([
    .init(domain: "", version: newestOpset), .init(domain: "ai.onnx.ml", version: 5),
  ])

  /// A domain and an operator's name.
  package struct Key: Hashable, Sendable {
    package let domain: ByteString
    package let name: ByteString

    package init(_ domain: ByteString, _ name: ByteString) {
      self.domain = domain
      self.name = name
    }
  }

  /// The declared operators and the builtin ones, sorted by domain and name.
  package static let all: [OpDefinition] = (builtin + declared).sorted { ($0.domain, $0.name) < ($1.domain, $1.name) }

  package static let builtin: [OpDefinition] = [.annotate, .constant, .return]

  private static let byKey: [Key: OpDefinition] = Dictionary(
    all.map { (Key($0.domain, $0.name), $0) }, uniquingKeysWith: { first, _ in first })

  /// The declaration of an operator; `nil` where this build has none. `ai.onnx` is another name of the default domain.
  package static func definition(domain: ByteString, name: ByteString) -> OpDefinition? {
    byKey[Key(domain == "ai.onnx" ? "" : domain, name)]
  }
}
