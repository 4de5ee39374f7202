import IR

/// Brings weights into the form that recurrent operators have; `fold` computes what this builds.
struct RecurrentWeights {
  /// For each gate, in the operator's order, which part it is.
  let gates: [Int]
  let anchor: Operation
  let rewriter: Rewriter

  /// - Parameter value: of shape [features, gates] or [1, features, gates]; `isTransposed`: of [gates, features].
  /// - Returns: of shape [1, gates, features].
  func matrix(_ value: Value, isTransposed: Bool) throws -> Value {
    var rows = try atAnchor(value)
    let rank = value.tensorType?.rank ?? 2
    if !isTransposed {
      let permutation: AttributeValue = .ints(rank == 3 ? [0, 2, 1] : [1, 0])
      rows = try rewriter.insertValue(.transpose, [rows], ["perm": permutation], before: anchor, name: value.name)
    }
    rows = try inOrder(rows, axis: rank - 2)
    return rank == 3 ? rows : try withDirection(rows)
  }

  /// - Returns: of shape [1, 2 * gates].
  func biases(_ values: [Value?], hiddenSize: Int) throws -> Value? {
    guard let type = values.compactMap({ $0?.tensorType?.elementType }).first else { return nil }
    let parts = try values.map { value in
      if let value { return try inOrder(atAnchor(value), axis: 0) }
      let zero: [UInt8] = Array(repeating: 0, count: type.byteCount(elements: 1) ?? 0)
      let zeros = try TensorLiteral(type, [gates.count * hiddenSize], .splat(zero))
      return try rewriter.insertConstant(zeros, name: "zeros", before: anchor)
    }
    return try withDirection(
      rewriter.insertValue(.concat, parts, ["axis": .int(0)], before: anchor, name: parts[0].name))
  }

  /// - Returns: of shape [1, batch, hidden size].
  func state(_ value: Value) throws -> Value { value.tensorType?.rank == 2 ? try withDirection(value) : value }

  /// The constant that `value` is, where it is known already.
  private func atAnchor(_ value: Value) throws -> Value {
    guard let literal = value.constantLiteral else { return value }
    return try rewriter.insertConstant(literal, name: value.name, before: anchor)
  }

  private func inOrder(_ value: Value, axis: Int) throws -> Value {
    guard gates.count > 1 else { return value }
    let extent = value.constantLiteral?.dimensions[axis] ?? value.tensorType?.shape?[axis].value ?? 0
    let sizes = try rewriter.insertConstant(
      TensorLiteral.integers(Array(repeating: extent / gates.count, count: gates.count)), name: "parts", before: anchor)
    let split = try rewriter.insert(
      .split, [value, sizes], ["axis": .int(Int64(axis))], before: anchor, resultCount: gates.count)
    let parts = split.presentResults
    return try rewriter.insertValue(
      .concat, gates.map { parts[$0] }, ["axis": .int(Int64(axis))], before: anchor, name: value.name)
  }

  private func withDirection(_ value: Value) throws -> Value {
    let axes = try rewriter.insertConstant(TensorLiteral.integers([0]), name: "axes", before: anchor)
    return try rewriter.insertValue(.unsqueeze, [value, axes], before: anchor, name: value.name)
  }
}
