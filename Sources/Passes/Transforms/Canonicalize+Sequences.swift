import IR

extension Canonicalize {
  /// Sequences whose tensors are known.
  static let sequencePatterns: [any RewritePattern] = [
    TakeKnownElement(), JoinKnownSequence(), SplitInsteadOfSequence(),
  ]
}

extension Value {
  /// The tensors of a sequence that is built of single ones; `nil` where they are not known.
  fileprivate var sequenceElements: [Value]? {
    // How the sequence came about, last step first.
    var steps: [Operation] = []
    var current = self
    while let operation = current.definingOperation, operation.is(.sequenceInsert), steps.count < 256,
      let before = operation.operand(0)
    {
      steps.append(operation)
      current = before
    }
    guard let first = current.definingOperation, first.is(.sequenceConstruct) || first.is(.sequenceEmpty) else {
      return nil
    }
    var elements = first.operands.compactMap { $0 }
    for step in steps.reversed() {
      guard let element = step.operand(1) else { return nil }
      var position = elements.count
      if let operand = step.operand(2) {
        guard let written = operand.constantIntegers?.first, abs(written) <= elements.count else { return nil }
        position = written < 0 ? written + elements.count : written
      }
      elements.insert(element, at: position)
    }
    return elements
  }
}

/// `SequenceAt(SequenceConstruct(%x, %y), 1)` is `%y`; so it is where tensors were inserted one by one.
struct TakeKnownElement: ForwardingPattern {
  static let roots: [OpDefinition] = [.sequenceAt]

  func source(of operation: Operation) -> Value? {
    guard let position = operation.operand(1)?.constantIntegers?.first,
      let elements = operation.operand(0)?.sequenceElements
    else { return nil }
    let index = position < 0 ? position + elements.count : position
    return elements.indices.contains(index) ? elements[index] : nil
  }
}

/// Joins tensors rather than a sequence of them.
///
///     %s = SequenceConstruct(%x, %y)
///     %z = ConcatFromSequence(%s) {axis = 1}
///   ->
///     %z = Concat(%x, %y) {axis = 1}
///
/// Condition: along an axis that is there.
struct JoinKnownSequence: RewritePattern {
  static let roots: [OpDefinition] = [.concatFromSequence]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard !operation.refersToFunctionAttributes, let elements = operation.operand(0)?.sequenceElements,
      !elements.isEmpty, let axis = operation.int("axis")
    else { return .noMatch }
    guard !operation.flag("new_axis") else { return .blocked("each tensor would need an axis more first") }
    guard Self.canBeJoined(elements, along: axis) else {
      return .blocked("its tensors are not known to fit each other")
    }
    let joined = try context.rewriter.insert(.concat, elements, ["axis": .int(Int64(axis))], before: operation)
    try context.rewriter.replace(operation, with: joined.presentResults)
    return .rewritten
  }

  private static func canBeJoined(_ elements: [Value], along axis: Int) -> Bool {
    guard let first = elements.first?.tensorType, let shape = first.shape, (-shape.count..<shape.count).contains(axis)
    else { return false }
    let joined = axis < 0 ? axis + shape.count : axis
    return elements.allSatisfy { element in
      guard let type = element.tensorType, type.elementType == first.elementType, let other = type.shape,
        other.count == shape.count
      else { return false }
      return shape.indices.allSatisfy { $0 == joined || shape[$0].isEqual(to: other[$0]) != false }
    }
  }
}

/// Splits a tensor into parts rather than into a sequence from which each is taken.
///
///     %s = SplitToSequence(%x, [2, 3])
///     %a = SequenceAt(%s, 0)
///     %b = SequenceAt(%s, 1)
///   ->
///     %a, %b = Split(%x, [2, 3])
///
/// Conditions: constant parts and positions; nothing else uses the sequence.
struct SplitInsteadOfSequence: RewritePattern {
  static let roots: [OpDefinition] = [.splitToSequence]
  static let numerics = Numerics.exact

  /// Longer sequences are loops that were written out.
  private static let mostParts = 64

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let source = operation.operand(0), let sequence = operation.result(), sequence.hasUses,
      let axis = operation.axis(rankOf: source)
    else { return .noMatch }
    let extent = source.tensorType?.shape?[axis].value
    guard let sizes = Self.sizes(operation, of: extent), !sizes.isEmpty, sizes.count <= Self.mostParts,
      extent.map({ $0 == sizes.reduce(0, +) }) != false
    else { return .blocked("its parts are not known") }
    var taken: [(use: Operation, index: Int)] = []
    for use in sequence.uses {
      guard use.owner.is(.sequenceAt), use.owner.parent === operation.parent,
        let written = use.owner.operand(1)?.constantIntegers?.first, (-sizes.count..<sizes.count).contains(written)
      else { return .blocked("not all that uses it takes a part that is known") }
      taken.append((use.owner, written < 0 ? written + sizes.count : written))
    }
    let constant = try context.rewriter.insertConstant(
      TensorLiteral.integers(sizes), name: operation.operand(1)?.name ?? "parts", before: operation)
    let split = try context.rewriter.insert(
      .split, [source, constant], ["axis": .int(Int64(axis))], before: operation, resultCount: sizes.count)
    for (use, index) in taken { try context.rewriter.replace(use, with: [split.presentResults[index]]) }
    return .rewritten
  }

  private static func sizes(_ operation: Operation, of extent: Int?) -> [Int]? {
    guard let operand = operation.operand(1) else {
      // Each part is one element, which keeps its axis only if asked to.
      guard let extent, extent <= mostParts, operation.flag("keepdims") else { return nil }
      return Array(repeating: 1, count: extent)
    }
    guard let written = operand.constantIntegers, written.allSatisfy({ (0...1 << 32).contains($0) }) else { return nil }
    guard operand.tensorType?.rank == 0, let size = written.first, size > 0, let extent, extent / size <= mostParts
    else {
      return operand.tensorType?.rank == 1 ? written : nil
    }
    return stride(from: 0, to: extent, by: size).map { min(size, extent - $0) }
  }
}
