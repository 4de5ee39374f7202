import IR

extension Canonicalize {
  /// Two operations that move elements, and do it in one.
  static let movementPatterns: [any RewritePattern] = [
    MergeTransposes(), CancelReshapes(), MergeReshapes(), MergeCasts(),
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
/// Conditions: of the result's extents at most one is neither a number nor copied from the operand, and none is 0; the
/// first operation has this one use.
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
    guard let shape = result.tensorType?.shape,
      let target = FixReshapeTarget.target(for: shape, of: source.tensorType?.shape)
    else { return .blocked("two extents of the result are not known, or one is 0") }
    let root = operation.operand(1)?.name ?? result.name
    let constant = try context.rewriter.insertConstant(
      TensorLiteral.integers(target), name: root, before: operation)
    let reshaped = try context.rewriter.insert(.reshape, [source, constant], before: operation)
    try context.rewriter.replace(operation, with: reshaped.presentResults)
    return .rewritten
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
