import IR

extension TensorFlowLowerings {
  /// Blocks of images as images of their own, which is how dilated convolutions were once written.
  static let spaceBatches: OperatorTable.Family = [
    "SpaceToBatchND": .value { node in
      let blocks = try node.integers(1, "the blocks")
      guard let paddings = try node.knownIntegers(2), try node.areKnown(blocks.count) else {
        return try node.openSpaceToBatch(blocks)
      }
      return try node.spaceToBatch(blocks: blocks, paddings: paddings)
    },
    "SpaceToBatch": .value { node in
      let size = node.node.integer("block_size") ?? 1
      return try node.spaceToBatch(blocks: [size, size], paddings: try node.integers(1, "the paddings"))
    },
    "BatchToSpaceND": .value { node in
      let blocks = try node.integers(1, "the blocks")
      guard let crops = try node.knownIntegers(2), try node.areKnown(blocks.count) else {
        return try node.openBatchToSpace(blocks)
      }
      return try node.batchToSpace(blocks: blocks, crops: crops)
    },
    "BatchToSpace": .value { node in
      let size = node.node.integer("block_size") ?? 1
      return try node.batchToSpace(blocks: [size, size], crops: try node.integers(1, "the crops"))
    },
  ]
}

extension NodeContext {
  /// The extents behind the batch, of which at most one may vary where the batch does not.
  private func extents(_ value: Value, blocks: [Int], _ borders: [Int]) throws -> [Int] {
    guard let extents = Array(try shape(value).dropFirst()).knownDimensions, extents.count >= blocks.count else {
      throw UnsupportedForm("extents that vary")
    }
    guard borders.count == 2 * blocks.count, blocks.allSatisfy({ $0 >= 1 && $0 < 1 << 16 }) else {
      throw ModelError(.invalidModel, "has \(borders.count / 2) borders of \(blocks.count) axes")
    }
    return extents
  }

  fileprivate func spaceToBatch(blocks: [Int], paddings: [Int]) throws -> Value {
    var x = try operand(0)
    let rest = try rank(x) - 1 - blocks.count
    _ = try extents(x, blocks: blocks, paddings)
    if paddings.contains(where: { $0 != 0 }) {
      let before = [0] + stride(from: 0, to: paddings.count, by: 2).map { paddings[$0] }
      let after = [0] + stride(from: 1, to: paddings.count, by: 2).map { paddings[$0] }
      let zeros = Array(repeating: 0, count: rest)
      x = try build(
        .pad, x, try build.constant(before + zeros + after + zeros), attributes: ["mode": .string("constant")])
    }
    let extents = try extents(x, blocks: blocks, paddings)
    guard zip(extents, blocks).allSatisfy({ $0.isMultiple(of: $1) }) else {
      throw ModelError(.invalidModel, "has blocks that do not fill its images")
    }
    let tail = Array(extents[blocks.count...])
    let split = try reshape(x, [-1] + zip(extents, blocks).flatMap { [$0 / $1, $1] } + tail)
    let count = blocks.count
    let order =
      (0..<count).map { 2 * $0 + 2 } + [0] + (0..<count).map { 2 * $0 + 1 }
      + (0..<tail.count).map { 2 * count + 1 + $0 }
    return try reshape(try transpose(split, order), [-1] + zip(extents, blocks).map { $0 / $1 } + tail)
  }

  fileprivate func batchToSpace(blocks: [Int], crops: [Int]) throws -> Value {
    let x = try operand(0)
    let extents = try extents(x, blocks: blocks, crops)
    let count = blocks.count
    let tail = Array(extents[count...])
    let split = try reshape(x, blocks + [-1] + extents)
    let order =
      [count] + (0..<count).flatMap { [count + 1 + $0, $0] } + (0..<tail.count).map { 2 * count + 1 + $0 }
    let joined = try reshape(try transpose(split, order), [-1] + zip(extents, blocks).map { $0 * $1 } + tail)
    guard crops.contains(where: { $0 != 0 }) else { return joined }
    let starts = stride(from: 0, to: crops.count, by: 2).map { crops[$0] }
    let ends = (0..<count).map { extents[$0] * blocks[$0] - crops[2 * $0 + 1] }
    return try build(
      .slice, joined, try build.constant(starts), try build.constant(ends), try build.constant(Array(1...count)))
  }
}

/// Where extents or borders vary, shapes are computed.
extension NodeContext {
  /// Whether all extents behind the batch are known.
  fileprivate func areKnown(_ count: Int) throws -> Bool {
    let extents = try shape(try operand(0))
    guard count >= 1, extents.count > count else { throw ModelError(.invalidModel, "has \(count) blocks") }
    return extents.dropFirst().allSatisfy { $0.value != nil }
  }

  /// What goes before each blocked axis, and what behind, each a vector.
  private func borders() throws -> (before: Value, after: Value) {
    let columns = try transpose(try int64(try operand(2)), [1, 0])
    func row(_ index: Int) throws -> Value { try build(.gather, columns, try build.constant(index)) }
    return (try row(0), try row(1))
  }

  /// The extents: of the batch, of what is blocked, and of the rest, which may be none.
  private func extents(_ value: Value, _ count: Int) throws -> (batch: Value, blocked: Value, rest: [Value]) {
    let shape = try build(.shape, value)
    let rest = try rank(value) > count + 1 ? [try part(shape, count + 1, Int.max, axis: 0)] : []
    return (try part(shape, 0, 1, axis: 0), try part(shape, 1, count + 1, axis: 0), rest)
  }

  fileprivate func openSpaceToBatch(_ blocks: [Int]) throws -> Value {
    let (count, x) = (blocks.count, try operand(0))
    let (before, after) = try borders()
    let rest = try rank(x) - 1 - count
    let (first, last) = (try build.constant([0]), try build.constant(Array(repeating: 0, count: rest)))
    let padded = try build(
      .pad, x, try concat([first, before, last, first, after, last], axis: 0), attributes: ["mode": .string("constant")]
    )
    let extents = try extents(padded, count)
    let outer = try build(.div, extents.blocked, try build.constant(blocks))
    let parts = try (0..<count).flatMap { [try part(outer, $0, $0 + 1, axis: 0), try build.constant([blocks[$0]])] }
    let split = try build(.reshape, padded, try concat([extents.batch] + parts + extents.rest, axis: 0))
    let order =
      (0..<count).map { 2 * $0 + 2 } + [0] + (0..<count).map { 2 * $0 + 1 } + (0..<rest).map { 2 * count + 1 + $0 }
    let target = try concat([try build.constant([-1]), outer] + extents.rest, axis: 0)
    return try build(.reshape, try transpose(split, order), target)
  }

  fileprivate func openBatchToSpace(_ blocks: [Int]) throws -> Value {
    let (count, x) = (blocks.count, try operand(0))
    let extents = try extents(x, count)
    let rest = try rank(x) - 1 - count
    let target = try concat([try build.constant(blocks + [-1]), extents.blocked] + extents.rest, axis: 0)
    let split = try build(.reshape, x, target)
    let order =
      [count] + (0..<count).flatMap { [count + 1 + $0, $0] } + (0..<rest).map { 2 * count + 1 + $0 }
    let whole = try build(.mul, extents.blocked, try build.constant(blocks))
    let shape = try concat([try build.constant([-1]), whole] + extents.rest, axis: 0)
    let joined = try build(.reshape, try transpose(split, order), shape)
    let (before, after) = try borders()
    return try build(
      .slice, joined, before, try build(.sub, whole, after), try build.constant(Array(1...count)))
  }
}
