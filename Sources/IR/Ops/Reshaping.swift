extension Dimension {
  /// The quotient of a division that leaves no remainder in any valid model; unknown where it is seen to leave one.
  func evenlyDivided(by divisor: Dimension) -> Dimension {
    let exact = exactlyDivided(by: divisor)
    return exact.isUnknown && value == nil ? floorDivided(by: divisor) : exact
  }
}

extension TypeInference {
  mutating func inferReshape() throws {
    guard let target = elements(1) else { return set(elementTypeOf: 0, nil) }
    setRearranged(try Self.reshaped(shape(0), to: target, copiesZeros: !operation.flag("allowzero")))
  }

  /// The shape of a tensor of the shape `input` after Reshape to `target`.
  ///
  /// An element of `target` that is a symbol is taken for the extent that it says, although where it is 0 the input's
  /// would be copied: such a tensor is
  /// empty either way.
  ///
  /// - Throws: `ModelError` where the numbers cannot fit.
  static func reshaped(_ input: Shape?, to target: [Dimension], copiesZeros: Bool) throws -> Shape {
    var result = target
    var copied: Set<Int> = []
    var open: [Int] = []
    for (axis, extent) in target.enumerated() {
      switch extent {
      case .known(-1): open.append(axis)
      case .known(0) where copiesZeros:
        copied.insert(axis)
        result[axis] = try copiedExtent(of: input, axis, target)
      case .known(let number) where number < 0:
        throw ModelError(.invalidModel, "cannot reshape to \(target): \(number) is negative")
      case .known: break
      case .symbolic, .unknown:
        if extent.isAtLeast(.known(0)) == true { continue }
        result[axis] = .unknown
      }
    }
    guard open.count <= 1 else { throw ModelError(.invalidModel, "cannot reshape to \(target): -1 stands there twice") }
    for axis in open { result[axis] = .unknown }
    guard let input else { return result }
    return try filled(result, of: input, copied: copied, target)
  }

  private static func copiedExtent(of input: Shape?, _ axis: Int, _ target: [Dimension]) throws -> Dimension {
    guard let input else { return .unknown }
    guard axis < input.count else {
      throw ModelError(.invalidModel, "cannot reshape \(input) to \(target): there is no axis \(axis) to copy")
    }
    return input[axis]
  }

  /// Finds the one extent that is left open from the number of elements. What was copied counts on neither side.
  private static func filled(_ shape: Shape, of input: Shape, copied: Set<Int>, _ target: [Dimension]) throws -> Shape {
    let total = input.indices.filter { !copied.contains($0) }.map { input[$0] }.elementCount
    let others = shape.indices.filter { !copied.contains($0) }
    let open = others.filter { shape[$0].isUnknown }
    let rest = others.filter { !shape[$0].isUnknown }.map { shape[$0] }.elementCount
    let mayBeEmpty = copied.contains { shape[$0].isEqual(to: .known(0)) != false }
    if !mayBeEmpty, let total = total.value, let rest = rest.value, !fits(total, rest, isOpen: !open.isEmpty) {
      throw ModelError(.invalidModel, "cannot reshape \(input) to \(target): the numbers of elements differ")
    }
    guard open.count == 1, let axis = open.first else { return shape }
    var result = shape
    result[axis] = total.evenlyDivided(by: rest)
    return result
  }

  private static func fits(_ total: Int, _ rest: Int, isOpen: Bool) -> Bool {
    if !isOpen { return total == rest }
    return rest == 0 ? total == 0 : total.isMultiple(of: rest)
  }
}
