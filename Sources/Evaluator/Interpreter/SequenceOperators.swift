import IR

/// One evaluation of an operator whose operands or results need not be tensors.
struct ValueInvocation {
  let operation: Operation
  let operands: [RuntimeValue?]
  let budget: Evaluator.Budget

  init(_ operation: Operation, operands: [RuntimeValue?], budget: Evaluator.Budget) {
    self.operation = operation
    self.operands = operands
    self.budget = budget
  }

  subscript(index: Int) -> RuntimeValue? { operands.indices.contains(index) ? operands[index] : nil }

  /// The elements of a sequence.
  func sequence(_ index: Int) throws -> [RuntimeValue] {
    guard let elements = self[index]?.elements else { throw Refusal(.undefined, "operand \(index) is no sequence") }
    return elements
  }

  /// An evaluation over the operands at `indices`, which are tensors or absent.
  func tensors(_ indices: [Int]) throws -> Invocation {
    let literals = try indices.map { index -> TensorLiteral? in
      guard let value = self[index] else { return nil }
      guard let literal = value.tensor else { throw Refusal(.undefined, "operand \(index) is no tensor") }
      return literal
    }
    return Invocation(operation, operands: literals, budget: budget)
  }

  /// The position that the operand at `index` gives, counted from the front; `nil` where it is absent.
  func position(_ index: Int, count: Int) throws -> Int? {
    guard let given = try tensors([index]).integer(0) else { return nil }
    guard given >= -count, given < count else {
      throw Refusal(.undefined, "position \(given) is outside a sequence of \(count)")
    }
    return given < 0 ? given + count : given
  }
}

/// Operators of sequences and optionals.
enum SequenceOperators {
  typealias Body = @Sendable (ValueInvocation) throws -> [RuntimeValue?]

  private static let all: [(OpDefinition, Body)] = [
    (.identity, { [$0[0]] }),
    (.sequenceConstruct, { [.sequence($0.operands.compactMap { $0 })] }),
    (.sequenceEmpty, { _ in [.sequence([])] }),
    (
      .sequenceLength,
      { invocation in [.tensor(try invocation.tensors([]).make([invocation.sequence(0).count], []))] }
    ),
    (.sequenceAt, at),
    (.sequenceErase, erase),
    (.sequenceInsert, insert),
    (.concatFromSequence, concatenate),
    (.splitToSequence, split),
    (.optional, { [.optional($0[0])] }),
    (
      .optionalGetElement,
      { invocation in
        guard case .optional(let value)? = invocation[0] else { return [invocation[0]] }
        guard let value else { throw Refusal(.undefined, "the optional holds nothing") }
        return [value]
      }
    ),
    (
      .optionalHasElement,
      { invocation in
        let isThere = if case .optional(let value)? = invocation[0] { value != nil } else { invocation[0] != nil }
        return [.tensor(try TensorLiteral(.bool, [], bytes: [isThere ? 1 : 0]))]
      }
    ),
  ]

  private static let byDefinition = Dictionary(
    (all + MapOperators.all).map { (ObjectIdentifier($0.0), $0.1) }, uniquingKeysWith: { first, _ in first })

  static func kernel(of definition: OpDefinition) -> Body? { byDefinition[ObjectIdentifier(definition)] }

  @Sendable private static func at(_ invocation: ValueInvocation) throws -> [RuntimeValue?] {
    let elements = try invocation.sequence(0)
    guard let position = try invocation.position(1, count: elements.count) else {
      throw Refusal(.undefined, "there is no position")
    }
    return [elements[position]]
  }

  @Sendable private static func erase(_ invocation: ValueInvocation) throws -> [RuntimeValue?] {
    var elements = try invocation.sequence(0)
    guard !elements.isEmpty else { throw Refusal(.undefined, "the sequence is empty") }
    elements.remove(at: try invocation.position(1, count: elements.count) ?? elements.count - 1)
    return [.sequence(elements)]
  }

  @Sendable private static func insert(_ invocation: ValueInvocation) throws -> [RuntimeValue?] {
    var elements = try invocation.sequence(0)
    guard let value = invocation[1] else { throw Refusal(.undefined, "there is nothing to insert") }
    let given = try invocation.tensors([2]).integer(0) ?? elements.count
    guard given >= -elements.count, given <= elements.count else {
      throw Refusal(.undefined, "position \(given) is outside a sequence of \(elements.count)")
    }
    try invocation.budget.work.take(elements.count)
    elements.insert(value, at: given < 0 ? given + elements.count : given)
    return [.sequence(elements)]
  }

  @Sendable private static func concatenate(_ invocation: ValueInvocation) throws -> [RuntimeValue?] {
    var literals = try invocation.sequence(0).map { element in
      guard let literal = element.tensor else { throw Refusal(.undefined, "an element is no tensor") }
      return literal
    }
    guard let first = literals.first, let written = invocation.operation.int("axis") else {
      throw Refusal(.undefined, "the sequence is empty")
    }
    let whole = Invocation(invocation.operation, operands: [], budget: invocation.budget)
    if invocation.operation.flag("new_axis") {
      let axis = try whole.axis(written, rank: first.dimensions.count + 1)
      literals = try literals.map { literal in
        guard literal.dimensions == first.dimensions else { throw Refusal(.undefined, "the elements differ in shape") }
        var dimensions = literal.dimensions
        dimensions.insert(1, at: axis)
        return try whole.reshape(literal, dimensions)
      }
    }
    let joined = Invocation(invocation.operation, operands: literals, budget: invocation.budget)
    return try StringCarrier.run(joined, Movement.concat).map { $0.map { .tensor($0) } }
  }

  @Sendable private static func split(_ invocation: ValueInvocation) throws -> [RuntimeValue?] {
    let operands = try invocation.tensors([0, 1])
    let data = try operands.operand(0)
    let axis = try operands.axis(invocation.operation.int("axis") ?? 0, rank: data.dimensions.count)
    let length = data.dimensions[axis]
    var sizes = Array(repeating: 1, count: length)
    if let given = try operands.integers(1) {
      sizes = given
      if operands[optional: 1]?.dimensions.isEmpty == true {
        guard let size = given.first, size > 0 else { throw Refusal(.undefined, "parts of no length") }
        sizes = stride(from: 0, to: length, by: size).map { min(size, length - $0) }
      }
    }
    guard sizes.allSatisfy({ $0 >= 0 && $0 <= length }), sizes.reduce(0, &+) == length else {
      throw Refusal(.undefined, "the parts \(sizes) do not make up \(length)")
    }
    let dropsAxis = operands[optional: 1] == nil && invocation.operation.int("keepdims") == 0
    var start = 0
    return [
      .sequence(
        try sizes.map { size in
          defer { start += size }
          let layout = Layout(data.dimensions).sliced(axis, start: start, count: size)
          let dimensions = dropsAxis ? layout.dropping(axis).dimensions : layout.dimensions
          let part = Invocation(invocation.operation, operands: [data], budget: invocation.budget)
          return .tensor(
            try StringCarrier.run(part) { [try Movement.take($0, $0.operand(0), layout, as: dimensions)] }[0] ?? data)
        })
    ]
  }
}
