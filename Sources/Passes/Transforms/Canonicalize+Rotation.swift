import IR

extension Canonicalize {
  /// Features that are rotated by angles, as positions are told to a transformer.
  static let rotationPatterns: [any RewritePattern] = [RecognizeRotaryEmbedding()]
}

/// One RotaryEmbedding for the operations that it is spelled in.
///
///     %a, %b = Split(%x, [32, 32]) {axis = 3}        with %x : f32[n, 12, 7, 64]
///     %n = Neg(%b)
///     %r = Concat(%n, %a) {axis = 3}
///     %p = Mul(%x, %cosines)                         with %cosines : f32[n, 1, 7, 64], twice the same 32
///     %q = Mul(%r, %sines)
///     %y = Add(%p, %q)
///   ->
///     %y = RotaryEmbedding(%x, %c, %s)               with %c, %s : f32[n, 7, 32]
///
/// Conditions: the target has it; single precision; both halves of the angles are certainly the same, and there are some
/// for each sample; at most two operations lead from the joined halves to each; no value between has another use.
struct RecognizeRotaryEmbedding: RewritePattern {
  static let roots: [OpDefinition] = [.add]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let spelled = SpelledRotation(operation) else { return .noMatch }
    guard context.rewriter.module.target.admits(.rotaryEmbedding) else {
      return .blocked("the target opset has no RotaryEmbedding")
    }
    if let shared = operation.otherUse(of: spelled.inner) { return .blocked(shared) }
    guard let cosines = HalvedAngles(spelled.cosines), let sines = HalvedAngles(spelled.sines) else {
      return .blocked("the halves of the angles are not known to be the same")
    }
    guard cosines.fit(spelled.input), sines.fit(spelled.input) else {
      return .blocked("there are no angles for each sample and position")
    }
    let angles = try [cosines, sines].map { try $0.insert(before: operation, context) }
    let rotation = try context.rewriter.insert(.rotaryEmbedding, [spelled.input] + angles, before: operation)
    try context.rewriter.replace(operation, with: rotation.presentResults)
    return .rewritten
  }
}

/// `x * cosines + (-second half of x, first half of x) * sines`, along the last of four axes.
private struct SpelledRotation {
  let input: Value
  let cosines: Value
  let sines: Value
  private(set) var inner: [Value?] = []

  init?(_ sum: Operation) {
    guard sum.operandCount == 2, let type = sum.result()?.tensorType, type.elementType == .float32, type.rank == 4
    else { return nil }
    for index in 0...1 {
      guard let direct = sum.producer(index, .mul), let turned = sum.producer(1 - index, .mul) else { return nil }
      for place in 0...1 {
        guard let join = turned.producer(place, .concat), let sines = turned.operand(1 - place),
          let (input, between) = Self.turnedInput(join),
          let position = (0...1).first(where: { direct.operand($0) === input }),
          let cosines = direct.operand(1 - position), sum.result()?.certainlyHasShape(of: input) == true
        else { continue }
        (self.input, self.cosines, self.sines) = (input, cosines, sines)
        inner = [direct.result(), turned.result(), join.result()] + between
        return
      }
    }
    return nil
  }

  /// The value of which `join` has the negated second half before the first, and the values between.
  private static func turnedInput(_ join: Operation) -> (input: Value, between: [Value?])? {
    guard join.operandCount == 2, join.axis(rankOf: join.result()) == 3, let negation = join.producer(0, .neg),
      let split = join.producer(1, .split), negation.operand(0)?.definingOperation === split,
      split.results.count == 2, let first = split.result(0), let second = split.result(1),
      join.operand(1) === first, negation.operand(0) === second, split.axis(rankOf: first) == 3,
      first.certainlyHasShape(of: second), let input = split.operand(0)
    else { return nil }
    return (input, [negation.result(), first])
  }
}

/// The first half of angles whose second half is the same, of rank 3: batch, positions, features.
private struct HalvedAngles {
  private enum Source {
    /// What was joined with itself.
    case value(Value)
    case constant(TensorLiteral, name: ByteString)
  }

  private static let longestChain = 2

  private let source: Source
  /// What is computed of the source, from it on.
  private var chain: [Operation] = []

  init?(_ angles: Value) {
    var value = angles
    while true {
      if let literal = value.constantLiteral {
        guard chain.isEmpty, let half = try? literal.repeatedHalf() else { return nil }
        source = .constant(half, name: value.name)
        return
      }
      guard let operation = value.definingOperation, !operation.refersToFunctionAttributes else { return nil }
      if let joined = Self.joinedWithItself(operation) {
        source = .value(joined)
        return
      }
      if let inner = Self.sourceWithoutHeads(operation) {
        value = inner
        continue
      }
      guard chain.count < Self.longestChain, let argument = Self.argument(of: operation) else { return nil }
      chain.insert(operation, at: 0)
      value = argument
    }
  }

  private static func joinedWithItself(_ join: Operation) -> Value? {
    guard join.is(.concat), join.operandCount == 2, let half = join.operand(0), join.operand(1) === half,
      half.tensorType?.rank == 3, join.axis(rankOf: half) == 2
    else { return nil }
    return half
  }

  /// What was reshaped to have an axis of extent 1 for the heads.
  private static func sourceWithoutHeads(_ operation: Operation) -> Value? {
    guard operation.is(.unsqueeze) || operation.is(.reshape), let source = operation.operand(0),
      let shape = operation.result()?.tensorType?.shape, let inner = source.tensorType?.shape, shape.count == 4,
      shape[1] == .known(1), inner.isCertainly([shape[0], shape[2], shape[3]])
    else { return nil }
    return source
  }

  /// What an operation computes its result from, element by element.
  private static func argument(of operation: Operation) -> Value? {
    if operation.is(.cos) || operation.is(.sin) || operation.is(.cast) { return operation.operand(0) }
    guard operation.is(.mul), let (argument, _) = operation.operandAndUniformConstant,
      let factor = operation.operands.lazy.compactMap({ $0?.constantLiteral }).first, factor.elementCount == 1,
      factor.dimensions.count <= 3
    else { return nil }
    return argument
  }

  /// Whether there are angles for each sample and position of `input`, half as many as features.
  func fit(_ input: Value) -> Bool {
    guard let shape = input.tensorType?.shape else { return false }
    let own: Shape? =
      switch source {
      case .value(let value): value.tensorType?.shape
      case .constant(let literal, _): literal.dimensions.map { .known($0) }
      }
    guard let own, own.count == 3, let half = own[2].value, let features = shape[3].value else { return false }
    return own[0].isEqual(to: shape[0]) == true && own[1].isEqual(to: shape[2]) == true && features == half * 2
  }

  /// Inserts what computes the half.
  func insert(before anchor: Operation, _ context: PassContext) throws -> Value {
    var value: Value
    switch source {
    case .value(let joined): value = joined
    case .constant(let literal, let name):
      value = try context.rewriter.insertConstant(literal, name: name, before: anchor)
    }
    for operation in chain {
      let operands = operation.operands.map { $0?.constantLiteral == nil ? value : $0 }
      value = try context.rewriter.insertValue(
        operation.definition, operands, operation.attributes, before: anchor, name: operation.result()?.name ?? "angles"
      )
    }
    return value
  }
}

extension TensorLiteral {
  /// Of a small tensor of rank 4 whose second extent is 1, the first half along the last axis, without that extent, where
  /// the second half has the same bytes.
  fileprivate func repeatedHalf() throws -> TensorLiteral? {
    guard dimensions.count == 4, dimensions[1] == 1, dimensions[3].isMultiple(of: 2), elementCount > 0,
      elementCount <= elementsPerWindow, let width = elementType.bitWidth, width >= 8
    else { return nil }
    return try withWindow(0..<elementCount) { bytes in
      let half = dimensions[3] / 2 * (width / 8)
      var kept: [UInt8] = []
      for row in stride(from: 0, to: bytes.count, by: 2 * half) {
        guard bytes[row..<row + half].elementsEqual(bytes[row + half..<row + 2 * half]) else { return nil }
        kept += bytes[row..<row + half]
      }
      return try TensorLiteral(elementType, [dimensions[0], dimensions[2], dimensions[3] / 2], bytes: kept)
    }
  }
}
