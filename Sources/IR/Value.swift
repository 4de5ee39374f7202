/// An argument of a graph or a result of an operation: defined once, used any number of times.
package final class Value {
  /// What defines a value.
  package enum Definition {
    case argument(Graph, index: Int)
    case result(Operation, index: Int)
  }

  /// Unique among the values that are visible at the same place. Never empty.
  package internal(set) var name: ByteString
  /// What is known of the type. Types of a graph's arguments are kept as declared.
  package internal(set) var type: ValueType { didSet { if type != oldValue { usersMayInferMore() } } }
  /// The type that the source file wrote down for this value, kept so that it can be written back; `nil` where it wrote
  /// none.
  package internal(set) var declaredType: ValueType?
  /// The elements, where this is a small tensor of int64, int32 or bool, of rank 0 or 1, and something is known of
  /// them. Truth values are 1 and 0.
  package internal(set) var contents: [Dimension]? { didSet { if contents != oldValue { usersMayInferMore() } } }
  package var annotations: Annotations?
  /// For an argument: the value that it has unless a caller passes another (ONNX's overridable initializer).
  package internal(set) var defaultLiteral: TensorLiteral?

  private unowned var graph: Graph?
  private unowned var operation: Operation?
  package internal(set) var index: Int

  package internal(set) var useCount = 0
  unowned var firstUse: Use?
  unowned var lastUse: Use?

  init(argumentOf graph: Graph, index: Int, name: ByteString, type: ValueType) {
    self.graph = graph
    self.index = index
    self.name = name
    self.type = type
  }

  init(resultOf operation: Operation, index: Int, name: ByteString, type: ValueType) {
    self.operation = operation
    self.index = index
    self.name = name
    self.type = type
  }

  /// The operation whose result this is; `nil` for an argument.
  package var definingOperation: Operation? { operation }

  /// The graph whose argument this is; `nil` for a result.
  package var argumentGraph: Graph? { graph }

  /// The graph in which the value is defined.
  package var parent: Graph? { graph ?? operation?.parent }

  package var uses: Uses { Uses(first: firstUse) }
  package var hasUses: Bool { useCount > 0 }
  /// Whether an operation of another operator than `definition` uses it.
  package func hasUses(apartFrom definition: OpDefinition) -> Bool {
    uses.contains { $0.owner.definition !== definition }
  }
  package var hasOneUse: Bool { useCount == 1 }
  /// The use, where there is no other.
  package var onlyUse: Use? { hasOneUse ? firstUse : nil }

  /// The literal, where a `constant` of a dense tensor defines this value.
  package var literal: TensorLiteral? { operation?.literal }

  /// Whether a graph returns it.
  package var isReturned: Bool { uses.contains { $0.owner.definition === OpDefinition.return } }

  package var tensorType: TensorType? { type.tensor }

  /// Notes that more, or something else, is known of this value.
  private func usersMayInferMore() {
    for use in uses { use.owner.mayInferMore = true }
  }
}

extension Value: CustomStringConvertible {
  package var description: String { "%\(name.text)" }
}

extension Value: IdentityHashable {}
