import IR

/// Takes one operator from its older forms to the IR's form and back.
///
/// What needs no adapter: attributes, operands, results and element types that newer versions added (`OperatorHistory`
/// knows them).
///
/// The law, tested for each: what was raised and is lowered to where it came from is what it was.
struct OpsetAdapter: Sendable {
  /// A name and a version of an operator: how some opset has it.
  struct Form: Hashable, Sendable {
    let name: ByteString
    let version: Int
  }

  /// Rewrites an operation in an older form into the IR's, all but its definition. Gives `false`, having changed
  /// nothing, where that takes more than
  /// one operation and constants: such an operation stays legacy.
  typealias Raising = @Sendable (OpsetEditor, Form) throws -> Bool
  /// Rewrites an operation in the IR's form into an older one, all but its definition. Throws `editor.unsayable` where
  /// that cannot say it.
  typealias Lowering = @Sendable (OpsetEditor, Form) throws -> Void

  /// The operator in the IR's form.
  let definition: OpDefinition
  /// Other names under which older opsets have it.
  let formerNames: [ByteString]
  /// The first version that says the same in the same way as the IR; older forms are adapted.
  let since: Int
  /// Attributes of older forms that `raise` understands and the IR's form does not have.
  let formerAttributes: [ByteString]
  /// What the IR's form has and `lower` finds another way to say, or refuses itself.
  let lowered: [OperatorHistory.Feature]
  let raise: Raising
  let lower: Lowering

  init(
    _ definition: OpDefinition, formerNames: [ByteString] = [], since: Int, formerAttributes: [ByteString] = [],
    lowers lowered: [OperatorHistory.Feature] = [], raise: @escaping Raising = { _, _ in true },
    lower: @escaping Lowering = { _, _ in }
  ) {
    self.definition = definition
    self.formerNames = formerNames
    self.since = since
    self.formerAttributes = formerAttributes
    self.lowered = lowered
    self.raise = raise
    self.lower = lower
  }

  /// An operator whose forms before `since` mean something else: they stay legacy, and nothing is lowered to them.
  static func legacy(_ definition: OpDefinition, before since: Int) -> OpsetAdapter {
    OpsetAdapter(
      definition, since: since, raise: { _, _ in false },
      lower: { editor, _ in throw editor.unsayable("its meaning", since: since) })
  }

  /// Whether `lower` takes care of a feature: what it makes an attribute of has no operand type any more.
  func lowers(_ feature: OperatorHistory.Feature) -> Bool {
    switch feature {
    case .differentElementTypes(let index, _), .operandTypes(let index, _), .operandKind(let index, _):
      lowered.contains(.operand(index))
    case .attribute, .operand, .absentOperand, .result, .resultTypes, .resultKind: lowered.contains(feature)
    }
  }

  /// All adapters.
  static let all: [OpsetAdapter] = [
    activations, arithmetic, axes, encodings, normalizations, quantizations, resamplings, selections, signals,
  ].flatMap { $0 }

  private static let byName: [OpCatalog.Key: OpsetAdapter] = {
    var found: [OpCatalog.Key: OpsetAdapter] = [:]
    for adapter in all {
      for name in [adapter.definition.name] + adapter.formerNames {
        found[OpCatalog.Key(adapter.definition.domain, name)] = adapter
      }
    }
    return found
  }()

  /// The adapter of an operator, which some opset perhaps calls by another name.
  static func adapter(for definition: OpDefinition) -> OpsetAdapter? {
    byName[OpCatalog.Key(definition.domain, definition.name)]
  }
}
