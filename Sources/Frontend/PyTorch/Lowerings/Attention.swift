import IR

extension Lowering {
  static let attention: [String: Lowering] = [
    "aten.scaled_dot_product_attention": .one { try $0.attention() },
    "aten._scaled_dot_product_flash_attention_for_cpu": .values { [try $0.attention(), nil] },
    "aten._scaled_dot_product_attention_math": .values { [try $0.attention(), nil] },
  ]
}

extension Call {
  /// softmax(query * key^T * scale + mask) * value.
  fileprivate func attention() throws -> Value {
    guard try float("dropout_p", default: 0) == 0 else {
      throw UnsupportedForm("is random in training", advice: "call model.eval() before exporting")
    }
    let query = try value("query")
    var (key, value) = (try self.value("key"), try self.value("value"))
    let (rank, type) = (try rank(query), try elementType(query))
    if try bool("enable_gqa", default: false) {
      key = try repeatingHeads(key, as: query)
      value = try repeatingHeads(value, as: query)
    }
    let scaled = try op(.mul, query, scale(query, type))
    let scores = try op(.matMul, scaled, transpose(key, rank - 2, rank - 1))
    let weights: Value
    if let mask = try optionalValue("attn_mask") {
      weights = try masked(scores, mask, type)
    } else if try bool("is_causal", default: false) {
      weights = try softmax(op(.add, scores, causalMask(scores, type)))
    } else {
      weights = try softmax(scores)
    }
    return try op(.matMul, weights, value)
  }

  private func softmax(_ scores: Value) throws -> Value {
    try op(.softmax, scores, attributes: ["axis": .int(-1)])
  }

  private func scale(_ query: Value, _ type: ElementType) throws -> Value {
    if let scale = try optionalFloat("scale") { return try scalar(scale, type) }
    let last = try rank(query) - 1
    let features = try extent(of: query, last)
    if let known = features.known { return try scalar(1 / Double(max(known, 1)).squareRoot(), type) }
    return try op(.reciprocal, op(.sqrt, cast(element(vector(features)), to: type)))
  }

  /// Where nothing may be looked at, PyTorch's weights are 0.
  private func masked(_ scores: Value, _ mask: Value, _ type: ElementType) throws -> Value {
    guard try elementType(mask) == .bool else {
      let weights = try softmax(op(.add, scores, cast(mask, to: type)))
      return try op(.where, op(.isNaN, weights), scalar(0, type), weights)
    }
    let lowest = try scalar(type == .float16 ? -65504 : type == .float64 ? -1e300 : -3e38, type)
    return try op(.where, mask, softmax(op(.where, mask, scores, lowest)), scalar(0, type))
  }

  /// Minus infinity where a key comes after the query, else 0.
  private func causalMask(_ scores: Value, _ type: ElementType) throws -> Value {
    let rank = try rank(scores)
    let shape = try shapeOperand([extent(of: scores, rank - 2), extent(of: scores, rank - 1)])
    let infinity = try TensorLiteral.filled(-Double.infinity, type, [1])
    let all = try op(.constantOfShape, shape, attributes: ["value": .tensor(infinity)])
    return try op(.trilu, all, builder.constant(1))
  }

  /// Each head as often as it takes to have as many as `query` has.
  private func repeatingHeads(_ value: Value, as query: Value) throws -> Value {
    let axis = try rank(query) - 3
    guard axis >= 0 else { throw ModelError(.invalidModel, "has no heads") }
    let (wanted, given) = (try knownExtent(query, axis), try knownExtent(value, axis))
    guard given > 0, wanted % given == 0 else { throw ModelError(.invalidModel, "has \(wanted) heads of \(given)") }
    if wanted == given { return value }
    var extents = try extents(of: value)
    let widened = try unsqueeze(value, [axis + 1])
    var target = Array(repeating: Extent.known(1), count: extents.count + 1)
    target[axis + 1] = .known(wanted / given)
    let repeated = try op(.expand, widened, shapeOperand(target))
    extents[axis] = .known(wanted)
    return try reshape(repeated, extents)
  }
}
