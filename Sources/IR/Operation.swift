/// One operation of a graph.
package final class Operation {
  /// A graph that is part of an operation: ONNX's graph-valued attribute of that name.
  package struct Region {
    package let name: ByteString
    package let graph: Graph

    package init(name: ByteString, graph: Graph) {
      self.name = name
      self.graph = graph
    }
  }

  /// How a file wrote a constant, so that it can be written back the same way.
  package enum ConstantForm: Hashable, Sendable {
    /// An initializer; `slot` is its place among the graph's inputs where it was also listed there (below IR version
    /// 4).
    case initializer(slot: Int?)
    /// A Constant operation.
    case operation
  }

  package internal(set) var definition: OpDefinition { didSet { mayInferMore = true } }
  /// Chooses among functions of one name. ONNX IR version 10.
  package var overload: ByteString = ""
  package internal(set) var operandUses: [Use] = []
  /// Optional results may be absent.
  package internal(set) var results: [Value?] = []
  package internal(set) var attributes: Attributes { didSet { mayInferMore = true } }
  package internal(set) var regions: [Region]
  package var location: Location
  package var annotations: Annotations?
  /// Whether something that types follow from has changed since they were inferred. What happens inside regions is not
  /// seen.
  package internal(set) var mayInferMore = true
  /// For a `constant`: how it was written.
  package internal(set) var constantForm: ConstantForm = .initializer(slot: nil)

  /// The graph that holds the operation; `nil` while it is in none.
  package internal(set) unowned var parent: Graph?
  package internal(set) var next: Operation?
  package internal(set) unowned var previous: Operation?
  /// Grows along the graph; maintained by it.
  var order = 0

  init(_ definition: OpDefinition, operands: [Value?], attributes: Attributes, regions: [Region], location: Location) {
    self.definition = definition
    self.attributes = attributes
    self.regions = regions
    self.location = location
    operandUses = operands.enumerated().map { Use(owner: self, index: $0.offset, value: $0.element) }
    for region in regions { region.graph.parentOperation = self }
  }

  // MARK: Operands and results

  package var operandCount: Int { operandUses.count }
  package var operands: [Value?] { operandUses.map(\.value) }

  /// The operand at `index`; `nil` where it is absent.
  package func operand(_ index: Int) -> Value? {
    operandUses.indices.contains(index) ? operandUses[index].value : nil
  }

  /// The result at `index`; `nil` where it is absent.
  package func result(_ index: Int = 0) -> Value? {
    results.indices.contains(index) ? results[index] : nil
  }

  /// The results that are present.
  package var presentResults: [Value] { results.compactMap { $0 } }

  package var hasUsedResults: Bool { results.contains { $0?.hasUses ?? false } }

  // MARK: What it is

  package func `is`(_ definition: OpDefinition) -> Bool { self.definition === definition }
  package func has(_ traits: OpDefinition.Traits) -> Bool { definition.traits.isSuperset(of: traits) }
  package var isConstant: Bool { definition === OpDefinition.constant }

  /// The literal of a `constant` of a dense tensor.
  package var literal: TensorLiteral? {
    guard isConstant, case .tensor(let literal)? = attributes[Self.valueName] else { return nil }
    return literal
  }

  private static let valueName: ByteString = "value"

  /// `node 'conv1' (Conv)`: how messages about a source file name an operation.
  package var place: String { OperationPlace(self).description }

  /// The graph of the region called `name`.
  package func region(_ name: ByteString) -> Graph? { regions.first { $0.name == name }?.graph }

  // MARK: Attributes, with the declaration's defaults

  /// The attribute as written, or its default.
  package func attribute(_ name: ByteString) -> AttributeValue? {
    attributes[name] ?? definition.attributes.first { $0.name == name }?.defaultValue
  }

  package func int(_ name: ByteString) -> Int? {
    if case .int(let value)? = attribute(name) { Int(value) } else { nil }
  }

  /// Whether the integer attribute is there and not 0.
  package func flag(_ name: ByteString) -> Bool { int(name) ?? 0 != 0 }

  package func float(_ name: ByteString) -> Float? {
    if case .float(let value)? = attribute(name) { value } else { nil }
  }

  package func string(_ name: ByteString) -> ByteString? {
    if case .string(let value)? = attribute(name) { value } else { nil }
  }

  package func ints(_ name: ByteString) -> [Int]? {
    if case .ints(let values)? = attribute(name) { values.map { Int($0) } } else { nil }
  }

  package func floats(_ name: ByteString) -> [Float]? {
    if case .floats(let values)? = attribute(name) { values } else { nil }
  }

  package func strings(_ name: ByteString) -> [ByteString]? {
    if case .strings(let values)? = attribute(name) { values } else { nil }
  }

  package func tensor(_ name: ByteString) -> TensorLiteral? {
    if case .tensor(let value)? = attribute(name) { value } else { nil }
  }

  /// Whether the value of an attribute is known only where the function around is called. Nothing can be inferred or
  /// computed then.
  package var refersToFunctionAttributes: Bool {
    attributes.all.contains { attribute in
      if case .reference = attribute.value { true } else { false }
    }
  }

  /// Whether this comes before `other` in the same graph.
  package func isBefore(_ other: Operation) -> Bool {
    guard let parent, parent === other.parent else { return false }
    parent.renumberIfNeeded()
    return order < other.order
  }
}

extension Operation: IdentityHashable {}

/// How messages name an operation, as it is now: words are made of it only where somebody asks.
package struct OperationPlace: CustomStringConvertible {
  private let definition: OpDefinition
  private let name: ByteString
  private let resultName: ByteString?

  package init(_ operation: Operation) {
    definition = operation.definition
    name = operation.location.name
    resultName = operation.result()?.name
  }

  package var description: String {
    if definition === OpDefinition.constant { return "tensor '\((resultName ?? name).text)'" }
    return "node '\((name.isEmpty ? resultName ?? "" : name).text)' (\(definition.qualifiedName))"
  }
}
