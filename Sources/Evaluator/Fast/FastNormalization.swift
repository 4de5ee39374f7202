import IR

/// Normalizations of single precision: rows, or planes of channels, shared out among threads.
enum FastNormalization {
  static let kernels: [(OpDefinition, FastKernels.Body)] = [
    (.batchNormalization, batch), (.layerNormalization, layer), (.softmax, softmax),
  ]

  @Sendable private static func batch(_ invocation: Invocation, _ threads: Int) throws
    -> [TensorLiteral?]?
  {
    let x = try invocation.operand(0)
    guard invocation.areFloats(0...4), x.dimensions.count >= 2,
      !invocation.operation.flag("training_mode"),
      let epsilon = invocation.operation.float("epsilon")
    else { return nil }
    let channels = x.dimensions[1]
    let parameters = try (1...4).map { try invocation.operand($0) }
    guard parameters.allSatisfy({ $0.elementCount == channels }) else { return nil }
    let plane = x.dimensions[2...].reduce(1, *)
    return [
      try invocation.makeFloats(x.dimensions) { result in
        try invocation.withFloats([x] + parameters) { floats in
          let (source, scale, offset, mean, variance) = (
            floats[0], floats[1], floats[2], floats[3], floats[4]
          )
          try invocation.forEachPart(x.dimensions[0] * channels, cost: plane, threads: threads) {
            part in
            for place in part {
              let channel = place % channels
              let factor = scale.base[channel] / (variance.base[channel] + epsilon).squareRoot()
              let addend = offset.base[channel] - mean.base[channel] * factor
              let (from, to) = (source.base + place * plane, result.base + place * plane)
              for index in 0..<plane { to[index] = from[index] * factor + addend }
            }
          }
        }
      }
    ]
  }

  @Sendable private static func layer(_ invocation: Invocation, _ threads: Int) throws
    -> [TensorLiteral?]?
  {
    let x = try invocation.operand(0)
    guard let axis = invocation.operation.int("axis"), axis == -1 || axis == x.dimensions.count - 1,
      let width = x.dimensions.last, width > 0, invocation.areFloats(0...1),
      let epsilon = invocation.operation.float("epsilon"),
      invocation.operation.presentResults.count == 1
    else { return nil }
    let parameters = try [invocation.operand(1)] + (invocation[optional: 2].map { [$0] } ?? [])
    guard parameters.allSatisfy({ $0.elementCount == width && $0.elementType == .float32 }) else {
      return nil
    }
    return [
      try invocation.makeFloats(x.dimensions) { result in
        try invocation.withFloats([x] + parameters) { floats in
          let (source, scale, bias) = (floats[0], floats[1], floats.count > 2 ? floats[2] : nil)
          try invocation.forEachPart(x.elementCount / width, cost: width, threads: threads) {
            part in
            for row in part {
              let (from, to) = (source.base + row * width, result.base + row * width)
              let mean = from.sum(width) / Float(width)
              let variance = from.sumOfSquares(width, around: mean) / Float(width)
              let factor = 1 / (variance + epsilon).squareRoot()
              if let bias {
                for index in 0..<width {
                  to[index] = (from[index] - mean) * factor * scale.base[index] + bias.base[index]
                }
              } else {
                for index in 0..<width {
                  to[index] = (from[index] - mean) * factor * scale.base[index]
                }
              }
            }
          }
        }
      }
    ]
  }

  @Sendable private static func softmax(_ invocation: Invocation, _ threads: Int) throws
    -> [TensorLiteral?]?
  {
    let x = try invocation.operand(0)
    guard let axis = invocation.operation.int("axis"), axis == -1 || axis == x.dimensions.count - 1,
      let width = x.dimensions.last, width > 0, invocation.areFloats([0])
    else { return nil }
    return [
      try invocation.makeFloats(x.dimensions) { result in
        try invocation.withFloats([x]) { floats in
          let source = floats[0]
          try invocation.forEachPart(x.elementCount / width, cost: width, threads: threads) {
            part in
            for row in part {
              let (from, to) = (source.base + row * width, result.base + row * width)
              let largest = from.largest(width)
              for index in 0..<width { to[index] = SingleMath.exp(from[index] - largest) }
              let factor = 1 / UnsafePointer(to).sum(width)
              for index in 0..<width { to[index] *= factor }
            }
          }
        }
      }
    ]
  }
}
