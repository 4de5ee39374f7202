/// One operator, declared once: verifier, parser, printer, builder, documentation and importers all read this.
///
/// The vocabulary is ONNX's: names, operands and attributes are those of the operator's newest version that this build
/// knows.
package final class OpDefinition: Sendable {
  /// What kind of declaration this is.
  package enum Form: Hashable, Sendable {
    /// Known, in its newest version.
    case declared
    /// A known operator in an older version that is not 1:1 with the newest; prints `Softmax@11`.
    case legacy(version: Int)
    /// Unknown: kept, never touched.
    case opaque
    /// Of the IR itself: `constant`, `return`.
    case builtin
  }

  /// Computes the results' types, and the contents of small integer results, from an operation's operands and
  /// attributes.
  package typealias Inference = @Sendable (inout TypeInference) throws -> Void
  /// The types that an operation passes to the arguments of its region, `unknown` where it cannot say.
  package typealias RegionArguments = @Sendable (Operation) throws -> [ValueType]
  /// Checks what operands, attributes and types alone cannot say. Throws a `ModelError` whose message names what is
  /// wrong.
  package typealias Verification = @Sendable (Operation) throws -> Void

  /// `""` is ONNX's default domain.
  package let domain: ByteString
  package let name: ByteString
  /// The opsets at which the operator's definition changed, ascending; the last is the form that the IR has.
  package let versions: [Int]
  /// One sentence for the reference of operators.
  package let summary: String
  package let operands: [OperandDefinition]
  package let results: [ResultDefinition]
  package let attributes: [AttributeDefinition]
  /// The attributes that have a default, with it.
  package let defaults: [Attribute]
  package let traits: Traits
  package let form: Form
  /// `nil` for operators whose regions have no arguments.
  package let regionArguments: RegionArguments?
  package let infer: Inference?
  /// What holds of the results in every older form of the operator, too; `nil` where nothing does.
  package let inferLegacy: Inference?
  package let verify: Verification?

  package init(
    _ name: ByteString, domain: ByteString = "", versions: [Int], _ summary: String = "",
    operands: [OperandDefinition] = [], results: [ResultDefinition] = [], attributes: [AttributeDefinition] = [],
    traits: Traits = [.pure], form: Form = .declared, regionArguments: RegionArguments? = nil,
    infer: Inference? = nil, inferLegacy: Inference? = nil, verify: Verification? = nil
  ) {
    self.domain = domain
    self.name = name
    self.versions = versions
    self.summary = summary
    self.operands = operands
    self.results = results
    self.attributes = attributes
    defaults = attributes.compactMap { definition in definition.defaultValue.map { Attribute(definition.name, $0) } }
    self.traits = traits
    self.form = form
    self.regionArguments = regionArguments
    self.infer = infer
    self.inferLegacy = inferLegacy
    self.verify = verify
  }

  /// An operator that this build does not know: any operands, any results, effects unknown.
  package static func opaque(domain: ByteString, name: ByteString) -> OpDefinition {
    OpDefinition(
      name, domain: domain, versions: [], operands: [.variadic("inputs", .any, minimum: 0)],
      results: [.variadic("outputs", .anything)], traits: [], form: .opaque)
  }

  /// `declared` in its version `version`, which is not 1:1 with the newest: kept like an opaque operator, with the
  /// effects of the declared one.
  package static func legacy(_ declared: OpDefinition, version: Int) -> OpDefinition {
    OpDefinition(
      declared.name, domain: declared.domain, versions: declared.versions.filter { $0 <= version }, declared.summary,
      operands: [.variadic("inputs", .any, minimum: 0)], results: [.variadic("outputs", .anything)],
      traits: declared.traits.intersection([.pure, .random, .hasRegions]), form: .legacy(version: version),
      infer: declared.inferLegacy)
  }

  /// The opset from which on the IR's form of this operator can be said.
  package var since: Int { versions.last ?? 1 }

  /// `Conv`, `com.microsoft::FusedConv`, `Softmax@11`.
  package var qualifiedName: String {
    let base = domain.isEmpty ? name.text : "\(domain.text)::\(name.text)"
    if case .legacy(let version) = form { return "\(base)@\(version)" }
    return base
  }

  /// What holds of every operation of an operator.
  package struct Traits: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// No effects, and the same results for the same operands: may be removed, shared and folded.
    package static let pure = Traits(rawValue: 1 << 0)
    package static let commutative = Traits(rawValue: 1 << 1)
    /// Each result element depends on the operands' elements at its position alone (after broadcasting).
    package static let elementwise = Traits(rawValue: 1 << 2)
    /// `f(f(x)) = f(x)`.
    package static let idempotent = Traits(rawValue: 1 << 3)
    /// May be removed, but neither shared nor folded: two runs differ.
    package static let random = Traits(rawValue: 1 << 4)
    /// Decodes a constant that is kept encoded on purpose: folding skips it.
    package static let encodedConstant = Traits(rawValue: 1 << 5)
    package static let hasRegions = Traits(rawValue: 1 << 6)
    /// Ends a graph.
    package static let terminator = Traits(rawValue: 1 << 7)
    /// Moves or selects elements and computes nothing: exact for every element type.
    package static let dataMovement = Traits(rawValue: 1 << 8)
  }
}

/// One operand of an operator.
package struct OperandDefinition: Sendable {
  package enum Arity: Hashable, Sendable {
    case required, optional
    case variadic(minimum: Int)
  }

  package let name: String
  package let arity: Arity
  package let elementTypes: ElementTypes
  /// Whether something else than a dense tensor (a sequence, an optional) may be passed.
  package let acceptsNonTensors: Bool
  /// Whether a variadic operand may have another type each time.
  package let isHeterogeneous: Bool
  /// The earlier operand whose element type this one must have too.
  package let elementTypeSource: String?

  package init(
    name: String, arity: Arity, elementTypes: ElementTypes, acceptsNonTensors: Bool = false,
    isHeterogeneous: Bool = false,
    elementTypeSource: String? = nil
  ) {
    self.name = name
    self.arity = arity
    self.elementTypes = elementTypes
    self.acceptsNonTensors = acceptsNonTensors
    self.isHeterogeneous = isHeterogeneous
    self.elementTypeSource = elementTypeSource
  }

  package static func required(_ name: String, _ types: ElementTypes = .any) -> OperandDefinition {
    OperandDefinition(name: name, arity: .required, elementTypes: types)
  }

  package static func required(_ name: String, sameElementTypeAs operand: String) -> OperandDefinition {
    OperandDefinition(name: name, arity: .required, elementTypes: .any, elementTypeSource: operand)
  }

  package static func optional(_ name: String, _ types: ElementTypes = .any) -> OperandDefinition {
    OperandDefinition(name: name, arity: .optional, elementTypes: types)
  }

  package static func optional(_ name: String, sameElementTypeAs operand: String) -> OperandDefinition {
    OperandDefinition(name: name, arity: .optional, elementTypes: .any, elementTypeSource: operand)
  }

  /// The last operand, any number of times, always with the same element type.
  package static func variadic(_ name: String, _ types: ElementTypes = .any, minimum: Int = 1) -> OperandDefinition {
    OperandDefinition(name: name, arity: .variadic(minimum: minimum), elementTypes: types)
  }

  /// The same operand, which may also be a sequence, an optional or a map; where it is variadic, each time of another
  /// type.
  package var ofAnyKind: OperandDefinition {
    OperandDefinition(
      name: name, arity: arity, elementTypes: elementTypes, acceptsNonTensors: true, isHeterogeneous: true)
  }

  /// The same variadic operand, each time a tensor of another element type.
  package var ofMixedTypes: OperandDefinition {
    OperandDefinition(name: name, arity: arity, elementTypes: elementTypes, isHeterogeneous: true)
  }
}

/// One result of an operator.
package struct ResultDefinition: Sendable {
  /// Where its element type comes from.
  package enum ElementRule: Hashable, Sendable {
    case same(asOperand: String)
    case fixed(ElementType)
    /// Inference decides (an attribute does, or it is no tensor).
    case anything
  }

  package enum Arity: Hashable, Sendable {
    case required, optional, variadic
  }

  package let name: String
  package let arity: Arity
  package let rule: ElementRule

  package static func required(_ name: String, sameElementTypeAs operand: String) -> ResultDefinition {
    ResultDefinition(name: name, arity: .required, rule: .same(asOperand: operand))
  }

  package static func required(_ name: String, _ type: ElementType) -> ResultDefinition {
    ResultDefinition(name: name, arity: .required, rule: .fixed(type))
  }

  package static func required(_ name: String) -> ResultDefinition {
    ResultDefinition(name: name, arity: .required, rule: .anything)
  }

  package static func optional(_ name: String, _ rule: ElementRule = .anything) -> ResultDefinition {
    ResultDefinition(name: name, arity: .optional, rule: rule)
  }

  package static func variadic(_ name: String, _ rule: ElementRule = .anything) -> ResultDefinition {
    ResultDefinition(name: name, arity: .variadic, rule: rule)
  }
}

/// One attribute of an operator.
package final class AttributeDefinition: Sendable {
  package let name: ByteString
  package let kind: AttributeKind
  /// What an operation without the attribute means; `nil` where there is no such value.
  package let defaultValue: AttributeValue?
  package let isRequired: Bool
  /// What each number of a list says that is left out, where its length follows from something else.
  package let eachDefault: Int64?

  private init(
    name: ByteString, kind: AttributeKind, defaultValue: AttributeValue?, isRequired: Bool, eachDefault: Int64? = nil
  ) {
    self.name = name
    self.kind = kind
    self.defaultValue = defaultValue
    self.isRequired = isRequired
    self.eachDefault = eachDefault
  }

  package static func int(_ name: ByteString, default value: Int64? = nil) -> AttributeDefinition {
    AttributeDefinition(name: name, kind: .int, defaultValue: value.map { .int($0) }, isRequired: false)
  }

  package static func float(_ name: ByteString, default value: Float? = nil) -> AttributeDefinition {
    AttributeDefinition(name: name, kind: .float, defaultValue: value.map { .float($0) }, isRequired: false)
  }

  package static func string(_ name: ByteString, default value: ByteString? = nil) -> AttributeDefinition {
    AttributeDefinition(name: name, kind: .string, defaultValue: value.map { .string($0) }, isRequired: false)
  }

  package static func ints(_ name: ByteString, default value: [Int64]? = nil) -> AttributeDefinition {
    AttributeDefinition(name: name, kind: .ints, defaultValue: value.map { .ints($0) }, isRequired: false)
  }

  package static func ints(_ name: ByteString, each value: Int64) -> AttributeDefinition {
    AttributeDefinition(name: name, kind: .ints, defaultValue: nil, isRequired: false, eachDefault: value)
  }

  package static func floats(_ name: ByteString) -> AttributeDefinition { optional(name, .floats) }
  package static func strings(_ name: ByteString, default value: [ByteString]? = nil) -> AttributeDefinition {
    AttributeDefinition(name: name, kind: .strings, defaultValue: value.map { .strings($0) }, isRequired: false)
  }

  package static func tensor(_ name: ByteString) -> AttributeDefinition { optional(name, .tensor) }

  /// An attribute without a default that may be left out.
  package static func optional(_ name: ByteString, _ kind: AttributeKind) -> AttributeDefinition {
    AttributeDefinition(name: name, kind: kind, defaultValue: nil, isRequired: false)
  }

  /// An attribute that must be written.
  package static func required(_ name: ByteString, _ kind: AttributeKind) -> AttributeDefinition {
    AttributeDefinition(name: name, kind: kind, defaultValue: nil, isRequired: true)
  }
}
