/// How a window slides over the spatial axes of a tensor: what convolutions and poolings have in common.
package struct SpatialWindow {
  /// Who chooses the padding.
  package enum AutoPad: ByteString, Sendable {
    /// `pads` says it.
    case explicit = "NOTSET"
    /// As much as makes the result `input / stride` wide, the odd one at the end.
    case sameUpper = "SAME_UPPER"
    /// As much as makes the result `input / stride` wide, the odd one at the beginning.
    case sameLower = "SAME_LOWER"
    /// None.
    case valid = "VALID"
  }

  /// The window's extents, without dilation.
  package let kernel: Shape
  package let strides: [Int]
  package let dilations: [Int]
  package let autoPad: AutoPad
  /// What `pads` adds before and after each axis; 0 where `autoPad` chooses.
  package let before: [Int]
  package let after: [Int]
  /// Whether a last window that reaches over the end counts.
  package let roundsUp: Bool

  /// Reads `strides`, `dilations`, `pads`, `auto_pad` and `ceil_mode`.
  ///
  /// - Throws: `ModelError` that names the attribute with a wrong length or an impossible number.
  package init(_ operation: Operation, kernel: Shape) throws {
    let rank = kernel.count
    self.kernel = kernel
    strides = try operation.integers("strides", count: rank, atLeast: 1)
    dilations = try operation.integers("dilations", count: rank, atLeast: 1)
    let mode = operation.string("auto_pad") ?? AutoPad.explicit.rawValue
    guard let autoPad = AutoPad(rawValue: mode.isEmpty ? AutoPad.explicit.rawValue : mode) else {
      throw ModelError(.invalidModel, "auto_pad is '\(mode)', not NOTSET, SAME_UPPER, SAME_LOWER or VALID")
    }
    self.autoPad = autoPad
    let pads = try operation.integers("pads", count: 2 * rank, atLeast: 0)
    before = autoPad == .explicit ? Array(pads[..<rank]) : Array(repeating: 0, count: rank)
    after = autoPad == .explicit ? Array(pads[rank...]) : Array(repeating: 0, count: rank)
    roundsUp = operation.flag("ceil_mode")
    for extent in kernel where (extent.value ?? 1) < 1 {
      throw ModelError(.invalidModel, "a window of extents \(kernel) has no elements")
    }
  }

  /// The extent that the window covers along `axis`, dilation included.
  package func extent(_ axis: Int) -> Dimension {
    (kernel[axis] - .known(1)) * .known(dilations[axis]) + .known(1)
  }

  /// The number of the window's positions along each of the axes `input`.
  ///
  /// - Throws: `ModelError` where the window certainly does not fit.
  package func positions(over input: Shape) throws -> Shape {
    try input.indices.map { axis in
      switch autoPad {
      case .sameUpper, .sameLower: input[axis].ceilingDivided(by: .known(strides[axis]))
      case .explicit, .valid: try positions(over: input[axis], axis)
      }
    }
  }

  private func positions(over input: Dimension, _ axis: Int) throws -> Dimension {
    let stride = Dimension.known(strides[axis])
    let padded = input + .known(before[axis]) + .known(after[axis])
    let slack = padded - extent(axis)
    let steps = roundsUp ? slack.ceilingDivided(by: stride) : slack.floorDivided(by: stride)
    let count = steps + .known(1)
    guard let known = count.value, let room = slack.value else {
      guard input.value == nil || kernel[axis].value == nil else {
        throw ModelError(.invalidModel, "its window along spatial axis \(axis) is too large to be counted")
      }
      return roundsUp && !neverStartsInPadding(axis) ? .unknown : count
    }
    guard known >= 0 else {
      throw ModelError(
        .invalidModel, "a window of \(extent(axis)) does not fit the padded extent \(padded) of spatial axis \(axis)")
    }
    guard roundsUp else {
      // Runtimes disagree on how a negative quotient rounds.
      return room < 0 && strides[axis] > 1 ? .unknown : count
    }
    return startsInPadding(position: known - 1, input, axis) ? .known(known - 1) : count
  }

  /// Whether the window at `position` starts beyond the input and the padding before it: such a window does not count.
  private func startsInPadding(position: Int, _ input: Dimension, _ axis: Int) -> Bool {
    let start = Dimension.known(position) * .known(strides[axis])
    let end = input + .known(before[axis])
    guard let start = start.value, let end = end.value else { return false }
    return position > 0 && start >= end
  }

  /// Whether rounding up is certain to add no window that would start in the padding after the input.
  private func neverStartsInPadding(_ axis: Int) -> Bool {
    let reach = Dimension.known(strides[axis]) + .known(after[axis])
    guard let reach = reach.value, let extent = extent(axis).value else { return false }
    return reach <= extent
  }

  /// The padding before and after each axis of an input of the extents `input`, as `auto_pad` chooses it where it does;
  /// `nil` where the window's
  /// extents are not known or the numbers are too large.
  package func padding(of input: [Int]) -> [(before: Int, after: Int)]? {
    guard autoPad == .sameUpper || autoPad == .sameLower else { return zip(before, after).map { ($0, $1) } }
    var padding: [(before: Int, after: Int)] = []
    for (axis, extent) in input.enumerated() {
      let positions = Dimension.known(extent).ceilingDivided(by: .known(strides[axis]))
      let needed = (positions - .known(1)) * .known(strides[axis]) + self.extent(axis) - .known(extent)
      guard let total = needed.value.map({ max($0, 0) }) else { return nil }
      let less = total / 2
      padding.append(autoPad == .sameUpper ? (less, total - less) : (total - less, less))
    }
    return padding
  }
}

extension Operation {
  /// The list attribute `name`; `filler` at each place where it is not written.
  ///
  /// - Throws: `ModelError` where it does not have `count` entries, or one is below `minimum`.
  package func integers(_ name: ByteString, count: Int, atLeast minimum: Int) throws -> [Int] {
    guard let values = ints(name), !(values.isEmpty && count > 0) else {
      return Array(repeating: minimum, count: count)
    }
    guard values.count == count else {
      throw ModelError(.invalidModel, "\(name) \(values) has \(values.count) entries, but needs \(count)")
    }
    guard values.allSatisfy({ $0 >= minimum }) else {
      throw ModelError(.invalidModel, "\(name) \(values) has an entry below \(minimum)")
    }
    return values
  }

  /// The integer attribute `name`, which must be at least `minimum`; `nil` where it is absent and has no default.
  package func integer(_ name: ByteString, atLeast minimum: Int) throws -> Int? {
    guard let value = int(name) else { return nil }
    guard value >= minimum else {
      throw ModelError(.invalidModel, "\(name) is \(value), but must be at least \(minimum)")
    }
    return value
  }
}
