import IR

extension Canonicalize {
  /// Shapes that are operands, and need not be computed.
  static let targetPatterns: [any RewritePattern] = [
    FixReshapeTarget(), RemoveExpandBeforeBroadcast(), RemoveExpandBeforeProduct(), MultiplyByOneMatrix(),
  ]
}

/// Says a shape that is known but for one extent as a constant.
///
///     %s = Concat(%batch, [12], [64]) : i64[3]
///     %y = Reshape(%x, %s) : f32[batch, 12, 64]
///   ->
///     %y = Reshape(%x, [-1, 12, 64])
///
/// An extent that is not a number is copied (0) where the operand has it at the same axis, and one may be left to the
/// number of elements (-1) where the others cannot be 0. Condition: the shape's contents say each extent.
struct FixReshapeTarget: RewritePattern {
  static let roots: [OpDefinition] = [.reshape]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard !operation.refersToFunctionAttributes, let source = operation.operand(0), let target = operation.operand(1),
      target.constantLiteral == nil
    else { return .noMatch }
    guard let result = operation.result()?.tensorType?.shape else { return .blocked("the result's rank is not known") }
    guard let numbers = Self.target(for: result, of: source.tensorType?.shape, written: target.contents) else {
      return .blocked("two extents of the result are neither numbers nor copied from the operand")
    }
    let constant = try context.rewriter.insertConstant(
      TensorLiteral.integers(numbers), name: target.name, before: operation)
    let reshaped = try context.rewriter.insert(.reshape, [source, constant], before: operation)
    try context.rewriter.replace(operation, with: reshaped.presentResults)
    return .rewritten
  }

  /// The constant by which Reshape makes `result` of `source`; `written` is what is known of the operand that does so now.
  static func target(for result: Shape, of source: Shape?, written: [Dimension]? = nil) -> [Int]? {
    guard !result.contains(.known(0)) else { return nil }
    let open = result.indices.filter { result[$0].value == nil }
    if open.count <= 1 { return result.map { $0.value ?? -1 } }
    var numbers = result.map { $0.value ?? -1 }
    for axis in open {
      guard let source, source.indices.contains(axis), source[axis].isEqual(to: result[axis]) == true else { continue }
      numbers[axis] = 0
    }
    let left = numbers.count { $0 == -1 }
    if left == 0 { return numbers }
    guard left == 1, let last = numbers.firstIndex(of: -1) else { return nil }
    // It follows from the number of elements only where the copied ones are not 0, unless it did so before.
    let wasLeftOpen = written?.count == result.count && written?[last] == .known(-1)
    let copied = open.filter { numbers[$0] == 0 }
    return wasLeftOpen || copied.allSatisfy { result[$0].isEqual(to: .known(0)) == false } ? numbers : nil
  }
}

/// Leaves the repeating to the operator that broadcasts anyhow.
///
///     %e = Expand(%x, %shape) : f32[n, 8, 8]
///     %y = Add(%e, %z) : f32[n, 8, 8]              with %x : f32[1, 8, 1] and %z : f32[n, 8, 8]
///   ->
///     %y = Add(%x, %z) : f32[n, 8, 8]
///
/// So does a ConstantOfShape leave it, of which one number is left.
///
/// Condition: without it, each extent of the result is certainly still that of some operand.
struct RemoveExpandBeforeBroadcast: RewritePattern {
  static let roots: [OpDefinition] = [
    .add, .and, .bitwiseAnd, .bitwiseOr, .bitwiseXor, .div, .equal, .greater, .greaterOrEqual, .less, .lessOrEqual,
    .max,
    .mean, .min, .mod, .mul, .or, .pow, .sub, .sum, .where, .xor,
  ]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    for index in 0..<operation.operandCount {
      guard let repeating = operation.producer(index, .expand) ?? operation.producer(index, .constantOfShape),
        let repeated = Self.repeated(by: repeating)
      else { continue }
      guard let result = operation.result()?.tensorType?.shape else {
        return .blocked("the result's rank is not known")
      }
      let shapes = operation.operands.enumerated().map { $0 == index ? repeated.shape : $1?.tensorType?.shape }
      let isKept = result.indices.allSatisfy { axis in
        shapes.contains { shape in
          guard let shape, shape.count >= result.count - axis else { return false }
          return shape[shape.count - (result.count - axis)].isEqual(to: result[axis]) == true
        }
      }
      guard isKept else { return .blocked("\(repeating.place) may enlarge the result") }
      let source: Value
      switch repeated {
      case .value(let value): source = value
      case .number(let literal):
        source = try context.rewriter.insertConstant(
          literal, name: repeating.result()?.name ?? "number", before: operation)
      }
      context.rewriter.setOperand(index, of: operation, to: source)
      return .rewritten
    }
    return .noMatch
  }

  /// What an operation repeats.
  private enum Repeated {
    case value(Value)
    case number(TensorLiteral)

    var shape: Shape? {
      switch self {
      case .value(let value): value.tensorType?.shape
      case .number: []
      }
    }
  }

  private static func repeated(by operation: Operation) -> Repeated? {
    if operation.is(.expand) { return operation.operand(0).map { .value($0) } }
    guard !operation.refersToFunctionAttributes, let written = operation.tensor("value"), written.elementCount == 1,
      written.elementType.bitWidth != nil, let bytes = try? written.smallBytes()
    else { return nil }
    return (try? TensorLiteral(written.elementType, [], .splat(bytes))).map { .number($0) }
  }
}

/// Leaves the repeating of matrices to the product, which broadcasts anyhow.
///
///     %e = Expand(%w, %shape) : f32[20, 32, 64]      with %w : f32[1, 32, 64]
///     %y = MatMul(%x, %e)                            with %x : f32[20, n, 32]
///   ->
///     %y = MatMul(%x, %w)
///
/// Conditions: the matrices themselves are not repeated inside; without it, each extent before them is certainly still that
/// of some operand.
struct RemoveExpandBeforeProduct: RewritePattern {
  static let roots: [OpDefinition] = [.matMul]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    for index in 0...1 {
      guard let expand = operation.producer(index, .expand), let source = expand.operand(0),
        let matrices = source.tensorType?.shape, let expanded = expand.result()?.tensorType?.shape,
        let others = operation.operand(1 - index)?.tensorType?.shape, matrices.count >= 2, others.count >= 2
      else { continue }
      let isSame = zip(matrices.suffix(2), expanded.suffix(2)).allSatisfy { $0.isEqual(to: $1) == true }
      let batches = [Array(matrices.dropLast(2).reversed()), Array(others.dropLast(2).reversed())]
      let isKept = expanded.dropLast(2).reversed().enumerated().allSatisfy { axis, extent in
        batches.contains { $0.indices.contains(axis) && $0[axis].isEqual(to: extent) == true }
      }
      guard isSame, isKept else { return .blocked("\(expand.place) may enlarge the result") }
      context.rewriter.setOperand(index, of: operation, to: source)
      return .rewritten
    }
    return .noMatch
  }
}

/// Multiplies by one matrix rather than by the same one for each of the others.
///
///     %y = MatMul(%x, %w)                            with %x : f32[20, n, 32], %w : f32[20, 32, 64] of 20 equal matrices
///   ->
///     %y = MatMul(%x, %w)                            with %w : f32[32, 64]
///
/// Conditions: a constant of at most a mebibyte; without it, each extent before the matrices is certainly still that of the
/// other operand.
struct MultiplyByOneMatrix: RewritePattern {
  static let roots: [OpDefinition] = [.matMul]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    for index in 0...1 {
      guard let literal = operation.operand(index)?.constantLiteral, literal.dimensions.count > 2,
        let others = operation.operand(1 - index)?.tensorType?.shape, others.count >= literal.dimensions.count,
        let matrix = try literal.repeatedMatrix()
      else { continue }
      let batches = zip(literal.dimensions.dropLast(2).reversed(), others.dropLast(2).reversed())
      guard batches.allSatisfy({ $0 == 1 || $1 == .known($0) }) else {
        return .blocked("the equal matrices enlarge the result")
      }
      let name = operation.operand(index)?.name ?? "matrix"
      context.rewriter.setOperand(
        index, of: operation, to: try context.rewriter.insertConstant(matrix, name: name, before: operation))
      return .rewritten
    }
    return .noMatch
  }
}

extension TensorLiteral {
  /// The matrix of the last two axes where it is the same all along the axes before.
  fileprivate func repeatedMatrix() throws -> TensorLiteral? {
    let shape = Array(dimensions.suffix(2))
    let count = shape.reduce(1, *)
    guard elementType.bitWidth ?? 0 >= 8, count > 0, elementCount > count, elementCount <= elementsPerWindow else {
      return nil
    }
    return try withWindow(0..<elementCount) { bytes in
      let size = bytes.count / (elementCount / count)
      // Each is equal to the one before where all but the first are all but the last.
      let isRepeated = bytes.dropFirst(size).elementsEqual(bytes.dropLast(size))
      return isRepeated ? try TensorLiteral(elementType, shape, bytes: Array(bytes[..<size])) : nil
    }
  }
}
