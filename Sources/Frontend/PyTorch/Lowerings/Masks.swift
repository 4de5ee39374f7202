import IR

extension Lowering {
  /// Elements chosen by conditions.
  static let masks: [String: Lowering] = [
    "aten.where.self": .one { try $0.chosen() }, "aten.where.ScalarOther": .one { try $0.chosen() },
    "aten.where.ScalarSelf": .one { try $0.chosen() }, "aten.where.Scalar": .one { try $0.chosen() },
    "aten.where.default": .values { call in
      let positions = try call.op(.nonZero, call.value("condition"))
      return try (0..<call.rank(call.value("condition"))).map { try call.selected(positions, 0, .known($0)) }
    },
    "aten.masked_fill": .one { call in
      let input = try call.input()
      let fill = try call.materialize(call.operand("value"), call.elementType(input))
      return try call.op(.where, call.value("mask"), fill, input)
    },
    "aten.masked_scatter": .one { call in
      let input = try call.input()
      let mask = try call.op(.expand, call.value("mask"), call.shapeOperand(of: input))
      let flat = try call.reshape(mask, [-1])
      // The n-th element where the mask holds is the n-th of the source.
      let counted = try call.op(.cumSum, call.cast(flat, to: .int64), call.builder.constant(0))
      let place = try call.op(.max, call.op(.sub, counted, call.builder.constant(1)), call.builder.constant(0))
      let elements = try call.op(.gather, call.reshape(call.value("source"), [-1]), place)
      let result = try call.op(.where, flat, elements, call.reshape(input, [-1]))
      return try call.reshape(result, call.extents(of: input))
    },
    "aten.tril": triangle(isUpper: false), "aten.triu": triangle(isUpper: true),
    "aten.fill": .one { call in
      let input = try call.input()
      return try call.like(input, call.materialize(call.operand("value"), call.elementType(input)))
    },
    "aten.zero": .one { call in
      let input = try call.input()
      return try call.like(input, call.scalar(0, call.elementType(input)))
    },
  ]

  private static func triangle(isUpper: Bool) -> Lowering {
    .one { call in
      let diagonal = try call.builder.constant(call.int("diagonal", default: 0))
      return try call.op(.trilu, call.input(), diagonal, attributes: ["upper": .int(isUpper ? 1 : 0)])
    }
  }
}

extension Call {
  fileprivate func chosen() throws -> Value {
    let (a, b) = (try operand("self"), try operand("other"))
    let type = try promoted([a, b])
    let condition = try cast(value("condition"), to: .bool)
    return try op(.where, condition, materialize(a, type), materialize(b, type))
  }
}
