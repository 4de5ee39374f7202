/// Reads operators as an older vocabulary has them, and brings them to the IR's forms. The IR has but one form of each:
/// whoever reads text and knows the others lends them.
package protocol OlderVocabulary {
  init(_ vocabulary: OpsetVersions)

  /// The definition of the operator `name` of `domain` in the vocabulary.
  mutating func definition(domain: ByteString, name: ByteString) -> OpDefinition

  /// Raises what is not in the IR's form, and infers all types.
  func raise(_ module: Module, _ diagnostics: Diagnostics?) throws
}
