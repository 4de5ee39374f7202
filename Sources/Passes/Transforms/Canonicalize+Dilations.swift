import IR

extension Canonicalize {
  /// Convolutions that were dilated in other words.
  static let dilationPatterns: [any RewritePattern] = [DilateInsteadOfBlocks(), PadLessInsteadOfSlice()]
}

/// Dilates a convolution instead of making each phase of the images an image of its own.
///
///     %b = Reshape(Transpose(Reshape(%x)))           SpaceToBatchND in blocks of 2 x 2, with %x : f32[n, 36, 36, 4]
///     %c = Conv(Transpose(%b), %w)                   with Transposes to channels first, and back
///     %y = Reshape(Transpose(Reshape(%c)))           BatchToSpaceND in the same blocks
///   ->
///     %y = Conv(%x, %w) {dilations = [2, 2]}         with the same Transposes
///
/// TensorFlow once wrote dilated convolutions so. Conditions: strides of 1 and no padding; known extents; nothing else uses
/// the values between.
struct DilateInsteadOfBlocks: RewritePattern {
  static let roots: [OpDefinition] = [.conv, .transpose]
  static let numerics = Numerics.rounding

  private static let toChannelsFirst = [0, 3, 1, 2]
  private static let toChannelsLast = [0, 2, 3, 1]

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let operation = Self.convolution(behind: operation),
      let cut = Self.blocks(ending: operation.operand(0)), let result = operation.result(),
      let joined = Self.blocks(startingAt: result, sizes: cut.sizes), let end = joined.last
    else { return .noMatch }
    guard let window = operation.explicitWindow, window.strides == [1, 1], window.before + window.after == [0, 0, 0, 0]
    else { return .blocked("it strides, or pads its phases") }
    let between = cut.operations + [operation] + joined.dropLast()
    if let shared = end.otherUse(of: between.map { $0.result() }) { return .blocked(shared) }
    func transposed(_ value: Value, _ permutation: [Int], _ name: ByteString) throws -> Value {
      let attributes: Attributes = ["perm": .ints(permutation.map { Int64($0) })]
      return try context.rewriter.insertValue(.transpose, [value], attributes, before: operation, name: name)
    }
    var operands = operation.operands
    operands[0] = try transposed(cut.source, Self.toChannelsFirst, cut.source.name)
    var attributes = operation.attributes
    attributes["dilations"] = .ints(zip(window.dilations, cut.sizes).map { Int64($0 * $1) })
    let dilated = try context.rewriter.insertValue(
      .conv, operands, attributes, before: operation, name: result.name)
    let last = try transposed(dilated, Self.toChannelsLast, end.result()?.name ?? "images")
    try context.rewriter.replace(end, with: [last])
    return .rewritten
  }

  /// The convolution itself, or that of what a transpose makes the phases of.
  private static func convolution(behind operation: Operation) -> Operation? {
    if operation.is(.conv) { return operation }
    guard let phases = operation.result()?.onlyUse?.owner, phases.isReshape else { return nil }
    let next = phases.result()?.onlyUse?.owner
    let user = next?.permutation(of: .transpose) == toChannelsFirst ? next?.result()?.onlyUse?.owner : next
    return user?.is(.conv) == true ? user : nil
  }

  /// The operations that make `value`, channels first, of blocks of images, what they make it of, and the blocks' sizes.
  private static func blocks(ending value: Value?) -> (source: Value, sizes: [Int], operations: [Operation])? {
    // The channels come first with the phases, or in a transpose of their own.
    let last = value?.definingOperation.flatMap { $0.permutation(of: .transpose) == toChannelsFirst ? $0 : nil }
    guard let phases = last?.operand(0) ?? value, let join = phases.definingOperation, join.isReshape,
      let order = join.producer(0, .transpose),
      order.permutation == (last == nil ? [2, 4, 0, 5, 1, 3] : [2, 4, 0, 1, 3, 5]),
      let cut = order.operand(0)?.definingOperation, cut.isReshape,
      let source = cut.operand(0), let images = source.tensorType?.shape, images.count == 4,
      let parts = order.operand(0)?.tensorType?.shape, parts.count == 6,
      let sizes = [parts[2], parts[4]].knownDimensions,
      let shape = value?.tensorType?.shape, shape.count == 4, isCut(images, parts),
      zip(shape.dropFirst(), [parts[5], parts[1], parts[3]]).allSatisfy({ $0.isEqual(to: $1) == true })
    else { return nil }
    return (source, sizes, [last, join, order, cut].compactMap { $0 })
  }

  /// The operations that alone use `value`, channels first, and make images of blocks of `sizes` again.
  private static func blocks(startingAt value: Value, sizes: [Int]) -> [Operation]? {
    let first = value.onlyUse.flatMap { $0.owner.permutation(of: .transpose) == toChannelsLast ? $0.owner : nil }
    guard let shape = value.tensorType?.shape, let cut = (first?.result() ?? value)?.onlyUse?.owner, cut.isReshape,
      let parts = cut.result()?.tensorType?.shape, parts.count == 6, [parts[0], parts[1]].knownDimensions == sizes,
      let order = cut.result()?.onlyUse?.owner,
      order.permutation(of: .transpose) == (first == nil ? [2, 4, 0, 5, 1, 3] : [2, 3, 0, 4, 1, 5]),
      let ordered = order.result()?.tensorType?.shape, ordered.count == 6, let join = order.result()?.onlyUse?.owner,
      join.isReshape,
      let images = join.result()?.tensorType?.shape, images.count == 4, isCut(images, ordered),
      zip(shape.dropFirst(), [ordered[5], ordered[1], ordered[3]]).allSatisfy({ $0.isEqual(to: $1) == true })
    else { return nil }
    return [first, cut, order, join].compactMap { $0 }
  }

  /// Whether `parts` are `images`, each extent between the first and the last cut into two.
  private static func isCut(_ images: Shape, _ parts: Shape) -> Bool {
    guard images[0].isEqual(to: parts[0]) == true, images[3].isEqual(to: parts[5]) == true else { return false }
    return [1, 2].allSatisfy { axis in
      guard let whole = images[axis].value, let outer = parts[2 * axis - 1].value, let inner = parts[2 * axis].value
      else { return false }
      return outer.multipliedReportingOverflow(by: inner) == (whole, false)
    }
  }
}

/// Pads less instead of slicing off what the padding gave.
///
///     %c = Conv(%x, %w) {pads = [2, 2, 3, 3]}        with %c : f32[n, 6, 34, 34]
///     %y = Slice(%c, [0, 0], [33, 33], [2, 3])
///   ->
///     %y = Conv(%x, %w) {pads = [2, 2, 2, 2]}
///
/// The same across a Transpose. Conditions: strides of 1; there is as much padding as is sliced off; nothing else uses what
/// is sliced.
struct PadLessInsteadOfSlice: RewritePattern {
  static let roots: [OpDefinition] = [.slice]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let slice = ConstantSlice(operation), slice.steps.allSatisfy({ $0 == 1 }), let sliced = operation.operand(0)
    else {
      return .noMatch
    }
    let transpose = operation.producer(0, .transpose)
    guard let convolution = transpose?.producer(0, .conv) ?? operation.producer(0, .conv),
      let shape = sliced.tensorType?.shape, let window = convolution.explicitWindow
    else { return .noMatch }
    var (before, after) = (window.before, window.after)
    for (position, axis) in slice.axes.enumerated() {
      let inner = (transpose?.permutation.map { $0[axis] } ?? axis) - 2
      guard let extent = shape[axis].value, slice.starts[position] >= 0, slice.ends[position] >= slice.starts[position],
        window.strides.indices.contains(inner)
      else { return .noMatch }
      guard window.strides[inner] == 1, before[inner] >= slice.starts[position],
        after[inner] >= extent - slice.ends[position]
      else { return .blocked("\(convolution.place) has less padding than is sliced off") }
      before[inner] -= slice.starts[position]
      after[inner] -= extent - slice.ends[position]
    }
    if let shared = operation.otherUse(of: [transpose?.result(), convolution.result()]) { return .blocked(shared) }
    var attributes = convolution.attributes
    attributes["pads"] = .ints((before + after).map { Int64($0) })
    var value = try context.rewriter.insertValue(
      .conv, convolution.operands, attributes, before: convolution, name: convolution.result()?.name ?? "conv")
    if let transpose {
      value = try context.rewriter.insertValue(
        .transpose, [value], transpose.attributes, before: operation, name: sliced.name)
    }
    try context.rewriter.replace(operation, with: [value])
    return .rewritten
  }
}

extension Operation {
  /// The permutation of an operation of `definition`.
  fileprivate func permutation(of definition: OpDefinition) -> [Int]? { self.is(definition) ? permutation : nil }

  /// The window of a convolution whose padding does not follow from extents.
  fileprivate var explicitWindow: SpatialWindow? {
    guard !refersToFunctionAttributes, let kernel = operand(1)?.tensorType?.shape?.dropFirst(2),
      let window = try? SpatialWindow(self, kernel: Array(kernel)), window.autoPad == .explicit
    else { return nil }
    return window
  }
}
