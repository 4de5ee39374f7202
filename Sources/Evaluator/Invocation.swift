import IR

/// One evaluation as a kernel sees it: operands and attributes to read, and results to make within the budget.
struct Invocation {
  let operation: Operation
  let operands: [TensorLiteral?]
  let budget: Evaluator.Budget
  /// What a fast kernel is to do with the elements that it computes.
  var finish: ChannelFinish?

  init(_ operation: Operation, operands: [TensorLiteral?], budget: Evaluator.Budget) {
    self.operation = operation
    self.operands = operands
    self.budget = budget
  }

  // MARK: Operands

  /// The operand at `index`; `nil` where it is absent.
  subscript(optional index: Int) -> TensorLiteral? { operands.indices.contains(index) ? operands[index] : nil }

  /// - Throws: `Refusal` where the operand is absent.
  func operand(_ index: Int) throws -> TensorLiteral {
    guard let operand = self[optional: index] else { throw Refusal(.unsupported, "operand \(index) is absent") }
    return operand
  }

  /// Longer lists of integers are data, not shapes.
  private static let longestList = 1 << 20

  /// The elements of a short integer operand: axes, sizes, positions. `nil` where it is absent.
  func integers(_ index: Int) throws -> [Int]? {
    guard let operand = self[optional: index] else { return nil }
    guard operand.elementCount <= Self.longestList else { throw Refusal(.overBudget, "operand \(index) is too long") }
    guard operand.elementType.numberKind == .signed || operand.elementType.numberKind == .unsigned else {
      throw Refusal(.unsupported, "operand \(index) is not of integers")
    }
    return try operand.withWindow(0..<operand.elementCount) { bytes in
      (0..<operand.elementCount).map { Int(Int64.load(bytes, $0, operand.elementType)) }
    }
  }

  /// The one element of an integer operand; `nil` where it is absent.
  func integer(_ index: Int) throws -> Int? {
    guard let values = try integers(index) else { return nil }
    guard values.count == 1 else {
      throw Refusal(.undefined, "operand \(index) has \(values.count) elements instead of one")
    }
    return values[0]
  }

  /// The packed bytes of the one element of an operand; `nil` where it is absent.
  func element(_ index: Int) throws -> [UInt8]? {
    guard let operand = self[optional: index] else { return nil }
    guard operand.elementCount == 1, operand.elementType.bitWidth != nil else {
      throw Refusal(.undefined, "operand \(index) has \(operand.elementCount) elements instead of one")
    }
    return try operand.smallBytes()
  }

  /// An axis counted from the front.
  func axis(_ axis: Int, rank: Int) throws -> Int {
    guard axis >= -rank, axis < rank else {
      throw Refusal(.undefined, "axis \(axis) is outside a tensor of rank \(rank)")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// Distinct axes counted from the front.
  func axes(_ axes: [Int], rank: Int) throws -> [Int] {
    let normalized = try axes.map { try axis($0, rank: rank) }
    guard Set(normalized).count == normalized.count else {
      throw Refusal(.undefined, "axes \(axes) name an axis twice")
    }
    return normalized
  }

  // MARK: Results

  /// - Throws: `Refusal` where the work is more than the budget allows.
  func spend(_ steps: Int) throws {
    try budget.work.take(steps)
  }

  /// - Throws: `Refusal` where `count` pieces of work of `steps` each are more than the budget allows.
  func spend(_ count: Int, times steps: Int) throws {
    let (product, overflow) = count.multipliedReportingOverflow(by: steps)
    try spend(overflow ? .max : product)
  }

  /// The number of elements of a result of these dimensions.
  ///
  /// - Throws: `Refusal` where they cannot be counted, or the result is over the budget.
  func admit(_ elementType: ElementType, _ dimensions: [Int]) throws -> Int {
    guard let count = Shapes.elementCount(dimensions), let bytes = elementType.byteCount(elements: count) else {
      throw Refusal(.overBudget, "the result \(elementType.rawValue)\(dimensions) is too large")
    }
    guard bytes <= budget.resultBytes else {
      throw Refusal(.overBudget, "the result \(elementType.rawValue)\(dimensions) has \(bytes) bytes")
    }
    return count
  }

  /// A result whose bytes `fill` sets, all of them.
  func make(
    _ elementType: ElementType, _ dimensions: [Int], _ fill: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws -> TensorLiteral {
    let count = try admit(elementType, dimensions)
    guard let width = elementType.bitWidth, let bytes = elementType.byteCount(elements: count) else {
      throw Refusal(.unsupported, "strings are not computed")
    }
    guard bytes <= budget.heldBytes else {
      throw Refusal(.overBudget, "the result \(elementType.rawValue)\(dimensions) would have to be held in memory")
    }
    try spend(count)
    let buffer = try Buffer(count: bytes) { output in
      if width < 8 { output.initializeMemory(as: UInt8.self, repeating: 0) }
      try fill(output)
    }
    return try TensorLiteral(elementType, dimensions, .bytes(ByteSlice(buffer)))
  }

  /// A result of int64 elements.
  func make(_ values: [Int], _ dimensions: [Int]) throws -> TensorLiteral {
    try make(.int64, dimensions) { output in
      for (index, value) in values.enumerated() { Int64.store(Int64(value), output, index, .int64) }
    }
  }

  /// The bytes of `literal` under other dimensions: nothing is moved.
  func reshape(_ literal: TensorLiteral, _ dimensions: [Int]) throws -> TensorLiteral {
    guard Shapes.elementCount(dimensions) == literal.elementCount else {
      throw Refusal(.undefined, "\(literal.elementCount) elements do not fill \(dimensions)")
    }
    return try TensorLiteral(literal.elementType, dimensions, literal.source)
  }

  /// A result that a move makes: at once where it is small, else when it is written.
  func move(
    _ elementType: ElementType, _ dimensions: [Int], _ parts: [(TensorLiteral, StridedMove.Part)],
    background: [UInt8]? = nil
  ) throws -> TensorLiteral {
    let move = StridedMove(elementType: elementType, parts: parts.map(\.1), background: background)
    let inputs = parts.map(\.0)
    if background == nil, let first = inputs.first, case .splat = first.source,
      inputs.allSatisfy({ $0.source == first.source })
    {
      _ = try admit(elementType, dimensions)
      return try TensorLiteral(elementType, dimensions, first.source)
    }
    return try transform(elementType, dimensions, move, inputs)
  }

  /// A result that is made at once where it is small, else when it is written.
  func transform(
    _ elementType: ElementType, _ dimensions: [Int], _ transform: some WholeTransform, _ inputs: [TensorLiteral]
  ) throws -> TensorLiteral {
    let count = try admit(elementType, dimensions)
    guard let bytes = elementType.byteCount(elements: count), bytes > budget.lazyFrom else {
      return try make(elementType, dimensions) { try transform.apply(to: inputs, output: $0) }
    }
    return try TensorLiteral(elementType, dimensions, .whole(WholeEvaluation(transform, of: inputs)))
  }
}

/// Calls `body` with the bytes of all `literals`, in order.
func withBytes<Result>(
  of literals: ArraySlice<TensorLiteral>, _ bytes: [UnsafeRawBufferPointer] = [],
  _ body: ([UnsafeRawBufferPointer]) throws -> Result
) throws -> Result {
  guard let first = literals.first else { return try body(bytes) }
  return try first.withWindow(0..<first.elementCount) {
    try withBytes(of: literals.dropFirst(), bytes + [$0], body)
  }
}
