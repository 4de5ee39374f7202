import IR

extension TensorFlowLowerings {
  /// Numbers rounded to those that few bits can say, as training for quantization does.
  static let quantization: OperatorTable.Family = [
    "FakeQuantWithMinMaxArgs": .value { node in
      try node.fakelyQuantized(low: [node.node.float("min") ?? -6], high: [node.node.float("max") ?? 6])
    },
    "FakeQuantWithMinMaxVars": fromRange, "FakeQuantWithMinMaxVarsPerChannel": fromRange,
    "QuantizeAndDequantizeV2": .value { try $0.quantizedAndBack(bits: $0.node.integer("num_bits") ?? 8) },
    "QuantizeAndDequantizeV3": .value { try $0.quantizedAndBack(bits: $0.integer(3, "the number of bits")) },
    "QuantizeAndDequantizeV4": .value { try $0.quantizedAndBack(bits: $0.node.integer("num_bits") ?? 8) },
  ]

  private static let fromRange = NodeLowering.value { node in
    try node.fakelyQuantized(low: try node.floats(1, "the range"), high: try node.floats(2, "the range"))
  }
}

extension NodeContext {
  /// The numbers of an operand that must be known.
  fileprivate func floats(_ index: Int, _ what: String) throws -> [Float] {
    guard let literal = try operand(index).constantLiteral, let values = SmallFloats.values(of: literal) else {
      throw UnsupportedForm("\(what) is not constant")
    }
    return values
  }

  /// Rounded to multiples of a step between two bounds, which are moved so that 0 is one of them.
  ///
  /// - Parameters:
  ///   - low: the bounds, one of each or one a channel, which are along the last axis.
  fileprivate func fakelyQuantized(low: [Float], high: [Float]) throws -> Value {
    let bits = node.integer("num_bits") ?? 8
    guard (2...16).contains(bits), low.count == high.count, !low.isEmpty else {
      throw ModelError(.invalidModel, "quantizes to \(bits) bits between \(low.count) and \(high.count) bounds")
    }
    let least: Float = node.flag("narrow_range") ? 1 : 0
    let most = Float((1 << bits) - 1)
    let steps = zip(low, high).map { ($1 - $0) / (most - least) }
    guard steps.allSatisfy({ $0 > 0 && $0.isFinite }) else { throw UnsupportedForm("an empty range") }
    let zeros = zip(low, steps).map { min(max((least - $0 / $1).rounded(.toNearestOrAwayFromZero), least), most) }
    let dimensions = low.count == 1 ? [] : [low.count]
    func constant(_ values: [Float]) throws -> Value { try build.constant(TensorLiteral(float32s: values, dimensions)) }
    let bottom = zip(zeros, steps).map { (least - $0) * $1 }
    let top = zip(zeros, steps).map { (most - $0) * $1 }
    let x = try operand(0)
    let clipped = try build(.min, try build(.max, x, try constant(bottom)), try constant(top))
    let scaled = try build(.mul, try build(.sub, clipped, try constant(bottom)), try constant(steps.map { 1 / $0 }))
    let rounded = try build(.floor, try build(.add, scaled, try scalar(0.5, like: x)))
    return try build(.add, try build(.mul, rounded, try constant(steps)), try constant(bottom))
  }

  /// Rounded to multiples of a step, of which 0 is one, so that both ends of a given range can be said.
  fileprivate func quantizedAndBack(bits: Int) throws -> Value {
    // What is not said is the default, which only the third form has so.
    let isGiven = node.has("range_given") ? node.flag("range_given") : node.operation == "QuantizeAndDequantizeV3"
    guard isGiven, node.integer("axis") ?? -1 == -1 else {
      throw UnsupportedForm("a range of the numbers themselves, or of each channel")
    }
    guard (2...16).contains(bits) else { throw ModelError(.invalidModel, "quantizes to \(bits) bits") }
    let (low, high) = (try floats(1, "the range"), try floats(2, "the range"))
    guard low.count == 1, high.count == 1 else { throw UnsupportedForm("a range of each channel") }
    let isSigned = node.flag("signed_input") || !node.has("signed_input")
    let least = isSigned ? -Float(1 << (bits - 1)) + (node.flag("narrow_range") ? 1 : 0) : 0
    let most = Float(isSigned ? (1 << (bits - 1)) - 1 : (1 << bits) - 1)
    let fromLow = least * low[0] > 0 ? least / low[0] : .greatestFiniteMagnitude
    let fromHigh = most * high[0] > 0 ? most / high[0] : .greatestFiniteMagnitude
    var (bottom, top) = (low[0], high[0])
    let scale: Float
    let step: Float
    if fromLow < fromHigh {
      (scale, step) = (fromLow, low[0] / least)
      top = most * step
    } else {
      (scale, step) = (fromHigh, high[0] / most)
      bottom = least * step
    }
    guard scale.isFinite, step.isFinite, step > 0 else { throw UnsupportedForm("an empty range") }
    let x = try operand(0)
    func constant(_ number: Float) throws -> Value { try scalar(Double(number), like: x) }
    let scaled = try build(
      .mul, try build(.clip, x, try constant(bottom), try constant(top)), try constant(scale))
    let rounded: Value
    if node.text("round_mode") == "HALF_UP" {
      rounded = try build(.floor, try build(.add, scaled, try constant(0.5)))
    } else {
      rounded = try build(.round, scaled)
    }
    return try build(.mul, rounded, try constant(step))
  }
}
