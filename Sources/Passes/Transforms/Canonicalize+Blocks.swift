import IR

extension Canonicalize {
  /// Blocks of an image that become channels, and channels that become blocks.
  static let blockPatterns: [any RewritePattern] = [
    RecognizeDepthToSpace(), RecognizeSpaceToDepth(), JoinStridedSlices(),
  ]
}

/// A Reshape to six axes, a Transpose, and a Reshape back to four.
private struct BlockMove {
  let source: Value
  /// The four extents before and after.
  let before: Shape
  let after: Shape
  /// The six extents between.
  let cut: Shape
  let permutation: [Int]
  /// The values between.
  let inner: [Value?]

  init?(_ operation: Operation) {
    guard let transpose = operation.producer(0, .transpose), let permutation = transpose.permutation,
      let reshape = transpose.producer(0, .reshape), let source = reshape.operand(0),
      let before = source.tensorType?.shape, let after = operation.result()?.tensorType?.shape,
      let cut = reshape.result()?.tensorType?.shape, before.count == 4, after.count == 4, cut.count == 6,
      !operation.refersToFunctionAttributes
    else { return nil }
    (self.source, self.before, self.after, self.cut) = (source, before, after, cut)
    self.permutation = permutation
    inner = [reshape.result(), transpose.result()]
  }

  /// Whether the axes of `cut` are, in order, the extents that `factors` says for the axes of `before`.
  func cuts(_ extents: [Dimension]) -> Bool { zip(cut, extents).allSatisfy { $0.isEqual(to: $1) == true } }

  func gives(_ extents: [Dimension]) -> Bool { zip(after, extents).allSatisfy { $0.isEqual(to: $1) == true } }
}

/// Moves channels into blocks at once.
///
///     %r = Reshape(%x, [1, 8, 2, 2, 5, 6])           with %x : f32[1, 32, 5, 6]
///     %t = Transpose(%r) {perm = [0, 1, 4, 2, 5, 3]}
///     %y = Reshape(%t, [1, 8, 10, 12])
///   ->
///     %y = DepthToSpace(%x) {blocksize = 2, mode = "CRD"}
///
/// The same with the blocks before the channels, which is the mode DCR. Conditions: extents that are known to be these;
/// no value between has another use.
struct RecognizeDepthToSpace: RewritePattern {
  static let roots: [OpDefinition] = [.reshape]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let move = BlockMove(operation) else { return .noMatch }
    let (batch, height, width) = (move.before[0], move.before[2], move.before[3])
    for (mode, permutation) in [("CRD", [0, 1, 4, 2, 5, 3]), ("DCR", [0, 3, 4, 1, 5, 2])] as [(ByteString, [Int])] {
      guard move.permutation == permutation, let block = move.cut[2].value, block > 1 else { continue }
      let (size, depth) = (Dimension.known(block), move.cut[mode == "CRD" ? 1 : 3])
      let cut = mode == "CRD" ? [batch, depth, size, size, height, width] : [batch, size, size, depth, height, width]
      guard move.cuts(cut), move.gives([batch, depth, height * size, width * size]) else { continue }
      if let shared = operation.otherUse(of: move.inner) { return .blocked(shared) }
      guard mode == "DCR" || context.rewriter.module.target.admits(.depthToSpace, .attribute("mode")) else {
        return .blocked("the target's DepthToSpace has no mode")
      }
      var attributes: Attributes = ["blocksize": .int(Int64(block))]
      if mode != "DCR" { attributes["mode"] = .string(mode) }
      let moved = try context.rewriter.insert(.depthToSpace, [move.source], attributes, before: operation)
      try context.rewriter.replace(operation, with: moved.presentResults)
      return .rewritten
    }
    return .noMatch
  }
}

/// Moves blocks into channels at once.
///
///     %r = Reshape(%x, [1, 8, 5, 2, 6, 2])           with %x : f32[1, 8, 10, 12]
///     %t = Transpose(%r) {perm = [0, 3, 5, 1, 2, 4]}
///     %y = Reshape(%t, [1, 32, 5, 6])
///   ->
///     %y = SpaceToDepth(%x) {blocksize = 2}
///
/// With the permutation [0, 1, 3, 5, 2, 4], which leaves the channels of a block apart, a Gather puts them in order.
struct RecognizeSpaceToDepth: RewritePattern {
  static let roots: [OpDefinition] = [.reshape]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let move = BlockMove(operation), let block = move.cut[3].value, block > 1,
      let channels = move.before[1].value
    else { return .noMatch }
    let isInOrder = move.permutation == [0, 3, 5, 1, 2, 4]
    guard isInOrder || move.permutation == [0, 1, 3, 5, 2, 4] else { return .noMatch }
    let size = Dimension.known(block)
    let (batch, height, width) = (move.before[0], move.cut[2], move.cut[4])
    guard move.cuts([batch, move.before[1], height, size, width, size]),
      (height * size).isEqual(to: move.before[2]) == true, (width * size).isEqual(to: move.before[3]) == true,
      move.gives([batch, .known(channels * block * block), height, width])
    else { return .noMatch }
    if let shared = operation.otherUse(of: move.inner) { return .blocked(shared) }
    let places = (0..<channels * block * block).map { $0 % (block * block) * channels + $0 / (block * block) }
    try context.replace(
      operation, withSpaceToDepthOf: move.source, block: block, channels: isInOrder ? nil : places)
    return .rewritten
  }
}

/// Moves blocks into channels instead of joining what is sliced from each place of them.
///
///     %a = Slice(%x, [0, 0], [10, 12], [2, 3], [2, 2])
///     %b = Slice(%x, [1, 0], [10, 12], [2, 3], [2, 2])      and so on
///     %y = Concat(%a, %b, %c, %d) {axis = 1}
///   ->
///     %m = SpaceToDepth(%x) {blocksize = 2}
///     %y = Gather(%m, [0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11]) {axis = 1}
///
/// Where the slices stand row by row, no Gather is needed. Conditions: an image of known extents that blocks fill; all
/// places of a block, each once; the slices have this one use.
struct JoinStridedSlices: RewritePattern {
  static let roots: [OpDefinition] = [.concat]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let first = operation.producer(0, .slice), let source = first.operand(0),
      let shape = source.tensorType?.shape, shape.count == 4, operation.axis(rankOf: source) == 1,
      let block = ConstantSlice(first)?.steps.first, block > 1, block <= 16, operation.operandCount == block * block,
      let channels = shape[1].value, let height = shape[2].value, let width = shape[3].value
    else { return .noMatch }
    guard height.isMultiple(of: block), width.isMultiple(of: block) else {
      return .blocked("blocks of \(block) do not fill the image")
    }
    var places: [Int] = []
    for index in 0..<operation.operandCount {
      guard let part = operation.producer(index, .slice), part.operand(0) === source, let slice = ConstantSlice(part),
        slice.axes.count == 2, slice.steps == [block, block], Set(slice.axes) == [2, 3],
        let rows = slice.axes.firstIndex(of: 2), slice.ends[rows] == height, slice.ends[1 - rows] == width,
        slice.starts.allSatisfy({ (0..<block).contains($0) })
      else { return .noMatch }
      guard part.result()?.hasOneUse == true else { return .blocked(part.otherUse(besides: operation)) }
      places.append(slice.starts[rows] * block + slice.starts[1 - rows])
    }
    guard Set(places).count == places.count else { return .noMatch }
    let isInOrder = places == places.sorted()
    let order = places.flatMap { place in (0..<channels).map { place * channels + $0 } }
    try context.replace(operation, withSpaceToDepthOf: source, block: block, channels: isInOrder ? nil : order)
    return .rewritten
  }
}

extension PassContext {
  /// Puts the blocks of `source` as channels, in this order, in the place of `operation`.
  fileprivate func replace(
    _ operation: Operation, withSpaceToDepthOf source: Value, block: Int, channels: [Int]?
  ) throws {
    var result = try rewriter.insertValue(
      .spaceToDepth, [source], ["blocksize": .int(Int64(block))], before: operation,
      name: operation.result()?.name ?? "blocks")
    if let channels {
      let indices = try rewriter.insertConstant(TensorLiteral.integers(channels), name: "channels", before: operation)
      result = try rewriter.insertValue(
        .gather, [result, indices], ["axis": .int(1)], before: operation, name: result.name)
    }
    try rewriter.replace(operation, with: [result])
  }
}
