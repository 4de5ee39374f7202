import IR

extension Lowering {
  /// Numbers on a grid of integers, as quantized programs and those trained for that have them.
  static let quantization: [String: Lowering] = [
    "quantized_decomposed.quantize_per_tensor.default": quantized,
    "quantized_decomposed.quantize_per_tensor.tensor": quantized,
    "quantized_decomposed.quantize_per_channel.default": quantized,
    "quantized_decomposed.dequantize_per_tensor.default": dequantized,
    "quantized_decomposed.dequantize_per_tensor.tensor": dequantized,
    "quantized_decomposed.dequantize_per_channel.default": dequantized,
    "quantized_decomposed.fake_quant_per_channel.default": .one { try $0.rounded() },
    "quantized_decomposed.convert_element_type.no_fuse": .one { call in
      guard let type = try call.optionalElementType("dtype") else { return try call.input() }
      return try call.cast(call.input(), to: type)
    },
    "quantized_decomposed.choose_qparams.tensor": .values { try $0.chosenGrid() },
    "aten._fake_quantize_per_tensor_affine_cachemask_tensor_qparams": .values { call in
      let isEnabled = try call.reshape(call.cast(call.value("fake_quant_enabled"), to: .bool), [Int]())
      return [try call.op(.where, isEnabled, call.rounded(), call.input()), nil]
    },
    "aten.fake_quantize_per_tensor_affine": .one { try $0.rounded() },
    "aten.fake_quantize_per_channel_affine": .one { try $0.rounded() },
    "aten.fake_quantize_per_tensor_affine_cachemask": .values { [try $0.rounded(), nil] },
    "aten.fake_quantize_per_channel_affine_cachemask": .values { [try $0.rounded(), nil] },
  ]

  private static let quantized = Lowering.one { call in
    guard let type = try call.optionalElementType("dtype") else {
      throw ModelError(.invalidModel, "has no element type")
    }
    return try call.quantized(call.input(), call.grid(type))
  }

  private static let dequantized = Lowering.one { call in
    let input = try call.input()
    return try call.dequantized(input, call.grid(call.elementType(input)), to: call.optionalElementType("out_dtype"))
  }
}

/// Which numbers integers stand for: `(integer - zero point) * scale`, the same for a tensor or for each slice.
private struct Grid {
  let type: ElementType
  let scale: Value
  /// `nil` where it is 0.
  let zeroPoint: Value?
  let axis: Int?
  let range: ClosedRange<Int>

  var attributes: Attributes { axis.map { ["axis": .int(Int64($0))] } ?? [:] }

  /// Whether ONNX's operators take these integers: others are counted in fractions.
  var isNarrow: Bool { type == .int8 || type == .uint8 }

  /// The integers of each type, as far as fractions count them.
  static let types: [(type: ElementType, range: ClosedRange<Int>)] = [
    (.int8, -128...127), (.uint8, 0...255), (.int16, -32768...32767), (.int32, -(1 << 24)...1 << 24),
  ]
}

extension Call {
  /// The grid that the operands say.
  fileprivate func grid(_ type: ElementType) throws -> Grid {
    let (least, most) = (try int("quant_min"), try int("quant_max"))
    guard least <= most else { throw ModelError(.invalidModel, "has integers from \(least) to \(most)") }
    let input = try input()
    let axis = try argument("axis").map { _ in try self.axis("axis", rank: rank(input)) }
    /// A number for all, or one for each slice.
    func parameter(_ name: String, _ type: ElementType) throws -> Value {
      let value = try materialize(operand(name), type)
      return try axis == nil && rank(value) != 0 ? reshape(value, [Int]()) : value
    }
    let name = argument("scales") == nil ? "scale" : "scales"
    let offset = name == "scale" ? "zero_point" : "zero_points"
    var zeroPoint: Value?
    switch argument(offset) {
    case nil, .integer(.number(0))?: break
    case .integer(.number(let point))? where !(least...most).contains(point):
      throw ModelError(.invalidModel, "has the zero point \(point) outside of \(least) to \(most)")
    case .tensor? where try elementType(value(offset)).isFloat:
      throw UnsupportedForm("has zero points between integers")
    default: zeroPoint = try parameter(offset, type)
    }
    let wide = try elementType(input).isFloat ? elementType(input) : .float32
    let scale = try parameter(name, wide == .float64 ? .float32 : wide)
    return Grid(type: type, scale: scale, zeroPoint: zeroPoint, axis: axis, range: least...most)
  }

  fileprivate func quantized(_ value: Value, _ grid: Grid) throws -> Value {
    guard let whole = Grid.types.first(where: { $0.type == grid.type })?.range,
      whole.contains(grid.range.lowerBound), whole.contains(grid.range.upperBound)
    else { throw UnsupportedForm("makes \(grid.type.rawValue) of \(grid.range)") }
    let type = try elementType(grid.scale)
    let number = try cast(value, to: type)
    let (least, most) = (grid.range.lowerBound, grid.range.upperBound)
    guard grid.isNarrow else {
      var places = try op(.round, op(.div, number, alongAxis(grid.scale, grid, value)))
      if let point = grid.zeroPoint { places = try op(.add, places, cast(alongAxis(point, grid, value), to: type)) }
      return try cast(op(.clip, places, scalar(least, type), scalar(most, type)), to: grid.type)
    }
    // The zero point says the type.
    let zero = try scalar(0, grid.type)
    let zeroPoint = try grid.zeroPoint ?? (grid.axis == nil ? zero : op(.expand, zero, shapeOperand(of: grid.scale)))
    let result = try op(.quantizeLinear, number, grid.scale, zeroPoint, attributes: grid.attributes)
    return try whole == grid.range ? result : op(.clip, result, scalar(least, grid.type), scalar(most, grid.type))
  }

  /// A number for each slice as it broadcasts to `value`.
  private func alongAxis(_ parameter: Value, _ grid: Grid, _ value: Value) throws -> Value {
    guard let axis = grid.axis else { return parameter }
    return try unsqueeze(parameter, Array(1..<rank(value) - axis))
  }

  fileprivate func dequantized(_ value: Value, _ grid: Grid, to type: ElementType?) throws -> Value {
    var result: Value
    if grid.isNarrow {
      result = try op(.dequantizeLinear, value, grid.scale, grid.zeroPoint, attributes: grid.attributes)
    } else {
      let wide = try elementType(grid.scale)
      result = try cast(value, to: wide)
      if let point = grid.zeroPoint { result = try op(.sub, result, cast(alongAxis(point, grid, value), to: wide)) }
      result = try op(.mul, result, alongAxis(grid.scale, grid, value))
    }
    return try type.map { try cast(result, to: $0) } ?? result
  }

  /// The scale and the zero point of the range that the elements turn out to have.
  fileprivate func chosenGrid() throws -> [Value] {
    let input = try cast(input(), to: .float32)
    let (least, most) = (try int("quant_min"), try int("quant_max"))
    guard least < most, abs(least) <= 1 << 24, abs(most) <= 1 << 24 else {
      throw UnsupportedForm("has integers from \(least) to \(most)")
    }
    let (axes, zero) = (Array(0..<(try rank(input))), try scalar(0, .float32))
    let low = try op(.min, reduceAll(.reduceMin, input, axes, keepsAxes: false), zero)
    let high = try op(.max, reduceAll(.reduceMax, input, axes, keepsAxes: false), zero)
    let width = try op(.div, op(.sub, high, low), scalar(Double(most) - Double(least), .float32))
    let scale = try op(.max, width, scalar(float("eps"), .float32))
    let place = try op(.sub, scalar(least, .float32), op(.round, op(.div, low, scale)))
    let point = try op(.clip, place, scalar(least, .float32), scalar(most, .float32))
    return try [vector(cast(scale, to: .float64)), vector(cast(point, to: .int64))]
  }

  /// Numbers rounded to those of the grid.
  fileprivate func rounded() throws -> Value {
    let input = try input()
    let range = try (int("quant_min"), int("quant_max"))
    guard let type = Grid.types.first(where: { $0.range.contains(range.0) && $0.range.contains(range.1) })?.type else {
      throw UnsupportedForm("rounds to integers from \(range.0) to \(range.1)")
    }
    let grid = try grid(type)
    return try dequantized(quantized(input, grid), grid, to: elementType(input))
  }
}
