import IR

extension Lowering {
  /// Comparisons, logic and bits.
  static let comparisons: [String: Lowering] = [
    "aten.eq": comparison(.equal), "aten.gt": comparison(.greater), "aten.ge": comparison(.greaterOrEqual),
    "aten.lt": comparison(.less), "aten.le": comparison(.lessOrEqual), "aten.greater": comparison(.greater),
    "aten.greater_equal": comparison(.greaterOrEqual), "aten.less": comparison(.less),
    "aten.less_equal": comparison(.lessOrEqual),
    "aten.ne": .one { try $0.op(.not, $0.compared(.equal)) },
    "aten.not_equal": .one { try $0.op(.not, $0.compared(.equal)) },
    "aten.logical_not": .one { try $0.op(.not, $0.cast($0.input(), to: .bool)) },
    "aten.logical_and": logic(.and), "aten.logical_or": logic(.or), "aten.logical_xor": logic(.xor),
    "aten.bitwise_and": bits(.bitwiseAnd, .and), "aten.bitwise_or": bits(.bitwiseOr, .or),
    "aten.bitwise_xor": bits(.bitwiseXor, .xor), "aten.__and__": bits(.bitwiseAnd, .and),
    "aten.__or__": bits(.bitwiseOr, .or), "aten.__xor__": bits(.bitwiseXor, .xor),
    "aten.bitwise_not": .one { call in
      let input = try call.input()
      return try call.op(call.elementType(input) == .bool ? .not : .bitwiseNot, input)
    },
    "aten.isclose": .one { call in
      let operands = (try call.value("self"), try call.value("other"))
      // Integers are close as fractions are.
      let type = try call.promotedToFloat([.tensor(operands.0), .tensor(operands.1)])
      let (a, b) = (try call.cast(operands.0, to: type), try call.cast(operands.1, to: type))
      let distance = try call.op(.abs, call.op(.sub, a, b))
      let relative = try call.op(.mul, call.op(.abs, b), call.scalar(call.float("rtol", default: 1e-5), type))
      let allowed = try call.op(.add, relative, call.scalar(call.float("atol", default: 1e-8), type))
      let isFinite = try call.op(.less, distance, call.scalar(Double.infinity, type))
      let isClose = try call.op(
        .or, call.op(.equal, a, b), call.op(.and, call.op(.lessOrEqual, distance, allowed), isFinite))
      guard try call.bool("equal_nan", default: false) else { return isClose }
      return try call.op(.or, isClose, call.op(.and, call.op(.isNaN, a), call.op(.isNaN, b)))
    },
    "aten.isin": .one { call in
      let (elements, tests) = (try call.operand("elements"), try call.operand(call.secondName))
      let type = try call.promoted([elements, tests])
      let each = try call.materialize(elements, type)
      let rank = try call.rank(each)
      let candidates = try call.reshape(call.materialize(tests, type), [-1])
      let isSame = try call.cast(call.op(.equal, call.unsqueeze(each, [rank]), candidates), to: .int32)
      let found = try call.reduce(.reduceSum, isSame, [rank], keepsAxes: false)
      let isFound = try call.op(.greater, found, call.scalar(0, .int32))
      return try call.bool("invert", default: false) ? call.op(.not, isFound) : isFound
    },
    "aten.bitwise_left_shift": shift("LEFT"), "aten.__lshift__": shift("LEFT"),
    "aten.bitwise_right_shift": shift("RIGHT"), "aten.__rshift__": shift("RIGHT"),
  ]

  private static func comparison(_ definition: OpDefinition) -> Lowering { .one { try $0.compared(definition) } }

  private static func logic(_ definition: OpDefinition) -> Lowering {
    .one { call in
      try call.op(
        definition, call.materialize(call.operand("self"), .bool), call.materialize(call.operand("other"), .bool))
    }
  }

  private static func bits(_ definition: OpDefinition, _ truths: OpDefinition) -> Lowering {
    .one { call in
      let (a, b) = (try call.operand(call.firstName), try call.operand("other"))
      let type = try call.promoted([a, b])
      return try call.op(type == .bool ? truths : definition, call.materialize(a, type), call.materialize(b, type))
    }
  }

  /// ONNX shifts by whole powers of two, and unsigned integers only: a product and a quotient rounded down do the same
  /// for all.
  private static func shift(_ direction: String) -> Lowering {
    .one { call in
      let (a, b) = (try call.operand(call.firstName), try call.operand("other"))
      let type = try call.promoted([a, b])
      // ONNX has powers of some types only.
      let power = try call.op(.pow, call.scalar(2, .int64), call.materialize(b, .int64))
      let factor = try call.cast(power, to: type)
      let value = try call.materialize(a, type)
      return try direction == "LEFT"
        ? call.op(.mul, value, factor) : call.floorQuotient(.tensor(value), .tensor(factor))
    }
  }
}

extension Call {
  fileprivate func compared(_ definition: OpDefinition) throws -> Value {
    let (a, b) = (try operand(firstName), try operand("other"))
    var type = try promoted([a, b])
    // ONNX orders numbers only.
    if type == .bool, definition !== OpDefinition.equal { type = .int32 }
    return try op(definition, materialize(a, type), materialize(b, type))
  }
}
