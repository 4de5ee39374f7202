extension OpCatalog {
  static let attentionFamily: [OpDefinition] = [.attention, .linearAttention, .rotaryEmbedding, .tensorScatter]
}

extension OpDefinition {
  /// Scaled dot-product attention of queries to keys and values, with an optional mask and cache. ONNX Attention-25.
  package static let attention = OpDefinition(
    "Attention", versions: [23, 24, 25],
    "Scaled dot-product attention of queries to keys and values, with an optional mask and cache.",
    operands: [
      .required("Q", .float), .required("K", sameElementTypeAs: "Q"), .required("V", .float),
      .optional("attn_mask", [.numeric, .bool]), .optional("past_key", sameElementTypeAs: "Q"),
      .optional("past_value", sameElementTypeAs: "V"), .optional("nonpad_kv_seqlen", .int64),
    ],
    results: [
      .required("Y", sameElementTypeAs: "Q"), .optional("present_key", .same(asOperand: "Q")),
      .optional("present_value", .same(asOperand: "V")), .optional("qk_matmul_output", .same(asOperand: "Q")),
    ],
    attributes: [
      .int("is_causal", default: 0), .optional("kv_num_heads", .int), .int("left_window_size", default: -1),
      .optional("q_num_heads", .int), .int("qk_matmul_output_mode", default: 0), .int("right_window_size", default: -1),
      .optional("scale", .float), .float("softcap", default: 0), .optional("softmax_precision", .int),
    ],
    infer: { try $0.inferAttention() })

  /// Attention without a softmax, as a recurrence over a state. ONNX LinearAttention-27.
  package static let linearAttention = OpDefinition(
    "LinearAttention", versions: [27], "Attention without a softmax, as a recurrence over a state.",
    operands: [
      .required("query", .halfOrSingle), .required("key", sameElementTypeAs: "query"),
      .required("value", sameElementTypeAs: "query"), .optional("past_state", .halfOrSingle),
      .optional("decay", sameElementTypeAs: "query"), .optional("beta", sameElementTypeAs: "query"),
    ],
    results: [.required("output", sameElementTypeAs: "query"), .required("present_state")],
    attributes: [
      .int("chunk_size", default: 64), .required("kv_num_heads", .int), .required("q_num_heads", .int),
      .float("scale", default: 0), .string("update_rule", default: "gated_delta"),
    ],
    infer: { try $0.inferLinearAttention() },
    verify: oneOf("update_rule", ["linear", "gated", "delta", "gated_delta"]))

  /// Rotates pairs of features by angles that grow with the position. ONNX RotaryEmbedding-23.
  package static let rotaryEmbedding = OpDefinition(
    "RotaryEmbedding", versions: [23], "Rotates pairs of features by angles that grow with the position.",
    operands: [
      .required("X", .halfOrSingle), .required("cos_cache", sameElementTypeAs: "X"),
      .required("sin_cache", sameElementTypeAs: "X"), .optional("position_ids", .int64),
    ],
    results: [.required("Y", sameElementTypeAs: "X")],
    attributes: [
      .int("interleaved", default: 0), .optional("num_heads", .int), .int("rotary_embedding_dim", default: 0),
    ],
    infer: { inference in
      if let x = inference.shape(0), x.count != 3, x.count != 4 {
        throw ModelError(.invalidModel, "X has shape \(x), which is not of rank 3 or 4")
      }
      inference.set(elementTypeOf: 0, inference.shape(0))
    })

  /// Writes an update into a cache along one axis, at a position for each sample. ONNX TensorScatter-24.
  package static let tensorScatter = OpDefinition(
    "TensorScatter", versions: [24], "Writes an update into a cache along one axis, at a position for each sample.",
    operands: [
      .required("past_cache", .storable.subtracting(ElementTypes(.int2, .uint2))),
      .required("update", sameElementTypeAs: "past_cache"), .optional("write_indices", .int64),
    ],
    results: [.required("present_cache", sameElementTypeAs: "past_cache")],
    attributes: [.int("axis", default: -2), .string("mode", default: "linear")],
    traits: [.pure, .dataMovement],
    infer: { inference in
      if let rank = inference.shape(0)?.count, let axis = inference.operation.int("axis"),
        try inference.axis(axis, rank: rank) == 0
      {
        throw ModelError(.invalidModel, "axis \(axis) is the batch's, along which nothing is written")
      }
      inference.set(elementTypeOf: 0, inference.shape(0))
    }, verify: oneOf("mode", ["linear", "circular"]))
}

extension TypeInference {
  /// Queries, keys or values as batch, heads, positions, features, however the file packs them.
  private struct Heads {
    let batch: Dimension
    let heads: Dimension
    let length: Dimension
    let features: Dimension
  }

  /// - Throws: `ModelError` where the operand is of neither rank, or the heads are not said or do not divide the
  /// features.
  private func heads(_ index: Int, count attribute: ByteString) throws -> Heads? {
    guard let shape = shape(index) else { return nil }
    if shape.count == 4 { return Heads(batch: shape[0], heads: shape[1], length: shape[2], features: shape[3]) }
    let name = operation.definition.operands[index].name
    guard shape.count == 3 else {
      throw ModelError(.invalidModel, "\(name) has shape \(shape), which is not of rank 3 or 4")
    }
    guard let count = try operation.integer(attribute, atLeast: 1) else {
      throw ModelError(.invalidModel, "\(name) is of rank 3, so that it needs the attribute '\(attribute)'")
    }
    if let features = shape[2].value, !features.isMultiple(of: count) {
      throw ModelError(.invalidModel, "the \(features) features of \(name) cannot be divided among \(count) heads")
    }
    return Heads(
      batch: shape[0], heads: .known(count), length: shape[1], features: shape[2].exactlyDivided(by: .known(count)))
  }

  fileprivate mutating func inferAttention() throws {
    let query = try heads(0, count: "q_num_heads")
    let key = try heads(1, count: "kv_num_heads")
    let value = try heads(2, count: "kv_num_heads")
    if let query, let key {
      try expect(
        query.features, equals: key.features, "queries of \(query.features) features meet keys of \(key.features)")
    }
    if let key, let value {
      try expect(key.length, equals: value.length, "\(key.length) keys meet \(value.length) values")
    }
    set(0, elementTypeOf: 0, attentionShape(query, value))
    let past = operation.operand(4) == nil ? Dimension.known(0) : shape(4)?.dimension(2) ?? .unknown
    let present = (key?.length ?? .unknown) + past
    set(1, elementTypeOf: 0, key.map { [$0.batch, $0.heads, present, $0.features] })
    set(2, elementTypeOf: 2, value.map { [$0.batch, $0.heads, present, $0.features] })
    set(3, elementTypeOf: 0, query.map { [$0.batch, $0.heads, $0.length, present] })
  }

  /// The result's shape: packed as the queries are.
  private func attentionShape(_ query: Heads?, _ value: Heads?) -> Shape? {
    guard let query, let rank = shape(0)?.count else { return nil }
    let features = value?.features ?? .unknown
    return rank == 4
      ? [query.batch, query.heads, query.length, features] : [query.batch, query.length, query.heads * features]
  }

  fileprivate mutating func inferLinearAttention() throws {
    guard let queryHeads = try operation.integer("q_num_heads", atLeast: 1),
      let valueHeads = try operation.integer("kv_num_heads", atLeast: 1)
    else { return }
    guard queryHeads.isMultiple(of: valueHeads) else {
      throw ModelError(.invalidModel, "q_num_heads \(queryHeads) is no multiple of kv_num_heads \(valueHeads)")
    }
    for index in 0..<3 {
      guard let shape = shape(index), shape.count != 3 else { continue }
      throw ModelError(
        .invalidModel, "\(operation.definition.operands[index].name) has shape \(shape), which is not of rank 3")
    }
    let batch = shape(0)?[0] ?? .unknown
    let keyFeatures = (shape(1)?[2] ?? .unknown).exactlyDivided(by: .known(valueHeads))
    let valueFeatures = (shape(2)?[2] ?? .unknown).exactlyDivided(by: .known(valueHeads))
    set(0, elementTypeOf: 0, [batch, shape(0)?[1] ?? .unknown, .known(queryHeads) * valueFeatures])
    let state: Shape = [batch, .known(valueHeads), keyFeatures, valueFeatures]
    guard operation.operand(3) != nil else { return set(1, elementTypeOf: 0, state) }
    guard let past = shape(3) else { return set(1, elementTypeOf: 3, state) }
    guard past.count == state.count, past.isCompatible(with: state) else {
      throw ModelError(.invalidModel, "past_state has shape \(past), not \(state)")
    }
    set(1, elementTypeOf: 3, zip(state, past).map { $0.merged(with: $1) ?? $0 })
  }
}
