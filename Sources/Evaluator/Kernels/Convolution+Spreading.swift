import IR

/// Convolutions that spread a kernel.
extension Convolution {
  static func transposed(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (x, weight) = (try invocation.reals(0), try invocation.reals(1))
    let bias = try invocation.optionalReals(2)
    guard let group = invocation.operation.int("group"), group > 0, x.dimensions.count >= 3,
      weight.dimensions.count == x.dimensions.count, x.dimensions[1] == weight.dimensions[0],
      weight.dimensions[0].isMultiple(of: group)
    else { throw Refusal(.undefined, "the channels do not fit the weight") }
    let (inputs, perGroup) = (weight.dimensions[0], weight.dimensions[1])
    let (outputs, overflow) = perGroup.multipliedReportingOverflow(by: group)
    guard !overflow, bias?.elements.count ?? outputs == outputs else {
      throw Refusal(.undefined, "there is not one bias a channel")
    }
    let spread = try Spread(
      invocation.operation, kernel: Array(weight.dimensions[2...]), over: Array(x.dimensions[2...]))
    let dimensions = [x.dimensions[0], outputs] + spread.extents
    let type = try invocation.operand(0).elementType
    let count = try invocation.admit(type, dimensions)
    try invocation.admit(x.dimensions, steps: perGroup * spread.kernelCount)
    try invocation.spend(count)
    var result = RealTensor(zeros: dimensions)
    let plane = spread.extents.reduce(1, *)
    for position in 0..<count { result.elements[position] = bias?.elements[position / plane % outputs] ?? 0 }
    IndexWalk.forEach(Array(x.dimensions[2...])) { index, place in
      let taps = spread.taps(of: index)
      let inner = x.count(from: 2)
      for row in 0..<x.dimensions[0] * inputs {
        let (sample, channel) = (row / inputs, row % inputs)
        let element = x.elements[row * inner + place]
        let first = sample * outputs + channel / (inputs / group) * perGroup
        for output in 0..<perGroup {
          for tap in taps {
            result.elements[(first + output) * plane + tap.element] +=
              element * weight.elements[(channel * perGroup + output) * spread.kernelCount + tap.index]
          }
        }
      }
    }
    return [try invocation.make(type, result)]
  }

  /// Where each element of the input spreads to: a convolution's window, backwards.
  private struct Spread {
    let kernel: [Int]
    let strides: [Int]
    let dilations: [Int]
    let before: [Int]
    let extents: [Int]

    var kernelCount: Int { kernel.reduce(1, *) }

    init(_ operation: Operation, kernel: [Int], over input: [Int]) throws {
      let rank = kernel.count
      let limits = 0...1 << 20
      guard let strides = try? operation.integers("strides", count: rank, atLeast: 1),
        let dilations = try? operation.integers("dilations", count: rank, atLeast: 1),
        let pads = try? operation.integers("pads", count: 2 * rank, atLeast: 0),
        let extra = try? operation.integers("output_padding", count: rank, atLeast: 0),
        (kernel + input + strides + dilations + pads + extra).allSatisfy({ limits.contains($0) }),
        kernel.allSatisfy({ $0 > 0 }), Shapes.elementCount(kernel) != nil
      else { throw Refusal(.undefined, "strides, dilations or pads do not fit") }
      let mode = SpatialWindow.AutoPad(rawValue: operation.string("auto_pad") ?? "NOTSET") ?? .explicit
      let written = (operation.ints("output_shape") ?? []).suffix(rank)
      var (before, extents): ([Int], [Int]) = ([], [])
      for axis in 0..<rank {
        let full = strides[axis] * (input[axis] - 1) + extra[axis] + (kernel[axis] - 1) * dilations[axis] + 1
        let isSame = mode == .sameUpper || mode == .sameLower
        guard isSame || written.count == rank else {
          before.append(mode == .valid ? 0 : pads[axis])
          extents.append(full - (mode == .valid ? 0 : pads[axis] + pads[axis + rank]))
          continue
        }
        let extent = written.count == rank ? written[written.startIndex + axis] : input[axis] * strides[axis]
        let total = max(full - extent, 0)
        before.append(mode == .sameUpper ? total / 2 : total - total / 2)
        extents.append(extent)
      }
      guard extents.allSatisfy({ $0 >= 0 }) else { throw Refusal(.undefined, "the pads leave nothing") }
      (self.kernel, self.strides, self.dilations, self.before, self.extents) = (
        kernel, strides, dilations, before, extents
      )
    }

    func taps(of index: [Int]) -> [WindowWalk.Tap] {
      var taps: [WindowWalk.Tap] = []
      IndexWalk.forEach(kernel) { tap, place in
        var element = 0
        for axis in kernel.indices {
          let at = index[axis] * strides[axis] + tap[axis] * dilations[axis] - before[axis]
          guard at >= 0, at < extents[axis] else { return }
          element = element * extents[axis] + at
        }
        taps.append(WindowWalk.Tap(index: place, element: element))
      }
      return taps
    }
  }

  /// Columns are windows: each element goes back to where its window had it, and what meets is added.
  static func columnsToImage(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.numbers(0)
    guard let image = try invocation.integers(1), let block = try invocation.integers(2), data.dimensions.count == 3,
      image.count == block.count
    else { throw Refusal(.undefined, "the columns do not fit the image") }
    let walk = try WindowWalk(invocation.operation, kernel: block, over: image)
    guard walk.kernelCount > 0, data.dimensions[1].isMultiple(of: walk.kernelCount),
      data.dimensions[2] == walk.positionCount
    else { throw Refusal(.undefined, "the columns do not fit the image") }
    let channels = data.dimensions[1] / walk.kernelCount
    let dimensions = [data.dimensions[0], channels] + image
    let type = try invocation.operand(0).elementType
    _ = try invocation.admit(type, dimensions)
    var result = RealTensor(zeros: dimensions)
    IndexWalk.forEach(walk.positions) { position, place in
      let taps = walk.taps(at: position)
      for row in 0..<data.dimensions[0] * channels {
        for tap in taps {
          result.elements[row * walk.planeCount + tap.element] +=
            data.elements[(row * walk.kernelCount + tap.index) * walk.positionCount + place]
        }
      }
    }
    return [try invocation.make(type, result)]
  }
}
