import IR

extension TensorFlowLowerings {
  static let arithmetic: OperatorTable.Family = unaryArithmetic.merging(binaryArithmetic) { first, _ in first }

  private static let unaryArithmetic: OperatorTable.Family = [
    "Abs": unary(.abs), "Neg": unary(.neg), "Exp": unary(.exp), "Log": unary(.log), "Sqrt": unary(.sqrt),
    "Sign": unary(.sign), "Floor": unary(.floor), "Ceil": unary(.ceil), "Sin": unary(.sin), "Cos": unary(.cos),
    "Tan": unary(.tan), "Sinh": unary(.sinh), "Cosh": unary(.cosh), "Asin": unary(.asin), "Acos": unary(.acos),
    "Atan": unary(.atan), "Asinh": unary(.asinh), "Acosh": unary(.acosh), "Atanh": unary(.atanh), "Erf": unary(.erf),
    "Reciprocal": unary(.reciprocal), "Inv": unary(.reciprocal), "IsNan": unary(.isNaN), "IsInf": unary(.isInf),
    "LogicalNot": unary(.not), "Invert": unary(.bitwiseNot), "Rint": unary(.round),
    "Round": .value { node in
      let x = try node.operand(0)
      return ElementTypes.integer.contains(try node.elementType(x)) ? x : try node.build(.round, x)
    },
    "Rsqrt": .value { try $0.build(.reciprocal, try $0.build(.sqrt, try $0.operand(0))) },
    "Square": .value { try $0.build(.mul, try $0.operand(0), try $0.operand(0)) },
    "Expm1": .value { node in
      let x = try node.build(.exp, try node.operand(0))
      return try node.build(.sub, x, try node.scalar(1, like: x))
    },
    "Log1p": .value { node in
      let x = try node.operand(0)
      return try node.build(.log, try node.build(.add, x, try node.scalar(1, like: x)))
    },
    "Erfc": .value { node in
      let x = try node.build(.erf, try node.operand(0))
      return try node.build(.sub, try node.scalar(1, like: x), x)
    },
    "IsFinite": .value { node in
      let x = try node.operand(0)
      return try node.build(.not, try node.build(.or, try node.build(.isInf, x), try node.build(.isNaN, x)))
    },
    "L2Loss": .value { node in
      let x = try node.operand(0)
      let sum = try node.build(.reduceSum, try node.build(.mul, x, x), attributes: ["keepdims": .int(0)])
      return try node.build(.mul, sum, try node.scalar(0.5, like: x))
    },
    "Cast": NodeLowering(outputs: nil) { node in
      let (x, type) = (try node.operand(0), try node.node.type("DstT"))
      guard let part = node.part(ofComplex: type) else { return [.tensor(try node.cast(x, type))] }
      let real = try node.cast(x, part)
      return [.complex(try node.pairs(real, try node.filled(try node.shapeValue(real), 0, like: real)))]
    },
    "AddN": sum, "AccumulateNV2": sum,
  ]

  private static let sum = NodeLowering.value { node in
    let values = try node.operands()
    guard values.count > 1 else { return try node.operand(0) }
    guard let sum = try node.build.insert(.sum, values).first else { throw UnsupportedForm("it adds nothing") }
    return sum
  }

  private static let binaryArithmetic: OperatorTable.Family = [
    "Add": .value { node in
      let isText = try node.elementType(try node.operand(0)) == .string
      return try node.build(isText ? .stringConcat : .add, try node.operand(0), try node.operand(1))
    },
    "AddV2": binary(.add), "Sub": binary(.sub), "Mul": binary(.mul), "Div": binary(.div), "RealDiv": binary(.div),
    "TruncateDiv": binary(.div), "Maximum": extremum(.max), "Minimum": extremum(.min), "Pow": binary(.pow),
    "BitwiseAnd": binary(.bitwiseAnd), "BitwiseOr": binary(.bitwiseOr), "BitwiseXor": binary(.bitwiseXor),
    "SquaredDifference": .value { node in
      let difference = try node.build(.sub, try node.operand(0), try node.operand(1))
      return try node.build(.mul, difference, difference)
    },
    "DivNoNan": .value { node in try node.unlessZero(node.operand(1), .div) },
    "MulNoNan": .value { node in try node.unlessZero(node.operand(1), .mul) },
    "Xdivy": .value { node in try node.unlessZero(node.operand(0), .div) },
    "Xlogy": .value { node in
      let x = try node.operand(0)
      let product = try node.build(.mul, x, try node.build(.log, try node.operand(1)))
      let zero = try node.scalar(0, like: x)
      return try node.build(.where, try node.build(.equal, x, zero), zero, product)
    },
    "Xlog1py": .value { node in
      let (x, y) = (try node.operand(0), try node.operand(1))
      let logarithm = try node.build(.log, try node.build(.add, y, try node.scalar(1, like: y)))
      let zero = try node.scalar(0, like: x)
      let product = try node.build(.mul, x, logarithm)
      return try node.build(.where, try node.build(.equal, x, zero), zero, product)
    },
    "FloorDiv": .value { try $0.floorDivide(try $0.operand(0), try $0.operand(1)) },
    "FloorMod": .value { try $0.floorModulo(try $0.operand(0), try $0.operand(1)) },
    "Mod": truncatedModulo, "TruncateMod": truncatedModulo,
    "Atan2": .value { try $0.arcTangent(try $0.operand(0), try $0.operand(1)) },
    "LeftShift": shift("LEFT"), "RightShift": shift("RIGHT"),
  ]

  /// The larger or the smaller one: runtimes compare no integers of 16 bits.
  private static func extremum(_ definition: OpDefinition) -> NodeLowering {
    .value { node in
      let (x, y) = (try node.operand(0), try node.operand(1))
      let type = try node.elementType(x)
      guard [.int16, .uint16].contains(type) else { return try node.build(definition, x, y) }
      return try node.cast(try node.build(definition, try node.cast(x, .int32), try node.cast(y, .int32)), type)
    }
  }

  private static let truncatedModulo = NodeLowering.value { node in
    try node.build(.mod, try node.operand(0), try node.operand(1), attributes: ["fmod": .int(1)])
  }

  private static func shift(_ direction: ByteString) -> NodeLowering {
    .value { node in
      let type = try node.elementType(try node.operand(0))
      guard ElementTypes.unsignedInteger.contains(type) else {
        // There are no powers of short integers.
        let isShort = [.int8, .int16].contains(type)
        let x = try node.cast(try node.operand(0), isShort ? .int32 : type)
        let places = try node.cast(try node.operand(1), isShort ? .int32 : type)
        let power = try node.build(.pow, try node.scalar(2, like: x), places)
        return try node.cast(
          direction == "LEFT" ? try node.build(.mul, x, power) : try node.floorDivide(x, power), type)
      }
      return try node.build(
        .bitShift, try node.operand(0), try node.operand(1), attributes: ["direction": .string(direction)])
    }
  }
}

extension NodeContext {
  /// The first two operands combined, and 0 where `divisor` is.
  fileprivate func unlessZero(_ divisor: Value, _ definition: OpDefinition) throws -> Value {
    let zero = try scalar(0, like: divisor)
    let result = try build(definition, try operand(0), try operand(1))
    return try build(.where, try build(.equal, divisor, zero), zero, result)
  }

  /// The quotient, rounded toward negative infinity.
  func floorDivide(_ x: Value, _ y: Value) throws -> Value {
    let type = try elementType(x)
    if ElementTypes.float.contains(type) { return try build(.floor, try build(.div, x, y)) }
    let areNatural = [x, y].allSatisfy { value in
      value.contents?.allSatisfy { ($0.value ?? -1) >= 0 } ?? false
    }
    if areNatural || ElementTypes.unsignedInteger.contains(type) { return try build(.div, x, y) }
    return try build(.div, try build(.sub, x, try build(.mod, x, y)), y)
  }

  /// The remainder, of the divisor's sign.
  fileprivate func floorModulo(_ x: Value, _ y: Value) throws -> Value {
    guard ElementTypes.float.contains(try elementType(x)) else { return try build(.mod, x, y) }
    let rest = try build(.mod, x, y, attributes: ["fmod": .int(1)])
    let zero = try scalar(0, like: x)
    let differs = try build(.xor, try build(.less, rest, zero), try build(.less, y, zero))
    let isRest = try build(.not, try build(.equal, rest, zero))
    return try build(.where, try build(.and, differs, isRest), try build(.add, rest, y), rest)
  }

  /// The angle of the point (x, y).
  func arcTangent(_ y: Value, _ x: Value) throws -> Value {
    let zero = try scalar(0, like: x)
    let angle = try build(.atan, try build(.div, y, x))
    // The sign of a zero counts: only its reciprocal shows it.
    let isUpper = try build(
      .or, try build(.greater, y, zero), try build(.greater, try build(.reciprocal, y), zero))
    let turn = try build(.where, isUpper, try scalar(.pi, like: x), try scalar(-.pi, like: x))
    let left = try build(.where, try build(.less, x, zero), try build(.add, angle, turn), angle)
    let half = try build(.where, isUpper, try scalar(.pi / 2, like: x), try scalar(-.pi / 2, like: x))
    let upright = try build(.where, try build(.equal, y, zero), zero, half)
    return try build(.where, try build(.equal, x, zero), upright, left)
  }
}
