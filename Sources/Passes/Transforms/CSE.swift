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
/// any order. An operation inside If or Loop may be replaced by one of a graph around it, never the other way. Random
/// operators, unknown ones and those with regions stay. Exact.
struct CSE: Pass {
  static let name = "cse"
  static let summary = "computes once what is computed twice"
  static let details = """
    Two operations are the same where operator, operands and attributes are. Random operators are never merged, nor are \
    those that this build does not know.
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
    for operation in graph.operations {
      for region in operation.regions { merged += try merge(in: region.graph, &computed, context) }
      guard let twin = computed.twin(of: operation) else { continue }
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

  private var operations: [Key: Operation] = [:]
  private var order: [Key] = []
  private var numbers: [Value: Int] = [:]

  var mark: Int { order.count }

  /// Forgets what was computed inside a region that ends here.
  mutating func forget(after mark: Int) {
    for key in order[mark...] { operations[key] = nil }
    order.removeSubrange(mark...)
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
