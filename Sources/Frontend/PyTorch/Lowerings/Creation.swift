import IR

extension Lowering {
  /// Tensors made of numbers.
  static let creation: [String: Lowering] = [
    "aten.full": .one { try $0.filled($0.operand("fill_value")) },
    "aten.zeros": .one { try $0.filled(.integer(0), .float32) },
    "aten.ones": .one { try $0.filled(.integer(1), .float32) },
    "aten.empty.memory_format": .one { try $0.filled(.integer(0), .float32) },
    "aten.empty_permuted": .one { try $0.filled(.integer(0), .float32) },
    "aten.empty_strided": .one { try $0.filled(.integer(0), .float32) },
    "aten.full_like": .one { try $0.filledLike($0.operand("fill_value")) },
    "aten.zeros_like": .one { try $0.filledLike(.integer(0)) },
    "aten.isreal": .one { try $0.cast($0.filledLike(.integer(1)), to: .bool) },
    "aten.ones_like": .one { try $0.filledLike(.integer(1)) },
    "aten.empty_like": .one { try $0.filledLike(.integer(0)) },
    "aten.new_full": .one { try $0.filledNew($0.operand("fill_value")) },
    "aten.new_zeros": .one { try $0.filledNew(.integer(0)) }, "aten.new_ones": .one { try $0.filledNew(.integer(1)) },
    "aten.new_empty": .one { try $0.filledNew(.integer(0)) },
    "aten.scalar_tensor": .one { call in
      let number = try call.operand("s")
      return try call.materialize(number, call.optionalElementType("dtype") ?? .float32)
    },
    "aten.arange": .one { try $0.arange() },
    "aten.linspace": .one { try $0.spaced() },
    "aten.logspace": .one { call in
      let exponents = try call.spaced()
      let type = try call.elementType(exponents)
      let base = try call.scalar(call.float("base", default: 10), type)
      return try call.op(.pow, base, exponents)
    },
    "aten.eye": .one { call in
      let rows = try call.extent("n")
      let columns = try call.optionalExtent("m") ?? rows
      let type = try call.optionalElementType("dtype") ?? .float32
      let zeros = try call.op(
        .constantOfShape, call.shapeOperand([rows, columns]),
        attributes: ["value": .tensor(TensorLiteral.filled(0, type, [1]))])
      return try call.op(.eyeLike, zeros)
    },
    "aten.tril_indices": .one { try $0.triangleIndices(isUpper: false) },
    "aten.triu_indices": .one { try $0.triangleIndices(isUpper: true) },
  ]
}

extension Call {
  /// One number in a shape.
  fileprivate func fill(_ number: Operand, _ type: ElementType, _ shape: Value) throws -> Value {
    let element: TensorLiteral
    switch number {
    case .integer(let value): element = try .filled(value, type, [1])
    case .float(let value): element = try .filled(value, type, [1])
    case .bool(let value): element = try .filled(value ? 1 : 0, type, [1])
    case .symbolic(let value), .tensor(let value): return try op(.expand, cast(value, to: type), shape)
    }
    return try op(.constantOfShape, shape, attributes: ["value": .tensor(element)])
  }

  fileprivate func filled(_ number: Operand, _ standard: ElementType? = nil) throws -> Value {
    let type = try optionalElementType("dtype") ?? standard ?? promoted([number])
    return try fill(number, type, shapeOperand(extents("size")))
  }

  fileprivate func filledLike(_ number: Operand) throws -> Value {
    let model = try input()
    return try fill(number, optionalElementType("dtype") ?? elementType(model), shapeOperand(of: model))
  }

  fileprivate func filledNew(_ number: Operand) throws -> Value {
    let type = try optionalElementType("dtype") ?? elementType(input())
    return try fill(number, type, shapeOperand(extents("size")))
  }

  /// Numbers from one to another, all as far apart.
  fileprivate func spaced() throws -> Value {
    let count = try int("steps")
    guard (0...Self.maximumExtent).contains(count) else { throw ModelError(.invalidModel, "has \(count) steps") }
    let type = try optionalElementType("dtype") ?? .float32
    // Integers are cut off after all is computed, numbers of half precision are computed in single.
    let wide: ElementType = type.isIntegral || type == .float64 ? .float64 : .float32
    let positions = try cast(range(to: .known(count)), to: wide)
    let (start, end) = (try operand("start"), try operand("end"))
    let divisor = Double(max(count - 1, 1))
    let result: Value
    if let start = try? float("start"), let end = try? float("end") {
      let step = try scalar((end - start) / divisor, wide)
      result = try op(.add, op(.mul, positions, step), scalar(start, wide))
    } else {
      let first = try materialize(start, wide)
      let distance = try op(.sub, materialize(end, wide), first)
      let step = try op(.div, distance, scalar(divisor, wide))
      result = try op(.add, op(.mul, positions, step), first)
    }
    guard type.isIntegral else { return try cast(result, to: type) }
    // A sum that is a little less than a whole number is that number.
    let nudge = try op(.mul, op(.sign, result), scalar(1e-9, wide))
    return try cast(op(.add, result, nudge), to: type)
  }

  fileprivate func arange() throws -> Value {
    let end = try operand("end")
    let start = try optionalOperand("start") ?? .integer(0)
    let step = try optionalOperand("step") ?? .integer(1)
    let type = try optionalElementType("dtype") ?? promoted([start, end, step])
    // Narrow numbers are counted as wider ones.
    guard type.isFloat || type.isIntegral, type != .bool else { throw UnsupportedForm("counts in \(type.rawValue)") }
    let wide: ElementType = type.isFloat ? .float32 : .int64
    let counted = [.float32, .float64, .int64, .int32, .int16].contains(type) ? type : wide
    let range = try op(.range, materialize(start, counted), materialize(end, counted), materialize(step, counted))
    return try cast(range, to: type)
  }

  fileprivate func triangleIndices(isUpper: Bool) throws -> Value {
    let (rows, columns, offset) = (try int("row"), try int("col"), try int("offset", default: 0))
    guard (0...4096).contains(rows), (0...4096).contains(columns), rows * columns <= 1 << 16 else {
      throw UnsupportedForm("counts a triangle of \(rows) rows")
    }
    let cells = (0..<rows).flatMap { row in (0..<columns).map { (row, $0) } }
      .filter { isUpper ? $0.1 - $0.0 >= offset : $0.1 - $0.0 <= offset }
    return try reshape(builder.constant(TensorLiteral(int64s: cells.map(\.0) + cells.map(\.1))), [2, cells.count])
  }
}
