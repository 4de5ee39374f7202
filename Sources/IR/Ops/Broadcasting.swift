extension Dimension {
  /// The extent of two axes that are broadcast against each other: 1 stretches, all else must be equal.
  ///
  /// A symbol may be 1, so that two different ones give `unknown`, and a symbol beside 7 gives 7. `nil` where no values
  /// of the symbols fit.
  package func broadcast(with other: Dimension) -> Dimension? {
    let one = Dimension.known(1)
    if self == one { return other }
    if other == one || isEqual(to: other) == true { return self }
    let isStretched = isEqual(to: one)
    let otherIsStretched = other.isEqual(to: one)
    if isStretched == false, otherIsStretched == false { return merged(with: other) }
    if isStretched == false { return self }
    return otherIsStretched == false ? other : .unknown
  }
}

extension Shape {
  /// The shape of two tensors that are broadcast against each other, last axes aligned; `nil` where they contradict.
  package func broadcast(with other: Shape) -> Shape? {
    if self == other, !contains(.unknown) { return self }
    let (longer, shorter) = count >= other.count ? (self, other) : (other, self)
    var result = longer
    for (offset, dimension) in shorter.enumerated() {
      let axis = longer.count - shorter.count + offset
      guard let extent = longer[axis].broadcast(with: dimension) else { return nil }
      result[axis] = extent
    }
    return result
  }
}

extension TypeInference {
  /// The shape of the operands `indices`, broadcast against each other; `nil` where one is not known.
  ///
  /// - Throws: `ModelError` that names the shapes that do not fit.
  func broadcastShape(_ indices: some Sequence<Int>) throws -> Shape? {
    var result: Shape = []
    for index in indices {
      guard let shape = shape(index) else { return nil }
      guard let wider = result.broadcast(with: shape) else {
        throw ModelError(.invalidModel, "shapes \(result) and \(shape) do not broadcast")
      }
      result = wider
    }
    return result
  }

  /// The element type that the operands `indices` share, from the first of which it is known. That they agree is the
  /// verifier's to see.
  func sharedElementType(_ indices: some Sequence<Int>) -> ElementType? {
    for index in indices {
      if let type = tensor(index)?.elementType { return type }
    }
    return nil
  }

  /// Infers a result of the operands' common shape and element type.
  mutating func inferBroadcast() throws {
    let operands = 0..<operation.operandCount
    let shape = try broadcastShape(operands)
    guard let elementType = sharedElementType(operands) else { return }
    set(.tensor(elementType, shape))
  }
}
