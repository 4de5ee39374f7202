import IR

extension TensorFlowLowerings {
  /// Colors along the last axis: red, green and blue, or hue, saturation and value.
  static let colors: OperatorTable.Family = [
    "RGBToHSV": .value { node in
      let (hue, saturation, value) = try node.hueSaturationValue(of: node.operand(0))
      return try node.concat([hue, saturation, value], axis: -1)
    },
    "HSVToRGB": .value { node in
      let parts = try node.channels(node.operand(0))
      return try node.color(hue: parts[0], saturation: parts[1], value: parts[2])
    },
    "AdjustHue": .value { node in
      let (hue, saturation, value) = try node.hueSaturationValue(of: node.operand(0))
      let turned = try node.build(.add, hue, try node.cast(try node.operand(1), try node.elementType(hue)))
      let turn = try node.build(.sub, turned, try node.build(.floor, turned))
      return try node.color(hue: turn, saturation: saturation, value: value)
    },
    "AdjustSaturation": .value { node in
      let (hue, saturation, value) = try node.hueSaturationValue(of: node.operand(0))
      let scale = try node.cast(try node.operand(1), try node.elementType(hue))
      let scaled = try node.build(
        .clip, try node.build(.mul, saturation, scale), try node.scalar(0, like: hue), try node.scalar(1, like: hue))
      return try node.color(hue: hue, saturation: scaled, value: value)
    },
  ]
}

extension NodeContext {
  /// The three channels of the last axis, which each keep it.
  fileprivate func channels(_ value: Value) throws -> [Value] {
    try build.insert(.split, [value, nil], ["axis": .int(-1), "num_outputs": .int(3)], resultCount: 3)
  }

  /// Hue in turns, from 0 to 1.
  fileprivate func hueSaturationValue(of colors: Value) throws -> (hue: Value, saturation: Value, value: Value) {
    let parts = try channels(colors)
    let (red, green, blue) = (parts[0], parts[1], parts[2])
    let (zero, one) = (try scalar(0, like: colors), try scalar(1, like: colors))
    guard let most = try build.insert(.max, parts).first, let least = try build.insert(.min, parts).first else {
      throw ModelError(.internalFailure, "has no extremes")
    }
    let range = try build(.sub, most, least)
    let isGray = try build(.equal, range, zero)
    let width = try build(.where, isGray, one, range)
    let sixth = try build(.div, try scalar(1.0 / 6, like: colors), width)
    func sector(_ a: Value, _ b: Value, _ start: Double) throws -> Value {
      let offset = try build(.mul, sixth, try build(.sub, a, b))
      return start == 0 ? offset : try build(.add, offset, try scalar(start, like: colors))
    }
    let fromGreen = try build(
      .where, try build(.equal, green, most), try sector(blue, red, 1.0 / 3), try sector(red, green, 2.0 / 3))
    let signed = try build(.where, try build(.equal, red, most), try sector(green, blue, 0), fromGreen)
    let turned = try build(.where, try build(.less, signed, zero), try build(.add, signed, one), signed)
    let hue = try build(.where, isGray, zero, turned)
    let isDark = try build(.lessOrEqual, most, zero)
    let saturation = try build(.div, range, try build(.where, isDark, one, most))
    return (hue, try build(.where, isDark, zero, saturation), most)
  }

  fileprivate func color(hue: Value, saturation: Value, value: Value) throws -> Value {
    func vector(_ numbers: [Double]) throws -> Value {
      try concat(try numbers.map { try reshape(try scalar($0, like: hue), [1]) }, axis: 0)
    }
    let one = try scalar(1, like: hue)
    // Each channel is a trapezoid over the hue: full around its own third, none on the other side.
    let angle = try build(.mul, hue, try scalar(6, like: hue))
    let distance = try build(.abs, try build(.sub, angle, try vector([3, 2, 4])))
    let slope = try build(
      .add, try build(.mul, distance, try vector([1, -1, -1])), try vector([-1, 2, 2]))
    let pure = try build(.clip, slope, try scalar(0, like: hue), one)
    let tinted = try build(.add, try build(.sub, one, saturation), try build(.mul, saturation, pure))
    return try build(.mul, tinted, value)
  }
}
