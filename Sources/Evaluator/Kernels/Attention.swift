import IR

/// Attention and what comes with it.
enum Attention {
  static let kernels: [Kernel] = [
    Kernel(.attention, .exactForIntegers, attend),
    Kernel(.linearAttention, .exactForIntegers, attendLinearly),
    Kernel(.rotaryEmbedding, .exactForIntegers, rotate),
    Kernel(.tensorScatter, scatter),
  ]

  /// A tensor of batch, heads, positions, features, however the operand packs them.
  static func heads(_ invocation: Invocation, _ index: Int, _ attribute: ByteString) throws -> RealTensor {
    let tensor = try invocation.reals(index)
    if tensor.dimensions.count == 4 { return tensor }
    guard tensor.dimensions.count == 3 else { throw Refusal(.undefined, "operand \(index) is not of rank 3 or 4") }
    return try unpacked(tensor, heads: invocation.operation.int(attribute) ?? 0)
  }

  static func unpacked(_ tensor: RealTensor, heads: Int) throws -> RealTensor {
    guard heads > 0, tensor.dimensions[2].isMultiple(of: heads) else {
      throw Refusal(.undefined, "the features cannot be divided among \(heads) heads")
    }
    let (batch, length, features) = (tensor.dimensions[0], tensor.dimensions[1], tensor.dimensions[2] / heads)
    return tensor.reshaped([batch, length, heads, features]).transposed([0, 2, 1, 3])
  }

  static func packed(_ tensor: RealTensor) -> RealTensor {
    let d = tensor.dimensions
    return tensor.transposed([0, 2, 1, 3]).reshaped([d[0], d[2], d[1] * d[3]])
  }

  /// Two tensors joined along the positions.
  private static func joined(_ past: RealTensor?, _ tensor: RealTensor) throws -> RealTensor {
    guard let past else { return tensor }
    let (p, t) = (past.dimensions, tensor.dimensions)
    guard p.count == 4, p[0] == t[0], p[1] == t[1], p[3] == t[3] else {
      throw Refusal(.undefined, "the past does not fit")
    }
    var elements: [Double] = []
    for head in 0..<t[0] * t[1] {
      elements += past.elements[head * p[2] * p[3]..<(head + 1) * p[2] * p[3]]
      elements += tensor.elements[head * t[2] * t[3]..<(head + 1) * t[2] * t[3]]
    }
    return RealTensor([t[0], t[1], p[2] + t[2], t[3]], elements)
  }

  private static func attend(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let operation = invocation.operation
    let isPacked = try invocation.operand(0).dimensions.count == 3
    let query = try heads(invocation, 0, "q_num_heads")
    let past = try invocation.optionalReals(4)
    let key = try joined(past, heads(invocation, 1, "kv_num_heads"))
    let value = try joined(invocation.optionalReals(5), heads(invocation, 2, "kv_num_heads"))
    let (q, k, v) = (query.dimensions, key.dimensions, value.dimensions)
    guard k[0] == q[0], v[0] == q[0], k[1] == v[1], k[1] > 0, q[1].isMultiple(of: k[1]), k[3] == q[3], k[2] == v[2]
    else { throw Refusal(.undefined, "queries, keys and values do not fit") }
    try invocation.admit([q[0], q[1], q[2], k[2]], steps: q[3] + v[3])
    let bias = try mask(invocation, query, keys: k[2], past: past?.dimensions[2])
    let scale = operation.float("scale").map { Double($0) } ?? 1 / Double(q[3]).squareRoot()
    let softcap = Double(operation.float("softcap") ?? 0)
    let mode = operation.int("qk_matmul_output_mode") ?? 0
    var result = RealTensor(zeros: [q[0], q[1], q[2], v[3]])
    var scores = RealTensor(zeros: [q[0], q[1], q[2], k[2]])
    for row in 0..<q[0] * q[1] * q[2] {
      let head = row / q[2]
      let keyHead = head / q[1] * k[1] + head % q[1] / (q[1] / k[1])
      var logits = [Double](repeating: 0, count: k[2])
      for at in 0..<k[2] {
        var sum = 0.0
        for feature in 0..<q[3] {
          sum += query.elements[row * q[3] + feature] * key.elements[(keyHead * k[2] + at) * q[3] + feature]
        }
        let scaled = sum * scale
        logits[at] = softcap > 0 ? softcap * RealMath.tanh(scaled / softcap) : scaled
      }
      let range = row * k[2]..<(row + 1) * k[2]
      if mode < 2 { scores.elements.replaceSubrange(range, with: logits) }
      for at in 0..<k[2] { logits[at] += bias[range.lowerBound + at] }
      if mode == 2 { scores.elements.replaceSubrange(range, with: logits) }
      // A query that may look at nothing sees nothing.
      let isMasked = range.allSatisfy { bias[$0] == -.infinity }
      let weights = isMasked ? logits.map { _ in 0 } : softmax(logits)
      if mode == 3 { scores.elements.replaceSubrange(range, with: weights) }
      for feature in 0..<v[3] {
        result.elements[row * v[3] + feature] = (0..<k[2]).reduce(0) {
          $0 + weights[$1] * value.elements[(keyHead * k[2] + $1) * v[3] + feature]
        }
      }
    }
    let type = try invocation.operand(0).elementType
    let valueType = try invocation.operand(2).elementType
    func optional(_ index: Int, _ type: ElementType, _ tensor: RealTensor) throws -> TensorLiteral? {
      operation.result(index) == nil ? nil : try invocation.make(type, tensor)
    }
    return [
      try invocation.make(type, isPacked ? packed(result) : result), try optional(1, type, key),
      try optional(2, valueType, value), try optional(3, type, scores),
    ]
  }

  private static func softmax(_ logits: [Double]) -> [Double] {
    let largest = logits.reduce(-Double.infinity, Arithmetic.larger)
    let powers = logits.map { RealMath.exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// What is added to each score: 0 where a query may look at a key, minus infinity where not, or what the mask says.
  private static func mask(_ invocation: Invocation, _ query: RealTensor, keys: Int, past: Int?) throws -> [Double] {
    let operation = invocation.operation
    let q = query.dimensions
    let dimensions = [q[0], q[1], q[2], keys]
    var bias = RealTensor(zeros: dimensions).elements
    if let literal = invocation[optional: 3] {
      var given = try invocation.numbers(literal)
      if literal.elementType == .bool { given = given.map { $0 != 0 ? 0 : -.infinity } }
      given = padded(given, to: keys)
      guard Shapes.broadcast(given.dimensions, dimensions) == dimensions else {
        throw Refusal(.undefined, "the mask does not broadcast")
      }
      bias = given.arranged(Layout(given.dimensions).broadcast(to: dimensions)).elements
    }
    let valid = try invocation.integers(6)
    guard valid?.count ?? q[0] == q[0] else { throw Refusal(.undefined, "there is not one length a sample") }
    let isCausal = operation.flag("is_causal")
    let left = operation.int("left_window_size") ?? -1
    let right = operation.int("right_window_size") ?? -1
    IndexWalk.forEach(dimensions) { index, position in
      let offset = past ?? valid.map { $0[index[0]] &- q[2] } ?? 0
      let ahead = index[3] &- index[2] &- offset
      let isHidden =
        (isCausal && ahead > 0) || (left >= 0 && 0 &- ahead > left) || (right >= 0 && ahead > right)
        || (valid.map { index[3] >= $0[index[0]] } ?? false)
      if isHidden { bias[position] = -.infinity }
    }
    return bias
  }

  /// A mask that says nothing of the last keys hides them.
  private static func padded(_ mask: RealTensor, to keys: Int) -> RealTensor {
    guard let length = mask.dimensions.last, length > 0, length < keys, length != 1 || keys == 1 else { return mask }
    let rows = stride(from: 0, to: mask.elements.count, by: length).flatMap {
      mask.elements[$0..<$0 + length] + Array(repeating: -Double.infinity, count: keys - length)
    }
    return RealTensor(mask.dimensions.dropLast() + [keys], rows)
  }
}
