import IR

/// Computes once what is computed twice.
///
///     %a = Exp(%x)
///     %b = Exp(%x)
///     %c = Add(%a, %b)
///   ->
///     %a = Exp(%x)
///     %c = Add(%a, %a)
///
/// Two operations are the same where operator, operands and attributes are, the operands of a commutative operator in
/// any order. So are two small integer tensors all of whose elements are known as expressions of the same symbols: the
/// shapes that dynamic models compute again and again. An operation inside If or Loop may be replaced by one of a graph around it, never the other way. Random
/// operators, unknown ones and those with regions stay. Exact.
struct CSE: Pass {
  static let name = "cse"
  static let summary = "computes once what is computed twice"
  static let details = """
    Two operations are the same where operator, operands and attributes are, or where they compute the same shape. Random \
    operators are never merged, nor are those that this build does not know.
    """

  func run(on module: Module, _ context: PassContext) throws {
    var merged = 0
    for body in module.bodies {
      var computed = Computed(expecting: body.count)
      merged += try merge(in: body, &computed, context)
    }
    context.count("operations merged", merged)
    if merged == 0 { context.note("nothing to merge: nothing is computed twice") }
  }

  /// How many operations were merged.
  private func merge(in graph: Graph, _ computed: inout Computed, _ context: PassContext) throws -> Int {
    var merged = 0
    for operation in graph.operations where context.mayRewrite {
      for region in operation.regions {
        let outside = computed.mark
        merged += try merge(in: region.graph, &computed, context)
        computed.forget(after: outside)
      }
      guard let twin = computed.twin(of: operation) else {
        merged += try mergeContents(of: operation, &computed, context)
        continue
      }
      context.applied("the same as \(twin.place)", at: operation)
      for case (let result?, let other?) in zip(operation.results, twin.results) {
        try context.rewriter.replace(result, with: other)
      }
      context.rewriter.erase(operation)
      merged += 1
    }
    return merged
  }

  /// Replaces the result of `operation` by a value computed before whose elements are known to be the same; whether it
  /// did, as a number.
  private func mergeContents(
    of operation: Operation, _ computed: inout Computed, _ context: PassContext
  ) throws -> Int {
    guard let result = operation.result(), result.hasUses, operation.results.count == 1,
      let twin = computed.sameContents(as: result), twin.type.isCompatible(with: result.type)
    else { return 0 }
    context.applied("the same shape as \(twin)", at: operation)
    computed.forget(operation)
    try context.rewriter.replace(result, with: twin)
    context.rewriter.erase(operation)
    return 1
  }
}

/// What was computed before the operation at hand, in its graph and in those around.
private struct Computed {
  /// What makes two small integer tensors the same.
  private struct Contents: Hashable {
    let type: TensorType
    let elements: [Dimension]
  }

  /// How much was known at some place.
  struct Mark {
    fileprivate let operations: Int
    fileprivate let contents: Int
  }

  private var operations: Set<Computation>
  private var order: [Computation] = []
  private var values: [Contents: Value] = [:]
  private var valueOrder: [Contents] = []

  /// - Parameter count: about how many operations are to come.
  init(expecting count: Int) {
    operations = Set(minimumCapacity: count)
  }

  var mark: Mark { Mark(operations: order.count, contents: valueOrder.count) }

  /// Forgets what was computed inside a region that ends here.
  mutating func forget(after mark: Mark) {
    for key in order[mark.operations...] { operations.remove(key) }
    order.removeSubrange(mark.operations...)
    for key in valueOrder[mark.contents...] { values[key] = nil }
    valueOrder.removeSubrange(mark.contents...)
  }

  /// The value that has the same elements as `value`, an operation's result; without one, `value` is remembered.
  mutating func sameContents(as value: Value) -> Value? {
    guard let operation = value.definingOperation, operation.has(.pure), !operation.has(.random), !operation.isConstant,
      let elements = value.contents, !elements.isEmpty, !elements.contains(.unknown),
      elements.knownDimensions == nil, let type = value.tensorType
    else { return nil }
    let key = Contents(type: type, elements: elements)
    if let twin = values[key] { return twin }
    values[key] = value
    valueOrder.append(key)
    return nil
  }

  /// The operation that computes the same; without one, `operation` is remembered.
  mutating func twin(of operation: Operation) -> Operation? {
    guard operation.has(.pure), !operation.has(.random), !operation.isConstant, operation.regions.isEmpty else {
      return nil
    }
    let (isNew, known) = operations.insert(Computation(operation))
    guard isNew else { return known.operation }
    order.append(known)
    return nil
  }

  /// Forgets an operation that is to be erased.
  mutating func forget(_ operation: Operation) {
    let known = operations.firstIndex(of: Computation(operation))
    if let known, operations[known].operation === operation { operations.remove(at: known) }
  }
}

/// An operation that equals those that compute the same. Its operands and attributes are not to change while a set has it.
private struct Computation: Hashable {
  let operation: Operation
  private let fingerprint: Int

  init(_ operation: Operation) {
    self.operation = operation
    fingerprint = Self.fingerprint(operation)
  }

  static func == (a: Computation, b: Computation) -> Bool {
    guard a.fingerprint == b.fingerprint else { return false }
    let (a, b) = (a.operation, b.operation)
    return a.definition === b.definition && a.overload == b.overload && a.results.count == b.results.count
      && zip(a.results, b.results).allSatisfy { ($0 == nil) == ($1 == nil) } && haveSameOperands(a, b)
      && a.writtenAttributes.elementsEqual(b.writtenAttributes)
  }

  private static func haveSameOperands(_ a: Operation, _ b: Operation) -> Bool {
    guard a.operandCount == b.operandCount else { return false }
    if zip(a.operandUses, b.operandUses).allSatisfy({ $0.value === $1.value }) { return true }
    guard a.has(.commutative) else { return false }
    return a.operandUses.map(\.valueNumber).sorted() == b.operandUses.map(\.valueNumber).sorted()
  }

  func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }

  /// The same for operations that compute the same.
  private static func fingerprint(_ operation: Operation) -> Int {
    var hasher = Hasher()
    hasher.combine(ObjectIdentifier(operation.definition))
    // Operands in another order give the same number where the order does not matter.
    let weight: UInt = operation.has(.commutative) ? 1 : 31
    hasher.combine(operation.operandUses.reduce(0) { $0 &* weight &+ $1.valueNumber })
    for attribute in operation.writtenAttributes { hasher.combine(attribute) }
    return hasher.finalize()
  }
}

extension Operation {
  /// The attributes that say something else than their defaults.
  fileprivate var writtenAttributes: some Sequence<Attribute> {
    attributes.all.lazy.filter { attribute in
      !self.definition.defaults.contains { $0.name == attribute.name && $0.value == attribute.value }
    }
  }
}

extension Use {
  /// A number that is this value's alone while it lives; 0 where the operand is absent.
  fileprivate var valueNumber: UInt { value.map { UInt(bitPattern: ObjectIdentifier($0)) } ?? 0 }
}
