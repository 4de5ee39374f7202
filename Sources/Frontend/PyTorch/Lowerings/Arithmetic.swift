import IR

extension Lowering {
  /// Sums, products and quotients, with PyTorch's promotion of types.
  static let arithmetic: [String: Lowering] = [
    "aten.add": .one { try $0.sum(.add, "self", "other", .or) },
    "aten.sub": .one { try $0.sum(.sub, "self", "other", nil) },
    "aten.subtract": .one { try $0.sum(.sub, "self", "other", nil) },
    "aten.rsub": .one { try $0.sum(.sub, "other", "self", nil) },
    "aten.mul": .one { try $0.binary(.mul, truths: .and) },
    "aten.multiply": .one { try $0.binary(.mul, truths: .and) },
    "aten.div": .one { try $0.quotient() },
    "aten.divide": .one { try $0.quotient() },
    "aten.true_divide": .one { try $0.quotient() },
    "aten.floor_divide": .one { try $0.floorQuotient(try $0.operand("self"), try $0.operand("other")) },
    "aten.remainder": .one { try $0.remainder(isTruncated: false) },
    "aten.fmod": .one { try $0.remainder(isTruncated: true) },
    "aten.maximum": .one { try $0.binary(.max, truths: .or) },
    "aten.minimum": .one { try $0.binary(.min, truths: .and) },
    "aten.max.other": .one { try $0.binary(.max, truths: .or) },
    "aten.min.other": .one { try $0.binary(.min, truths: .and) },
    "aten.fmax": .one { try $0.ignoringNaN(.max) },
    "aten.fmin": .one { try $0.ignoringNaN(.min) },
    "aten.addcmul": .one { try $0.combined(.mul) },
    "aten.addcdiv": .one { try $0.combined(.div) },
    "aten.lerp": .one { call in
      let (start, end, weight) = (try call.input(), try call.value("end"), try call.operand("weight"))
      let scaled = try call.op(
        .mul, call.materialize(weight, call.elementType(start)), call.op(.sub, end, start))
      return try call.op(.add, start, scaled)
    },
    "aten.clamp": .one { try $0.clamp("min", "max") },
    "aten.clip": .one { try $0.clamp("min", "max") },
    "aten.clamp_min": .one { try $0.clamp("min", nil) },
    "aten.clamp_max": .one { try $0.clamp(nil, "max") },
    "aten._neg_view": .view(
      View(read: { [try $0.op(.neg, $0.input())] }, write: { call, _, elements in try call.op(.neg, elements) })),
    "aten.neg": .one { try $0.negative() }, "aten.negative": .one { try $0.negative() },
    "aten.abs": .one { try $0.op(.abs, $0.input()) },
    "aten.absolute": .one { try $0.op(.abs, $0.input()) },
    "aten.reciprocal": .one { try $0.op(.reciprocal, $0.floating($0.input())) },
  ]
}

extension Call {
  /// An operator of two operands in their common type.
  ///
  /// - Parameter truths: what it is for truth values; `nil` where there is no such thing.
  fileprivate func binary(_ definition: OpDefinition, truths: OpDefinition?) throws -> Value {
    try binary(definition, try operand(firstName), try operand("other"), truths: truths)
  }

  func binary(
    _ definition: OpDefinition, _ a: Operand, _ b: Operand, truths: OpDefinition?
  ) throws -> Value {
    let type = try promoted([a, b])
    guard type == .bool else { return try op(definition, materialize(a, type), materialize(b, type)) }
    guard let truths else { throw UnsupportedForm("computes with truth values") }
    return try op(truths, materialize(a, type), materialize(b, type))
  }

  /// `a + alpha * b`, or the difference.
  fileprivate func sum(_ definition: OpDefinition, _ a: String, _ b: String, _ truths: OpDefinition?) throws -> Value {
    let (a, b) = (try operand(a), try operand(b))
    guard let alpha = try optionalOperand("alpha"), !Self.isOne(alpha) else {
      return try binary(definition, a, b, truths: truths)
    }
    let type = try promoted([a, b])
    let scaled = try op(.mul, materialize(b, type), materialize(alpha, type))
    return try op(definition, materialize(a, type), scaled)
  }

  /// ONNX negates signed numbers only.
  fileprivate func negative() throws -> Value {
    let input = try input()
    guard try ElementTypes.unsignedInteger.contains(elementType(input)) else { return try op(.neg, input) }
    return try op(.sub, scalar(0, elementType(input)), input)
  }

  static func isOne(_ operand: Operand) -> Bool {
    switch operand {
    case .integer(let value): value == 1
    case .float(let value): value == 1
    case .tensor, .bool, .symbolic: false
    }
  }

  fileprivate func quotient() throws -> Value {
    let (a, b) = (try operand(firstName), try operand("other"))
    switch try optionalString("rounding_mode") {
    case nil:
      let type = try promotedToFloat([a, b])
      return try op(.div, materialize(a, type), materialize(b, type))
    case "floor": return try floorQuotient(a, b)
    default:
      let type = try promoted([a, b])
      let quotient = try op(.div, materialize(a, type), materialize(b, type))
      return type.isFloat ? try truncated(quotient) : quotient
    }
  }

  /// The quotient rounded down. ONNX divides integers toward zero, so that one is subtracted where a remainder is left
  /// and the signs differ.
  func floorQuotient(_ a: Operand, _ b: Operand) throws -> Value {
    let type = try promoted([a, b])
    let (x, y) = (try materialize(a, type), try materialize(b, type))
    let quotient = try op(.div, x, y)
    if type.isFloat { return try op(.floor, quotient) }
    let isNeverNegative =
      ElementTypes.unsignedInteger.contains(type)
      || [x, y].allSatisfy { $0.contents?.allSatisfy { $0.isAtLeast(.known(0)) == true } ?? false }
    if isNeverNegative { return quotient }
    // What division rounded down leaves has no effect on the quotient of what is left.
    return try op(.div, op(.sub, x, op(.mod, x, y)), y)
  }

  /// Rounded toward zero.
  func truncated(_ value: Value) throws -> Value {
    try op(.mul, op(.sign, value), op(.floor, op(.abs, value)))
  }

  fileprivate func remainder(isTruncated: Bool) throws -> Value {
    let (a, b) = (try operand(firstName), try operand("other"))
    let type = try promoted([a, b])
    let (x, y) = (try materialize(a, type), try materialize(b, type))
    if isTruncated { return try op(.mod, x, y, attributes: ["fmod": .int(1)]) }
    if !type.isFloat { return try op(.mod, x, y) }
    // ONNX has only the remainder with the dividend's sign for fractions.
    return try op(.sub, x, op(.mul, op(.floor, op(.div, x, y)), y))
  }

  fileprivate func ignoringNaN(_ definition: OpDefinition) throws -> Value {
    let (a, b) = (try operand("self"), try operand("other"))
    let type = try promoted([a, b])
    let (x, y) = (try materialize(a, type), try materialize(b, type))
    if type == .bool { return try op(definition === OpDefinition.max ? .or : .and, x, y) }
    let result = try op(definition, x, y)
    guard type.isFloat else { return result }
    return try op(.where, op(.isNaN, x), y, op(.where, op(.isNaN, y), x, result))
  }

  /// `self + value * (a op b)`.
  fileprivate func combined(_ definition: OpDefinition) throws -> Value {
    let (input, a, b) = (try input(), try value("tensor1"), try value("tensor2"))
    var type = try promoted([.tensor(input), .tensor(a), .tensor(b)])
    if definition === OpDefinition.div, type.isIntegral { type = .float32 }
    var term = try op(definition, cast(a, to: type), cast(b, to: type))
    if let factor = try optionalOperand("value"), !Self.isOne(factor) {
      term = try op(.mul, term, materialize(factor, type))
    }
    return try op(.add, cast(input, to: type), term)
  }

  fileprivate func clamp(_ low: String?, _ high: String?) throws -> Value {
    let low = try low.flatMap { try optionalOperand($0) }
    let high = try high.flatMap { try optionalOperand($0) }
    let input = try input()
    let type = try promoted([.tensor(input)] + [low, high].compactMap { $0 })
    let value = try cast(input, to: type)
    func isNumber(_ operand: Operand?) -> Bool {
      switch operand {
      case .tensor?, .symbolic?: false
      case nil, .integer?, .float?, .bool?: true
      }
    }
    if isNumber(low), isNumber(high) {
      return try op(
        .clip, value, low.map { try materialize($0, type) }, high.map { try materialize($0, type) })
    }
    var result = value
    if type == .bool {
      if let low { result = try op(.or, result, materialize(low, type)) }
      if let high { result = try op(.and, result, materialize(high, type)) }
      return result
    }
    if let low { result = try op(.max, result, materialize(low, type)) }
    if let high { result = try op(.min, result, materialize(high, type)) }
    return result
  }
}
