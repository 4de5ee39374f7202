import IR

extension Attention {
  /// Attention without a softmax: each position changes a state, of which it reads.
  static func attendLinearly(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let operation = invocation.operation
    guard let queryHeads = operation.int("q_num_heads"), let heads = operation.int("kv_num_heads"), heads > 0,
      queryHeads > 0, queryHeads.isMultiple(of: heads)
    else { throw Refusal(.undefined, "the heads do not fit") }
    let inputs = try (0..<3).map { index -> RealTensor in
      let tensor = try invocation.reals(index)
      guard tensor.dimensions.count == 3 else { throw Refusal(.undefined, "operand \(index) is not of rank 3") }
      return try unpacked(tensor, heads: index == 0 ? queryHeads : heads)
    }
    let (query, key, value) = (inputs[0], inputs[1], inputs[2])
    let (batch, length) = (query.dimensions[0], query.dimensions[2])
    let (features, width) = (query.dimensions[3], value.dimensions[3])
    guard key.dimensions == [batch, heads, length, features], value.dimensions == [batch, heads, length, width] else {
      throw Refusal(.undefined, "queries, keys and values do not fit")
    }
    let stateShape = [batch, heads, features, width]
    var state = try invocation.optionalReals(3) ?? RealTensor(zeros: stateShape)
    let rule = operation.string("update_rule") ?? "gated_delta"
    let decay = try invocation.optionalReals(4)
    let beta = try invocation.optionalReals(5)
    guard state.dimensions == stateShape, (decay != nil) == rule.text.hasPrefix("gated"),
      (beta != nil) == rule.text.hasSuffix("delta"),
      decay.map({ [[batch, length, heads], [batch, length, heads * features]].contains($0.dimensions) }) ?? true,
      beta.map({ [[batch, length, heads], [batch, length, 1]].contains($0.dimensions) }) ?? true
    else { throw Refusal(.undefined, "the state, the decay or beta do not fit") }
    try invocation.admit([batch, queryHeads, length, features], steps: width)
    let given = Double(operation.float("scale") ?? 0)
    let scale = given == 0 ? 1 / Double(features).squareRoot() : given
    var result = RealTensor(zeros: [batch, queryHeads, length, width])
    for sample in 0..<batch {
      for time in 0..<length {
        for head in 0..<heads {
          let base = (sample * heads + head) * features
          let row = (sample * heads + head) * length + time
          if let decay {
            let perFeature = decay.dimensions[2] != heads
            for feature in 0..<features {
              let place =
                (sample * length + time) * decay.dimensions[2] + (perFeature ? head * features + feature : head)
              let factor = RealMath.exp(decay.elements[place])
              for at in 0..<width { state.elements[(base + feature) * width + at] *= factor }
            }
          }
          for at in 0..<width {
            var update = value.elements[row * width + at]
            if let beta {
              let retrieved = (0..<features).reduce(0) {
                $0 + state.elements[(base + $1) * width + at] * key.elements[row * features + $1]
              }
              let last = beta.dimensions[2]
              update = beta.elements[(sample * length + time) * last + (last == 1 ? 0 : head)] * (update - retrieved)
            }
            for feature in 0..<features {
              state.elements[(base + feature) * width + at] += key.elements[row * features + feature] * update
            }
          }
        }
        for head in 0..<queryHeads {
          let base = (sample * heads + head / (queryHeads / heads)) * features
          let row = (sample * queryHeads + head) * length + time
          for at in 0..<width {
            result.elements[row * width + at] =
              scale
              * (0..<features).reduce(0) {
                $0 + query.elements[row * features + $1] * state.elements[(base + $1) * width + at]
              }
          }
        }
      }
    }
    let type = try invocation.operand(0).elementType
    return [
      try invocation.make(type, packed(result)),
      try invocation.make(invocation[optional: 3]?.elementType ?? type, state),
    ]
  }
}
