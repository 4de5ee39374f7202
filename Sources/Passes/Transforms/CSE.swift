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
      var computed = Computed()
      merged += try merge(in: body, &computed, context)
    }
    context.count("operations merged", merged)
    if merged == 0 { context.note("nothing to merge: nothing is computed twice") }
  }

  /// How many operations were merged.
  private func merge(in graph: Graph, _ computed: inout Computed, _ context: PassContext) throws -> Int {
    var merged = 0
    let outside = computed.mark
    for operation in graph.operations where context.mayRewrite {
      for region in operation.regions { merged += try merge(in: region.graph, &computed, context) }
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
    computed.forget(after: outside)
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
  /// What makes two operations the same.
  private struct Key: Hashable {
    let definition: ObjectIdentifier
    let overload: ByteString
    let operands: [Int]
    let attributes: [Attribute]
    let presentResults: [Bool]
  }

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

  private var operations: [Key: Operation] = [:]
  private var order: [Key] = []
  private var values: [Contents: Value] = [:]
  private var valueOrder: [Contents] = []
  private var numbers: [Value: Int] = [:]

  var mark: Mark { Mark(operations: order.count, contents: valueOrder.count) }

  /// Forgets what was computed inside a region that ends here.
  mutating func forget(after mark: Mark) {
    for key in order[mark.operations...] { operations[key] = nil }
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
    let key = key(of: operation)
    if let twin = operations[key] { return twin }
    operations[key] = operation
    order.append(key)
    return nil
  }

  /// Forgets an operation that is to be erased.
  mutating func forget(_ operation: Operation) {
    let key = key(of: operation)
    if operations[key] === operation { operations[key] = nil }
  }

  private mutating func key(of operation: Operation) -> Key {
    var operands = operation.operands.map { $0.map { number(of: $0) } ?? -1 }
    if operation.has(.commutative) { operands.sort() }
    let defaults = operation.definition.attributes
    return Key(
      definition: ObjectIdentifier(operation.definition), overload: operation.overload, operands: operands,
      attributes: operation.attributes.all.filter { attribute in
        !defaults.contains { $0.name == attribute.name && $0.defaultValue == attribute.value }
      },
      presentResults: operation.results.map { $0 != nil })
  }

  private mutating func number(of value: Value) -> Int {
    if let known = numbers[value] { return known }
    let number = numbers.count
    numbers[value] = number
    return number
  }
}
