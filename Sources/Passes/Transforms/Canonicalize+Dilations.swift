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
/// TensorFlow once wrote dilated convolutions so, and Keras 2 those of rows. Conditions: strides of 1 and no padding; known
/// extents; nothing else uses the values between.
struct DilateInsteadOfBlocks: RewritePattern {
  static let roots: [OpDefinition] = [.conv, .transpose]
  static let numerics = Numerics.rounding

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let operation = Self.convolution(behind: operation), let rank = operation.result()?.tensorType?.rank, rank > 2
    else { return .noMatch }
    let orders = BlockOrders(axes: rank - 2)
    guard let cut = orders.blocks(ending: operation.operand(0)), let result = operation.result(),
      let joined = orders.blocks(startingAt: result, sizes: cut.sizes), let end = joined.last
    else { return .noMatch }
    guard let window = operation.explicitWindow, window.strides.allSatisfy({ $0 == 1 }),
      (window.before + window.after).allSatisfy({ $0 == 0 })
    else { return .blocked("it strides, or pads its phases") }
    let between = cut.operations + [operation] + joined.dropLast()
    if let shared = end.otherUse(of: between.map { $0.result() }) { return .blocked(shared) }
    func transposed(_ value: Value, _ permutation: [Int], _ name: ByteString) throws -> Value {
      let attributes: Attributes = ["perm": .ints(permutation.map { Int64($0) })]
      return try context.rewriter.insertValue(.transpose, [value], attributes, before: operation, name: name)
    }
    var operands = operation.operands
    operands[0] = try transposed(cut.source, orders.toChannelsFirst, cut.source.name)
    var attributes = operation.attributes
    attributes["dilations"] = .ints(zip(window.dilations, cut.sizes).map { Int64($0 * $1) })
    let dilated = try context.rewriter.insertValue(
      .conv, operands, attributes, before: operation, name: result.name)
    let last = try transposed(dilated, orders.toChannelsLast, end.result()?.name ?? "images")
    try context.rewriter.replace(end, with: [last])
    return .rewritten
  }

  /// The convolution itself, or that of what a transpose makes the phases of.
  private static func convolution(behind operation: Operation) -> Operation? {
    if operation.is(.conv) { return operation }
    guard let phases = operation.result()?.onlyUse?.owner, phases.isReshape,
      let rank = phases.result()?.tensorType?.rank,
      rank > 2
    else { return nil }
    let next = phases.result()?.onlyUse?.owner
    let isTurned = next?.permutation(of: .transpose) == BlockOrders(axes: rank - 2).toChannelsFirst
    let user = isTurned ? next?.result()?.onlyUse?.owner : next
    return user?.is(.conv) == true ? user : nil
  }
}

/// How images of some axes lie while they are cut into blocks: batch, the two parts of each axis, channels.
private struct BlockOrders {
  let axes: Int

  var toChannelsFirst: [Int] { [0, axes + 1] + Array(1...axes) }
  var toChannelsLast: [Int] { [0] + Array(2...axes + 1) + [1] }

  private var outer: [Int] { (0..<axes).map { 2 * $0 + 1 } }
  private var inner: [Int] { (0..<axes).map { 2 * $0 + 2 } }
  private var channels: Int { 2 * axes + 1 }

  /// The operations that make `value`, channels first, of blocks of images, what they make it of, and the blocks' sizes.
  func blocks(ending value: Value?) -> (source: Value, sizes: [Int], operations: [Operation])? {
    // The channels come first with the phases, or in a transpose of their own.
    let last = value?.definingOperation.flatMap { $0.permutation(of: .transpose) == toChannelsFirst ? $0 : nil }
    guard let phases = last?.operand(0) ?? value, let join = phases.definingOperation, join.isReshape,
      let order = join.producer(0, .transpose),
      order.permutation == inner + [0] + (last == nil ? [channels] + outer : outer + [channels]),
      let cut = order.operand(0)?.definingOperation, cut.isReshape,
      let source = cut.operand(0), let images = source.tensorType?.shape,
      let parts = order.operand(0)?.tensorType?.shape, isCut(images, parts),
      let sizes = inner.map({ parts[$0] }).knownDimensions, let shape = value?.tensorType?.shape,
      shape.dropFirst().isCertainly(([channels] + outer).map { parts[$0] })
    else { return nil }
    return (source, sizes, [last, join, order, cut].compactMap { $0 })
  }

  /// The operations that alone use `value`, channels first, and make images of blocks of `sizes` again.
  func blocks(startingAt value: Value, sizes: [Int]) -> [Operation]? {
    let first = value.onlyUse.flatMap { $0.owner.permutation(of: .transpose) == toChannelsLast ? $0.owner : nil }
    // Blocks, batch, and then the axes before the channels or after them.
    let (firstAxis, last) = first == nil ? (axes + 2, axes + 1) : (axes + 1, channels)
    let joining = [axes] + (0..<axes).flatMap { [firstAxis + $0, $0] } + [last]
    let undone = (first?.result() ?? value).cancellingReshapes
    guard let shape = value.tensorType?.shape,
      let cut = (undone.last?.result() ?? first?.result() ?? value)?.onlyUse?.owner, cut.isReshape,
      let parts = cut.result()?.tensorType?.shape, parts.count == channels + 1,
      Array(parts[..<axes]).knownDimensions == sizes, let order = cut.result()?.onlyUse?.owner,
      order.permutation(of: .transpose) == joining, let ordered = order.result()?.tensorType?.shape,
      let join = order.result()?.onlyUse?.owner, join.isReshape, let images = join.result()?.tensorType?.shape,
      isCut(images, ordered),
      shape.dropFirst().isCertainly(([channels] + outer).map { ordered[$0] })
    else { return nil }
    return ([first] + undone + [cut, order, join]).compactMap { $0 }
  }

  /// Whether `parts` are `images`, each extent between the first and the last cut into two.
  private func isCut(_ images: Shape, _ parts: Shape) -> Bool {
    guard images.count == axes + 2, parts.count == channels + 1, images[0].isEqual(to: parts[0]) == true,
      images[axes + 1].isEqual(to: parts[channels]) == true
    else { return false }
    return (1...axes).allSatisfy { axis in
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

extension Value {
  /// Two reshapes that alone use this, one after the other, and end in its own shape: TensorFlow's rows are images of one
  /// row on their way. None where there are none.
  fileprivate var cancellingReshapes: [Operation] {
    guard let put = onlyUse?.owner, put.isReshape, let taken = put.result()?.onlyUse?.owner, taken.isReshape,
      taken.result()?.certainlyHasShape(of: self) == true
    else { return [] }
    return [put, taken]
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
