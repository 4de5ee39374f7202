import IR

/// The one loop over broadcast operands that all elementwise operators share.
enum Elementwise {
  /// The results of `function` for the elements of `a`, as elements of `type`.
  static func map<A: Number, R: Number>(
    _ invocation: Invocation, _ a: TensorLiteral, to type: ElementType, _ function: (A) throws -> R
  ) throws -> TensorLiteral {
    try invocation.make(type, a.dimensions) { output in
      try a.withWindow(0..<a.elementCount) { bytes in
        let (numbers, results) = (NumberRow<A>(a.elementCount), NumberRow<R>(a.elementCount))
        try NumberRow<A>.forEachPiece(of: a.elementCount) { piece in
          numbers.load(bytes, from: piece.lowerBound, step: 1, a.elementType, count: piece.count)
          for index in 0..<piece.count { results[index] = try function(numbers[index]) }
          results.store(output, from: piece.lowerBound, type, count: piece.count)
        }
      }
    }
  }

  /// The results of `function` for the elements of `a` and `b`, broadcast to each other, as elements of `type`.
  static func map<A: Number, B: Number, R: Number>(
    _ invocation: Invocation, _ a: TensorLiteral, _ b: TensorLiteral, to type: ElementType,
    _ function: (A, B) throws -> R
  ) throws -> TensorLiteral {
    try map(
      invocation, a, b, to: type,
      rows: { (left: NumberRow<A>, right: NumberRow<B>, results: NumberRow<R>, count) in
        for index in 0..<count { results[index] = try function(left[index], right[index]) }
      })
  }

  /// The same for a function of rows, which sets so many results.
  static func map<A: Number, B: Number, R: Number>(
    _ invocation: Invocation, _ a: TensorLiteral, _ b: TensorLiteral, to type: ElementType,
    rows function: BinaryFunction<A, B, R>.OfRows
  ) throws -> TensorLiteral {
    guard let dimensions = Shapes.broadcast(a.dimensions, b.dimensions) else {
      throw Refusal(.undefined, "\(a.dimensions) and \(b.dimensions) do not broadcast")
    }
    return try invocation.make(type, dimensions) { output in
      try withBytes(of: [a, b]) { bytes in
        let traversal = Traversal([a, b].map { Layout($0.dimensions).broadcast(to: dimensions) })
        let (length, steps) = (traversal.rowLength, traversal.rowSteps)
        let (left, right, results) = (NumberRow<A>(length), NumberRow<B>(length), NumberRow<R>(length))
        var position = 0
        try traversal.forEachRow { offsets in
          try NumberRow<R>.forEachPiece(of: length) { piece in
            let (start, count) = (piece.lowerBound, piece.count)
            left.load(bytes[0], from: offsets[0] + start * steps[0], step: steps[0], a.elementType, count: count)
            right.load(bytes[1], from: offsets[1] + start * steps[1], step: steps[1], b.elementType, count: count)
            try function(left, right, results, count)
            results.store(output, from: position + start, type, count: count)
          }
          position += length
        }
      }
    }
  }
}

/// What an operator does to one number of each kind; `nil` for a kind that it does not take.
struct UnaryRule: Sendable {
  let real: (@Sendable (Double) throws -> Double)?
  var signed: (@Sendable (Int64) throws -> Int64)?
  var unsigned: (@Sendable (UInt64) throws -> UInt64)?

  func apply(_ invocation: Invocation, _ a: TensorLiteral) throws -> TensorLiteral {
    switch a.elementType.numberKind {
    case .real:
      if let real { return try Elementwise.map(invocation, a, to: a.elementType, real) }
    case .signed:
      if let signed { return try Elementwise.map(invocation, a, to: a.elementType, signed) }
    case .unsigned:
      if let unsigned { return try Elementwise.map(invocation, a, to: a.elementType, unsigned) }
    case nil: break
    }
    throw Refusal(.unsupported, "\(invocation.operation.definition.name) of \(a.elementType.rawValue)")
  }
}
