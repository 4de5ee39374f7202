import IR

/// Convolutions and the normalization that follows them.
enum Convolution {
  static let kernels: [Kernel] = [
    Kernel(.conv, .exactForIntegers, convolve),
    Kernel(.convTranspose, .exactForIntegers, convolveTransposed),
    Kernel(.batchNormalization, .exactForIntegers, normalize),
  ]

  /// What the operands and attributes of both convolutions say.
  private struct Setup {
    let x: TensorLiteral
    let weight: TensorLiteral
    let bias: TensorLiteral?
    let group: Int
    let kernel: [Int]
    let strides: [Int]
    let dilations: [Int]
    /// Begins of all axes, then ends.
    let pads: [Int]

    var spatialRank: Int { kernel.count }
    var extents: [Int] { Array(x.dimensions[2...]) }
    var operands: [TensorLiteral] { [x, weight] + (bias.map { [$0] } ?? []) }

    init(_ invocation: Invocation) throws {
      x = try invocation.operand(0)
      weight = try invocation.operand(1)
      bias = invocation[optional: 2]
      let rank = x.dimensions.count - 2
      guard rank >= 1, weight.dimensions.count == rank + 2, x.elementCount > 0, weight.elementCount > 0,
        x.elementType.numberKind == .real, let group = invocation.operation.int("group"), group > 0
      else { throw Refusal(.unsupported, "an empty convolution, or one of \(x.elementType.rawValue)") }
      guard invocation.operation.string("auto_pad") ?? "NOTSET" == "NOTSET" else {
        throw Refusal(.unsupported, "pads that are not written")
      }
      self.group = group
      kernel = Array(weight.dimensions[2...])
      strides = invocation.operation.ints("strides") ?? kernel.map { _ in 1 }
      dilations = invocation.operation.ints("dilations") ?? kernel.map { _ in 1 }
      pads = invocation.operation.ints("pads") ?? (kernel + kernel).map { _ in 0 }
      let limits = 0...1 << 20
      guard strides.count == rank, dilations.count == rank, pads.count == 2 * rank,
        (strides + dilations).allSatisfy({ $0 > 0 && limits.contains($0) }), pads.allSatisfy({ limits.contains($0) }),
        (x.dimensions + weight.dimensions).allSatisfy({ limits.contains($0) })
      else { throw Refusal(.unsupported, "strides, dilations or pads that do not fit") }
    }

    /// The channel that the bias adds to: 0 without one.
    func bias(_ channel: Int, _ bytes: [UnsafeRawBufferPointer]) -> Double {
      bias == nil ? 0 : Double.load(bytes[2], channel, x.elementType)
    }
  }

  private static func convolve(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let setup = try Setup(invocation)
    let (filters, perGroup) = (setup.weight.dimensions[0], setup.weight.dimensions[1])
    guard setup.x.dimensions[1] == perGroup * setup.group, filters.isMultiple(of: setup.group) else {
      throw Refusal(.undefined, "the channels do not fit the weight")
    }
    let spatial = try (0..<setup.spatialRank).map { axis in
      let reach = (setup.kernel[axis] - 1) * setup.dilations[axis] + 1
      let padded = setup.extents[axis] + setup.pads[axis] + setup.pads[axis + setup.spatialRank]
      guard padded >= reach else { throw Refusal(.undefined, "the kernel is larger than the input") }
      return (padded - reach) / setup.strides[axis] + 1
    }
    let dimensions = [setup.x.dimensions[0], filters] + spatial
    let count = try invocation.admit(setup.x.elementType, dimensions)
    try invocation.spend(count, times: perGroup * setup.kernel.reduce(1, *))
    let result = try invocation.make(setup.x.elementType, dimensions) { output in
      try withBytes(of: setup.operands[...]) { bytes in
        forEachIndex(dimensions) { index, position in
          let firstChannel = index[1] / (filters / setup.group) * perGroup
          var sum = setup.bias(index[1], bytes)
          forEachIndex([perGroup] + setup.kernel) { tap, _ in
            var inX = index[0] * setup.x.dimensions[1] + firstChannel + tap[0]
            for axis in 0..<setup.spatialRank {
              let at = index[axis + 2] * setup.strides[axis] + tap[axis + 1] * setup.dilations[axis] - setup.pads[axis]
              guard at >= 0, at < setup.extents[axis] else { return }
              inX = inX * setup.extents[axis] + at
            }
            let inWeight = flat([index[1]] + tap, setup.weight.dimensions)
            sum +=
              Double.load(bytes[0], inX, setup.x.elementType) * Double.load(bytes[1], inWeight, setup.x.elementType)
          }
          Double.store(sum, output, position, setup.x.elementType)
        }
      }
    }
    return [result]
  }

  private static func convolveTransposed(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let setup = try Setup(invocation)
    let (inputs, perGroup) = (setup.weight.dimensions[0], setup.weight.dimensions[1])
    guard setup.x.dimensions[1] == inputs, inputs.isMultiple(of: setup.group),
      invocation.operation.ints("output_shape") ?? [] == []
    else { throw Refusal(.unsupported, "channels that do not fit the weight, or a written output_shape") }
    let extra = invocation.operation.ints("output_padding") ?? setup.kernel.map { _ in 0 }
    guard extra.count == setup.spatialRank, extra.allSatisfy({ $0 >= 0 && $0 < 1 << 20 }) else {
      throw Refusal(.undefined, "output_padding does not fit")
    }
    let spatial = (0..<setup.spatialRank).map { axis in
      let reach = (setup.kernel[axis] - 1) * setup.dilations[axis] + 1
      let cut = setup.pads[axis] + setup.pads[axis + setup.spatialRank]
      return setup.strides[axis] * (setup.extents[axis] - 1) + reach + extra[axis] - cut
    }
    guard spatial.allSatisfy({ $0 > 0 }) else { throw Refusal(.undefined, "the pads leave nothing") }
    let outputs = perGroup * setup.group
    let dimensions = [setup.x.dimensions[0], outputs] + spatial
    let count = try invocation.admit(setup.x.elementType, dimensions)
    try invocation.spend(setup.x.elementCount, times: perGroup * setup.kernel.reduce(1, *))
    try invocation.spend(count)
    let result = try invocation.make(setup.x.elementType, dimensions) { output in
      try withBytes(of: setup.operands[...]) { bytes in
        var sums = [Double](repeating: 0, count: count)
        forEachIndex(dimensions) { index, position in sums[position] = setup.bias(index[1], bytes) }
        forEachIndex(setup.x.dimensions) { index, position in
          let element = Double.load(bytes[0], position, setup.x.elementType)
          let firstChannel = index[1] / (inputs / setup.group) * perGroup
          forEachIndex([perGroup] + setup.kernel) { tap, _ in
            var target = index[0] * outputs + firstChannel + tap[0]
            for axis in 0..<setup.spatialRank {
              let at = index[axis + 2] * setup.strides[axis] + tap[axis + 1] * setup.dilations[axis] - setup.pads[axis]
              guard at >= 0, at < spatial[axis] else { return }
              target = target * spatial[axis] + at
            }
            let inWeight = flat([index[1]] + tap, setup.weight.dimensions)
            sums[target] += element * Double.load(bytes[1], inWeight, setup.x.elementType)
          }
        }
        for (position, sum) in sums.enumerated() { Double.store(sum, output, position, setup.x.elementType) }
      }
    }
    return [result]
  }

  private static func normalize(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.operand(0)
    guard !invocation.operation.flag("training_mode"), x.dimensions.count >= 2, x.elementType.numberKind == .real,
      let epsilon = invocation.operation.float("epsilon")
    else { throw Refusal(.unsupported, "BatchNormalization in training, or of \(x.elementType.rawValue)") }
    let parameters = try (1...4).compactMap { try invocation.operand($0).realNumbers() }
    let channels = x.dimensions[1]
    guard parameters.count == 4, parameters.allSatisfy({ $0.count == channels }) else {
      throw Refusal(.undefined, "there is not one parameter a channel")
    }
    let inner = x.dimensions[2...].reduce(1, &*)
    let result = try invocation.make(x.elementType, x.dimensions) { output in
      try x.withWindow(0..<x.elementCount) { bytes in
        for position in 0..<x.elementCount {
          let channel = position / inner % channels
          let deviation = (parameters[3][channel] + Double(epsilon)).squareRoot()
          let normal = (Double.load(bytes, position, x.elementType) - parameters[2][channel]) / deviation
          Double.store(normal * parameters[0][channel] + parameters[1][channel], output, position, x.elementType)
        }
      }
    }
    return [result]
  }

  // MARK: Positions

  /// Calls `body` with each index of a tensor in row-major order, and with its position.
  private static func forEachIndex(_ dimensions: [Int], _ body: (_ index: [Int], _ position: Int) -> Void) {
    var index = dimensions.map { _ in 0 }
    for position in 0..<dimensions.reduce(1, *) {
      body(index, position)
      var axis = dimensions.count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < dimensions[axis] { break }
        index[axis] = 0
        axis -= 1
      }
    }
  }

  private static func flat(_ index: [Int], _ dimensions: [Int]) -> Int {
    zip(index, dimensions).reduce(0) { $0 * $1.1 + $1.0 }
  }
}
