import IR

extension Canonicalize {
  /// Two operations that move elements, and do it in one.
  static let movementPatterns: [any RewritePattern] = [
    MergeTransposes(), MergeTransposesAcrossReshape(), CancelReshapes(), MergeReshapes(), MergeCasts(),
  ]
}

/// Transposes once instead of twice.
///
///     %a = Transpose(%x) {perm = [0, 2, 1]}
///     %y = Transpose(%a) {perm = [1, 0, 2]}
///   ->
///     %y = Transpose(%x) {perm = [2, 0, 1]}
///
/// Where the first has other uses, it stays and the second no longer waits for it.
struct MergeTransposes: RewritePattern {
  static let roots: [OpDefinition] = [.transpose]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let inner = operation.producer(0, .transpose), let source = inner.operand(0) else { return .noMatch }
    guard let first = inner.permutation, let second = operation.permutation, first.count == second.count,
      second.allSatisfy({ first.indices.contains($0) })
    else { return .noMatch }
    let merged = second.map { Int64(first[$0]) }
    let transposed = try context.rewriter.insert(
      .transpose, [source], ["perm": .ints(merged)], before: operation)
    try context.rewriter.replace(operation, with: transposed.presentResults)
    return .rewritten
  }
}

/// Transposes once instead of before and after axes that are joined.
///
///     %a = Transpose(%x) {perm = [0, 2, 1, 3]}       with %x : f32[20, 2, n, 48]
///     %r = Reshape(%a, [20, -1, 96])
///     %y = Transpose(%r) {perm = [1, 0, 2]}
///   ->
///     %t = Transpose(%x) {perm = [2, 0, 1, 3]}
///     %y = Reshape(%t, [-1, 20, 96])
///
/// Conditions: the reshape only joins axes that follow each other; a constant says the shape; nothing else uses the values
/// between.
struct MergeTransposesAcrossReshape: RewritePattern {
  static let roots: [OpDefinition] = [.transpose]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let reshape = operation.operand(0)?.definingOperation, reshape.isReshape, let joined = reshape.result(),
      let inner = reshape.producer(0, .transpose), let moved = inner.result(), let source = inner.operand(0),
      let first = inner.permutation, let second = operation.permutation,
      let shape = moved.tensorType?.shape, let groups = shape.groups(joinedTo: joined.tensorType?.shape),
      first.count == shape.count, second.count == groups.count, second.allSatisfy(groups.indices.contains),
      let result = operation.result()?.tensorType?.shape
    else { return .noMatch }
    if let shared = operation.otherUse(of: [joined, moved]) { return .blocked(shared) }
    let order = second.flatMap { Array(groups[$0]) }
    guard let target = FixReshapeTarget.target(for: result, of: order.map { shape[$0] }) else {
      return .blocked("no constant says the shape")
    }
    let permutation = order.map { Int64(first[$0]) }
    let transposed = try context.rewriter.insertValue(
      .transpose, [source], ["perm": .ints(permutation)], before: operation, name: moved.name)
    try context.reshape(transposed, to: target, at: operation)
    return .rewritten
  }
}

/// `%y = Unsqueeze(Squeeze(%x))` is `%x` where the two have the same shape; so is any chain of operators that only say
/// another shape.
struct CancelReshapes: ForwardingPattern {
  static let roots = reshapes
  static let reshapes: [OpDefinition] = [.flatten, .reshape, .squeeze, .unsqueeze]

  func source(of operation: Operation) -> Value? {
    guard let inner = operation.operand(0)?.definingOperation, inner.isReshape,
      let source = inner.operand(0), operation.result()?.certainlyHasShape(of: source) == true
    else { return nil }
    return source
  }
}

extension Operation {
  /// Whether it only says another shape.
  var isReshape: Bool { CancelReshapes.reshapes.contains { self.is($0) } }
}

/// Reshapes once instead of twice.
///
///     %a = Flatten(%x)
///     %y = Unsqueeze(%a, [0]) : f32[1, batch, 512]
///   ->
///     %y = Reshape(%x, [1, -1, 512])
///
/// It is an Unsqueeze or a Squeeze where that says it and numbers do not. Conditions: of the result's extents at most one is
/// neither a number nor copied from the operand, and none is 0; or the shapes differ by axes of extent 1 alone. The first
/// operation has this one use.
struct MergeReshapes: RewritePattern {
  static let roots = CancelReshapes.reshapes
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let inner = operation.operand(0)?.definingOperation, let source = inner.operand(0),
      inner.isReshape, !operation.refersToFunctionAttributes
    else { return .noMatch }
    guard let result = operation.result(), inner.result()?.hasOneUse == true else {
      return .blocked(inner.otherUse(besides: operation))
    }
    guard let shape = result.tensorType?.shape, let form = Self.form(from: source.tensorType?.shape, to: shape) else {
      return .blocked("two extents of the result are not known, or one is 0")
    }
    let root = operation.operand(1)?.name ?? result.name
    let constant = try context.rewriter.insertConstant(
      TensorLiteral.integers(form.numbers), name: root, before: operation)
    let reshaped = try context.rewriter.insert(form.definition, [source, constant], before: operation)
    try context.rewriter.replace(operation, with: reshaped.presentResults)
    return .rewritten
  }

  /// The operator, and its constant operand, that make the shape `result` of `source`: a Reshape where numbers say it; else
  /// axes of extent 1 are put in, or taken out.
  private static func form(from source: Shape?, to result: Shape) -> (definition: OpDefinition, numbers: [Int])? {
    if let target = FixReshapeTarget.target(for: result, of: source) { return (.reshape, target) }
    guard let source else { return nil }
    if let axes = result.onesBeyond(source) { return (.unsqueeze, axes) }
    return source.onesBeyond(result).map { (.squeeze, $0) }
  }
}

/// Casts once instead of twice, where the first cast loses nothing.
///
///     %a = Cast(%x) {to = 1} : f32[n]            with %x : f16[n]
///     %y = Cast(%a) {to = 7} : i64[n]
///   ->
///     %y = Cast(%x) {to = 7} : i64[n]
///
/// A float that becomes an integer and a float again has lost its fraction: such chains stay.
struct MergeCasts: RewritePattern {
  static let roots: [OpDefinition] = [.cast]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard !operation.refersToFunctionAttributes, let inner = operation.producer(0, .cast),
      let source = inner.operand(0), let from = source.tensorType?.elementType,
      let through = inner.result()?.tensorType?.elementType
    else { return .noMatch }
    guard through.represents(from) else { return .blocked("\(through.rawValue) may not hold all of \(from.rawValue)") }
    context.rewriter.setOperand(0, of: operation, to: source)
    return .rewritten
  }
}

extension ElementType {
  /// Whether every element of `other` is one of this type, so that a cast and its way back give the same.
  fileprivate func represents(_ other: ElementType) -> Bool {
    if self == other { return true }
    switch other {
    case .bool: return ElementTypes.numeric.contains(self)
    case .uint8, .int8:
      let types: ElementTypes = [.float, ElementTypes(.int64, .int32, .int16)]
      return types.contains(self) || (other == .uint8 && ElementTypes(.uint64, .uint32, .uint16).contains(self))
    case .int16: return ElementTypes(.int64, .int32, .float32, .float64).contains(self)
    case .uint16: return ElementTypes(.int64, .int32, .uint64, .uint32, .float32, .float64).contains(self)
    case .int32: return ElementTypes(.int64, .float64).contains(self)
    case .uint32: return ElementTypes(.int64, .uint64, .float64).contains(self)
    case .float16, .bfloat16: return ElementTypes(.float32, .float64).contains(self)
    case .float32: return self == .float64
    case .float64, .int64, .uint64, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0,
      .float6e2m3, .float6e3m2, .float4e2m1, .int4, .int2, .uint4, .uint2, .complex64, .complex128, .string:
      return false
    }
  }
}

extension Shape {
  /// The axes of extent 1 that this has and `other` has not; `nil` where that is not all that they differ by.
  fileprivate func onesBeyond(_ other: Shape) -> [Int]? {
    var ones: [Int] = []
    for (axis, extent) in enumerated() {
      let next = axis - ones.count
      if other.indices.contains(next), other[next].isEqual(to: extent) == true { continue }
      guard extent == .known(1) else { return nil }
      ones.append(axis)
    }
    return count - ones.count == other.count ? ones : nil
  }

  /// The axes that a reshape to `joined` makes each axis of that of; `nil` where it does not only join axes that follow each
  /// other.
  fileprivate func groups(joinedTo joined: Shape?) -> [Range<Int>]? {
    guard let joined else { return nil }
    var groups: [Range<Int>] = []
    var next = 0
    for (axis, extent) in joined.enumerated() {
      let start = next
      guard indices.contains(next) else { return nil }
      next += 1
      if self[start].isEqual(to: extent) != true {
        guard let whole = extent.value, var product = self[start].value else { return nil }
        while product < whole, indices.contains(next), let factor = self[next].value, factor > 0 {
          let (larger, overflow) = product.multipliedReportingOverflow(by: factor)
          guard !overflow else { return nil }
          product = larger
          next += 1
        }
        guard product == whole else { return nil }
      }
      // Axes of extent 1 go with what is before them.
      while indices.contains(next), self[next] == .known(1), joined.dropFirst(axis + 1).first != .known(1) { next += 1 }
      groups.append(start..<next)
    }
    return next == count ? groups : nil
  }
}
