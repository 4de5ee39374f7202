import IR

/// A size that an operation asks for: a number, or a vector of one element that is computed.
enum Extent {
  case known(Int)
  case symbolic(Value)

  var known: Int? {
    switch self {
    case .known(let value): value
    case .symbolic(let value): value.contents?.first?.value
    }
  }

  /// What is known of it.
  var dimension: Dimension {
    switch self {
    case .known(let value): .known(value)
    case .symbolic(let value): value.contents?.first ?? .unknown
    }
  }
}

extension LoweringContext {
  /// The extents of a value.
  func extents(of value: Value) throws -> [Extent] {
    try shape(value).indices.map { try extent(of: value, $0) }
  }

  /// An extent as a vector of one.
  func vector(_ extent: Extent) throws -> Value {
    switch extent {
    case .known(let value): try constant([value])
    case .symbolic(let value): value
    }
  }

  /// Extents as the operand that says a shape.
  func shapeOperand(_ extents: [Extent]) throws -> Value {
    let known = extents.compactMap(\.known)
    if known.count == extents.count { return try constant(known) }
    // Neighbors that are known are one constant.
    var parts: [Value] = []
    var pending: [Int] = []
    for extent in extents {
      if let value = extent.known {
        pending.append(value)
        continue
      }
      if !pending.isEmpty { parts.append(try constant(pending)) }
      pending = []
      parts.append(try vector(extent))
    }
    if !pending.isEmpty { parts.append(try constant(pending)) }
    return try concat(parts, 0)
  }

  /// `value` in another shape, of which one extent may be -1.
  func reshape(_ value: Value, _ extents: [Extent]) throws -> Value {
    let known = extents.map(\.known)
    let input = value.tensorType?.shape
    if let input, input.isCertainly(extents.map(\.dimension)) { return value }
    if known.contains(0) {
      return try op(.reshape, value, shapeOperand(extents), attributes: ["allowzero": .int(1)])
    }
    // What is no number is copied from the operand where it stands there, and follows from the rest where it is alone.
    var target = known
    for (axis, extent) in extents.enumerated() where target[axis] == nil {
      guard let input, input.indices.contains(axis), input[axis].isEqual(to: extent.dimension) == true else { continue }
      target[axis] = 0
    }
    if target.contains(0), let input, input.contains(.known(0)) {
      return try op(.reshape, value, shapeOperand(extents))
    }
    if target.filter({ $0 == nil }).count == 1, !target.contains(-1) { target = target.map { $0 ?? -1 } }
    let parts = zip(target, extents).map { number, extent in number.map { .known($0) } ?? extent }
    return try op(.reshape, value, shapeOperand(parts))
  }

  func reshape(_ value: Value, _ sizes: [Int]) throws -> Value { try reshape(value, sizes.map { .known($0) }) }

  /// The product of extents.
  func product(_ extents: [Extent]) throws -> Extent {
    var factor = 1
    var result: Value?
    for extent in extents {
      if let known = extent.known {
        let (product, overflow) = factor.multipliedReportingOverflow(by: known)
        guard !overflow else { throw ModelError(.invalidModel, "has more elements than can be counted") }
        factor = product
      } else {
        let next = try vector(extent)
        result = try result.map { try op(.mul, $0, next) } ?? next
      }
    }
    guard let result else { return .known(factor) }
    return .symbolic(factor == 1 ? result : try op(.mul, result, constant([factor])))
  }

  /// 0, 1, 2 ... along an axis.
  func positions(_ value: Value, _ axis: Int) throws -> Value {
    try range(to: extent(of: value, axis))
  }

  func range(to end: Extent) throws -> Value {
    try op(.range, builder.constant(0), element(vector(end)), builder.constant(1))
  }
}
