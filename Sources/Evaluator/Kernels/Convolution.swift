import IR

/// Convolutions: one loop over windows for all that slide a kernel, one for those that spread one.
enum Convolution {
  static let kernels: [Kernel] = [
    Kernel(.conv, .exactForIntegers) { invocation in
      let x = try invocation.reals(0)
      let result = try convolve(invocation, x, invocation.reals(1), bias: invocation.optionalReals(2))
      return [try invocation.make(invocation.operand(0).elementType, result)]
    },
    Kernel(.convInteger) { invocation in
      let x = try Quantization.withoutZeroPoint(invocation, 0, zeroPoint: 2, axis: 1)
      let weight = try Quantization.withoutZeroPoint(invocation, 1, zeroPoint: 3, axis: 0)
      return [try invocation.make(.int32, convolve(invocation, x, weight, bias: nil))]
    },
    Kernel(.qLinearConv, .exactForIntegers, quantized),
    Kernel(.convTranspose, .exactForIntegers, transposed),
    Kernel(.causalConvWithState, .exactForIntegers, causal),
    Kernel(.deformConv, .exactForIntegers, deformed),
    Kernel(.col2Im, .exactForIntegers, columnsToImage),
  ]

  /// How input channels are shared out among filters.
  private struct Groups {
    let filters: Int
    /// Input channels a filter sees.
    let perFilter: Int
    let filtersPerGroup: Int

    init(_ invocation: Invocation, _ x: RealTensor, _ weight: RealTensor) throws {
      guard let count = invocation.operation.int("group"), count > 0, x.dimensions.count >= 3,
        weight.dimensions.count == x.dimensions.count
      else { throw Refusal(.undefined, "the weight does not fit the input's rank") }
      (filters, perFilter) = (weight.dimensions[0], weight.dimensions[1])
      let (channels, overflow) = perFilter.multipliedReportingOverflow(by: count)
      guard !overflow, x.dimensions[1] == channels, filters.isMultiple(of: count) else {
        throw Refusal(.undefined, "the channels do not fit the weight")
      }
      filtersPerGroup = filters / count
    }

    func firstChannel(of filter: Int) -> Int { filter / max(filtersPerGroup, 1) * perFilter }
  }

  static func convolve(
    _ invocation: Invocation, _ x: RealTensor, _ weight: RealTensor, bias: RealTensor?
  ) throws -> RealTensor {
    let groups = try Groups(invocation, x, weight)
    guard bias?.elements.count ?? groups.filters == groups.filters else {
      throw Refusal(.undefined, "there is not one bias a filter")
    }
    let walk = try WindowWalk(
      invocation.operation, kernel: Array(weight.dimensions[2...]), over: Array(x.dimensions[2...]))
    let dimensions = [x.dimensions[0], groups.filters] + walk.positions
    _ = try invocation.admit(.float32, dimensions)
    let steps = groups.perFilter.multipliedReportingOverflow(by: max(walk.kernelCount, 1))
    try invocation.admit(dimensions, steps: steps.overflow ? .max : steps.partialValue)
    var result = RealTensor(zeros: dimensions)
    let (plane, kernelCount) = (walk.planeCount, walk.kernelCount)
    IndexWalk.forEach(walk.positions) { position, place in
      let taps = walk.taps(at: position)
      for sample in 0..<x.dimensions[0] {
        for filter in 0..<groups.filters {
          var sum = bias?.elements[filter] ?? 0
          let first = sample * x.dimensions[1] + groups.firstChannel(of: filter)
          for channel in 0..<groups.perFilter {
            let (inX, inWeight) = ((first + channel) * plane, (filter * groups.perFilter + channel) * kernelCount)
            for tap in taps { sum += x.elements[inX + tap.element] * weight.elements[inWeight + tap.index] }
          }
          result.elements[(sample * groups.filters + filter) * walk.positionCount + place] = sum
        }
      }
    }
    return result
  }

  /// Each filter has a scale and a zero point of its own, or all have one.
  private static func quantized(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try Quantization.withoutZeroPoint(invocation, 0, zeroPoint: 2, axis: 1)
    let weight = try Quantization.withoutZeroPoint(invocation, 3, zeroPoint: 5, axis: 0)
    let bias = try invocation[optional: 8].map { try invocation.numbers($0) }
    var result = try convolve(invocation, x, weight, bias: bias)
    let (xScale, weightScales) = (try invocation.reals(1), try invocation.reals(4))
    let (yScale, yZero) = (try invocation.reals(6), try invocation.numbers(7))
    guard xScale.elements.count == 1, yScale.elements.count == 1, yZero.elements.count == 1,
      weightScales.elements.count == 1 || weightScales.elements.count == result.dimensions[1]
    else { throw Refusal(.undefined, "scales do not fit") }
    let plane = result.count(from: 2)
    for position in result.elements.indices {
      let filter = weightScales.elements.count == 1 ? 0 : position / plane % result.dimensions[1]
      let scale = xScale.elements[0] * weightScales.elements[filter] / yScale.elements[0]
      result.elements[position] = (result.elements[position] * scale).rounded(.toNearestOrEven) + yZero.elements[0]
    }
    return [try Quantization.saturated(invocation, result, invocation.operand(7).elementType)]
  }

  private static func causal(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (x, weight) = (try invocation.reals(0), try invocation.reals(1))
    let type = try invocation.operand(0).elementType
    guard x.dimensions.count == 3, weight.dimensions.count == 3, weight.dimensions[1] == 1,
      weight.dimensions[0] == x.dimensions[1], weight.dimensions[2] >= 1
    else { throw Refusal(.undefined, "the weight does not fit the input") }
    let (kept, length) = (weight.dimensions[2] - 1, x.dimensions[2])
    let bias = try invocation.optionalReals(2)
    let past = try invocation.optionalReals(3) ?? RealTensor(zeros: [x.dimensions[0], x.dimensions[1], kept])
    guard past.dimensions == [x.dimensions[0], x.dimensions[1], kept],
      bias?.elements.count ?? x.dimensions[1] == x.dimensions[1]
    else { throw Refusal(.undefined, "the state does not fit") }
    try invocation.admit(x.dimensions, steps: kept + 1)
    let isGated = ["silu", "swish"].contains(invocation.operation.string("activation") ?? "none")
    var result = x
    var present = past
    for row in 0..<x.dimensions[0] * x.dimensions[1] {
      let padded = past.elements[row * kept..<(row + 1) * kept] + x.elements[row * length..<(row + 1) * length]
      let line = Array(padded)
      let channel = row % x.dimensions[1]
      for position in 0..<length {
        let sum = (0...kept).reduce(bias?.elements[channel] ?? 0) {
          $0 + line[position + $1] * weight.elements[channel * (kept + 1) + $1]
        }
        result.elements[row * length + position] = isGated ? sum * RealMath.sigmoid(sum) : sum
      }
      for position in 0..<kept { present.elements[row * kept + position] = line[length + position] }
    }
    return [try invocation.make(type, result), try invocation.make(type, present)]
  }

  /// Each tap is sampled beside its place, as an offset says, and weighed by a mask.
  private static func deformed(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (x, weight, offsets) = (try invocation.reals(0), try invocation.reals(1), try invocation.reals(2))
    let (bias, mask) = (try invocation.optionalReals(3), try invocation.optionalReals(4))
    let groups = try Groups(invocation, x, weight)
    guard x.dimensions.count == 4, let offsetGroups = invocation.operation.int("offset_group"), offsetGroups > 0,
      x.dimensions[1].isMultiple(of: offsetGroups), bias?.elements.count ?? groups.filters == groups.filters
    else { throw Refusal(.unsupported, "a deformable convolution of rank \(x.dimensions.count)") }
    let walk = try WindowWalk(
      invocation.operation, kernel: Array(weight.dimensions[2...]), over: Array(x.dimensions[2...]))
    let (taps, places) = (walk.kernelCount, walk.positionCount)
    guard offsets.dimensions == [x.dimensions[0], offsetGroups * taps * 2] + walk.positions,
      mask.map({ $0.dimensions == [x.dimensions[0], offsetGroups * taps] + walk.positions }) ?? true
    else { throw Refusal(.undefined, "the offsets do not fit the windows") }
    let dimensions = [x.dimensions[0], groups.filters] + walk.positions
    try invocation.admit(dimensions, steps: groups.perFilter * taps * 4)
    var result = RealTensor(zeros: dimensions)
    let channelsPerOffset = x.dimensions[1] / offsetGroups
    let plane = walk.planeCount
    IndexWalk.forEach(dimensions) { index, position in
      let place = index[2] * walk.positions[1] + index[3]
      var sum = bias?.elements[index[1]] ?? 0
      for inGroup in 0..<groups.perFilter {
        let channel = groups.firstChannel(of: index[1]) + inGroup
        let base = (index[0] * x.dimensions[1] + channel) * plane
        let offsetBase = index[0] * offsetGroups + channel / channelsPerOffset
        for tap in 0..<taps {
          let steps = [tap / walk.kernel[1], tap % walk.kernel[1]]
          let at = (0...1).map { axis in
            let offset = offsets.elements[((offsetBase * taps + tap) * 2 + axis) * places + place]
            return Double(walk.coordinate(axis, position: index[axis + 2], tap: steps[axis])) + offset
          }
          let sample = Sampling.bilinear(at[0], at[1], walk.extents[0], walk.extents[1]) { x.elements[base + $0] }
          let gate = mask?.elements[(offsetBase * taps + tap) * places + place] ?? 1
          sum += sample * weight.elements[(index[1] * groups.perFilter + inGroup) * taps + tap] * gate
        }
      }
      result.elements[position] = sum
    }
    return [try invocation.make(invocation.operand(0).elementType, result)]
  }
}
