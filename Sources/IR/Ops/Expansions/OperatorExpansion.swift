/// An operator, or a legacy form of one, said by other operators: a body in the IR's text.
///
///     .init(.swish, """
///       %alpha = constant [$alpha] : T[]
///       %scaled = Mul(%X, %alpha)
///       %gate = Sigmoid(%scaled)
///       %Y = Mul(%X, %gate)
///       """)
///
/// Operands and results have the names of the declaration. The body is made for one operation:
/// - A line that begins with `[B]` is there where the operation has an operand or a flag `B`, one with `[!B]` where not.
/// - `$alpha` is the attribute of that name, or what `prepare` says; `$T` is `T` as attributes say types.
/// - `float $$alpha` is the attribute as it was written, or its absence.
/// - `T[` is of the element type of the first operand.
/// - `Identity` gives another name to a value, and is no operation.
package struct OperatorExpansion: Sendable {
  /// What a body is made of beside the operation's attributes. Throws a `ModelError` that says why there is none.
  package typealias Preparation = @Sendable (Operation, inout Bindings) throws -> Void

  /// The operators of which this is a form.
  package let name: ByteString
  /// The versions of a legacy form; `nil` for the IR's own.
  package let versions: ClosedRange<Int>?
  /// The opset from which on the operator needs no such body; `nil` where this is no matter of opsets.
  private let end: Int?
  private let operands: [String]
  private let results: [String]
  private let body: String
  private let prepare: Preparation

  /// The expansion of a declared operator; with `end`, of what it says that only opsets from there on can.
  init(
    _ definition: OpDefinition, before end: Int? = nil, _ body: String,
    prepare: @escaping Preparation = { _, _ in }
  ) {
    name = definition.name
    versions = nil
    self.end = end
    operands = definition.operands.map(\.name)
    results = definition.results.map(\.name)
    self.body = body
    self.prepare = prepare
  }

  /// The expansion of a form that an operator had in older versions.
  init(
    legacy name: ByteString, _ versions: ClosedRange<Int>, _ operands: [String], _ results: [String], _ body: String,
    prepare: @escaping Preparation = { _, _ in }
  ) {
    self.name = name
    self.versions = versions
    end = nil
    self.operands = operands
    self.results = results
    self.body = body
    self.prepare = prepare
  }

  /// The body for one operation, as the main graph of a module: its arguments are the operands, absent ones too.
  ///
  /// - Throws: `ModelError` that says why the operation has none: what is not known, or what no other operator says.
  package func instantiate(for operation: Operation) throws -> Module {
    var bindings = Bindings(operation)
    for (index, name) in operands.enumerated() where operation.operand(index) != nil { bindings.flags.insert(name) }
    try prepare(operation, &bindings)
    let arguments = operands.map { "%\($0): ?" }.joined(separator: ", ")
    let outputs = results.map { "\($0): ?" }.joined(separator: ", ")
    let text = """
      module "\(name.text)" vocabulary {} target {} {
        graph @body(\(arguments)) -> (\(outputs)) {
          \(try bindings.instantiate(body))
          return \(results.map { "%\($0)" }.joined(separator: ", "))
        }
      }
      """
    let module = try Module.parse(text, file: name.text)
    let rewriter = Rewriter(module, pass: "expansion")
    var aliases: [Operation] = []
    module.forEachOperation { if $0.is(.identity) { aliases.append($0) } }
    for alias in aliases {
      if let value = alias.operand(0) { try rewriter.replace(alias, with: [value], takingNames: false) }
    }
    return module
  }

  /// The operators that the body may use.
  package var usedOperators: [ByteString] {
    body.matches(of: /= (\w+)\(/).map { ByteString($0.output.1) }
  }

  // MARK: All of them

  /// All expansions of declared operators.
  package static let declared: [OperatorExpansion] = [
    activations, attentions, comparisons, conversions, losses, normalizations, quantizations, rearrangements,
    reductions,
    sequences, windows, [affineGrid],
  ].flatMap { $0 }

  private static let byName = Dictionary(grouping: declared + legacyForms, by: \.name)

  /// The expansion of an operator in the form that a definition has; `nil` where there is none.
  package static func of(_ definition: OpDefinition) -> OperatorExpansion? {
    guard definition.domain.isEmpty, let candidates = byName[definition.name] else { return nil }
    switch definition.form {
    case .declared: return candidates.first { $0.versions == nil }
    case .legacy(let version): return candidates.first { $0.versions?.contains(version) == true }
    case .opaque, .builtin: return nil
    }
  }

  private static let laterByName = Dictionary(grouping: laterForms, by: \.name)

  /// What says in an opset what an operator can say only in later ones; `nil` where nothing does.
  package static func of(_ definition: OpDefinition, inOpset opset: Int) -> OperatorExpansion? {
    guard definition.domain.isEmpty, definition.form == .declared else { return nil }
    return laterByName[definition.name]?.first { opset < $0.end ?? 0 }
  }
}
