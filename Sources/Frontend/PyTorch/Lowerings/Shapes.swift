import IR

extension Lowering {
  /// The same elements in another shape: a view where they lie in order.
  static let shapes: [String: Lowering] = [
    "aten.view": shared { try $0.reshape($0.input(), $0.extents("size")) },
    "aten._unsafe_view": .one { try $0.reshape($0.input(), $0.extents("size")) },
    "aten.view.dtype": .values { _ in throw UnsupportedForm("takes the same bits for another type") },
    "aten.reshape": reshaping { try $0.reshape($0.input(), $0.extents("shape")) },
    "aten.view_as": shared { try $0.reshape($0.input(), $0.extents(of: $0.value("other"))) },
    "aten.reshape_as": reshaping { try $0.reshape($0.input(), $0.extents(of: $0.value("other"))) },
    "aten.flatten": reshaping { try $0.flattened() },
    "aten.ravel": reshaping { try $0.reshape($0.input(), [-1]) },
    "aten.unflatten": shared { try $0.unflattened() },
    "aten.squeeze": shared { try $0.squeezed() },
    "aten.unsqueeze": shared { call in
      let input = try call.input()
      return try call.unsqueeze(input, [call.axis("dim", rank: call.rank(input) + 1)])
    },
    "aten.atleast_1d.default": shared { try $0.widened($0.input(), to: 1) },
    "aten.atleast_2d.default": shared { try $0.widened($0.input(), to: 2) },
    "aten.atleast_3d.default": shared { try $0.widened($0.input(), to: 3) },
    "aten.atleast_1d.Sequence": widened(to: 1), "aten.atleast_2d.Sequence": widened(to: 2),
    "aten.atleast_3d.Sequence": widened(to: 3),
    "aten.pixel_shuffle": .one { try $0.shuffled() },
    "aten.pixel_unshuffle": .one { try $0.unshuffled() },
    "aten.channel_shuffle": .one { call in
      let input = try call.input()
      let extents = try call.extents(of: input)
      guard extents.count >= 2 else { throw ModelError(.invalidModel, "has an operand without channels") }
      let groups = try call.int("groups")
      let channels = try call.knownExtent(input, 1)
      guard groups > 0, channels % groups == 0 else { throw ModelError(.invalidModel, "has \(groups) groups") }
      let parts = [extents[0], .known(groups), .known(channels / groups)] + extents[2...]
      return try call.reshape(call.transpose(call.reshape(input, parts), 1, 2), extents)
    },
  ]

  private static func widened(to rank: Int) -> Lowering {
    .values { call in try call.values("tensors").map { try call.widened($0, to: rank) } }
  }

  private static let inverse: @Sendable (Call, Value, Value) throws -> Value = { call, base, elements in
    try call.reshape(elements, call.extents(of: base))
  }

  private static func shared(_ read: @escaping @Sendable (Call) throws -> Value) -> Lowering {
    .view(View(read: { [try read($0)] }, write: inverse))
  }

  /// A view where the operand's elements lie as the other shape needs them; where that is not known there is no telling.
  private static func reshaping(_ read: @escaping @Sendable (Call) throws -> Value) -> Lowering {
    .view(
      View(read: { [try read($0)] }, write: inverse, sharing: { $0.isContiguous == true ? true : $0.sharesReshaped }))
  }
}

extension Call {
  /// `value` with at least `rank` axes: a row, or a row of columns.
  func widened(_ value: Value, to rank: Int) throws -> Value {
    switch (try self.rank(value), rank) {
    case (0, _): try unsqueeze(value, Array(0..<rank))
    case (1, 2): try unsqueeze(value, [0])
    case (1, 3): try unsqueeze(value, [0, 2])
    case (2, 3): try unsqueeze(value, [2])
    default: value
    }
  }

  /// `value` as one batch of images for `run`, whose results have the axes before the last three again.
  private func images(_ run: (Value) throws -> Value) throws -> Value {
    let input = try input()
    let rank = try rank(input)
    guard rank >= 3 else { throw ModelError(.invalidModel, "has an operand that is no image") }
    if rank == 4 { return try run(input) }
    if rank == 3 { return try squeeze(run(unsqueeze(input, [0])), [0]) }
    let extents = try extents(of: input)
    let result = try run(reshape(input, [.known(-1)] + extents.suffix(3)))
    return try reshape(result, extents.dropLast(3) + self.extents(of: result).suffix(3))
  }

  fileprivate func flattened() throws -> Value {
    let input = try input()
    let rank = try rank(input)
    if rank == 0 { return try reshape(input, [1]) }
    let first = try axis("start_dim", default: 0, rank: rank)
    let last = try axis("end_dim", default: -1, rank: rank)
    guard first < last else { return input }
    let extents = try shape(input)
    let joined = Array(extents[first...last]).elementCount
    var target = try self.extents(of: input, where: { $0 < first || $0 > last })
    target.insert(joined.value.map { .known($0) } ?? .known(-1), at: first)
    return try reshape(input, target)
  }

  /// The extents of some axes.
  private func extents(of value: Value, where isWanted: (Int) -> Bool) throws -> [Extent] {
    try shape(value).indices.filter(isWanted).map { try extent(of: value, $0) }
  }

  fileprivate func unflattened() throws -> Value {
    let input = try input()
    let axis = try axis("dim", rank: rank(input))
    var target = try extents(of: input)
    guard target.indices.contains(axis) else { throw ModelError(.invalidModel, "has an operand without axes") }
    target.replaceSubrange(axis...axis, with: try extents("sizes"))
    return try reshape(input, target)
  }

  fileprivate func squeezed() throws -> Value {
    let input = try input()
    let shape = try shape(input)
    let candidates = try axes("dim", rank: shape.count) ?? Array(shape.indices)
    // An extent that is not known is taken for another than 1, as in the program.
    return try squeeze(input, candidates.filter { shape.indices.contains($0) && shape[$0] == .known(1) })
  }

  fileprivate func shuffled() throws -> Value {
    let factor = try int("upscale_factor")
    return try images {
      try op(.depthToSpace, $0, attributes: ["blocksize": .int(Int64(factor)), "mode": .string("CRD")])
    }
  }

  /// ONNX's SpaceToDepth has the channels last among the new ones, PyTorch has them first.
  fileprivate func unshuffled() throws -> Value {
    let factor = try int("downscale_factor")
    guard (1...1 << 10).contains(factor) else { throw ModelError(.invalidModel, "shrinks by \(factor)") }
    return try images { input in
      let extents = try extents(of: input)
      let (height, width) = (try knownExtent(input, 2) / factor, try knownExtent(input, 3) / factor)
      let parts = [extents[0], extents[1], .known(height), .known(factor), .known(width), .known(factor)]
      let moved = try transpose(reshape(input, parts), [0, 1, 3, 5, 2, 4])
      let channels = try knownExtent(input, 1) * factor * factor
      return try reshape(moved, [extents[0], .known(channels), .known(height), .known(width)])
    }
  }
}
