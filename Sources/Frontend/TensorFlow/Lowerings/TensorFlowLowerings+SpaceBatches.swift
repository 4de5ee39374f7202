import IR

extension TensorFlowLowerings {
  /// Blocks of images as images of their own, which is how dilated convolutions were once written.
  static let spaceBatches: OperatorTable.Family = [
    "SpaceToBatchND": .value { node in
      try node.spaceToBatch(blocks: node.integers(1, "the blocks"), paddings: node.integers(2, "the paddings"))
    },
    "SpaceToBatch": .value { node in
      let size = node.node.integer("block_size") ?? 1
      return try node.spaceToBatch(blocks: [size, size], paddings: try node.integers(1, "the paddings"))
    },
    "BatchToSpaceND": .value { node in
      try node.batchToSpace(blocks: node.integers(1, "the blocks"), crops: node.integers(2, "the crops"))
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
