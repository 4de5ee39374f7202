import IR

extension Lowering {
  /// Numbers that depend on shapes, and what Python computes with them.
  static let symbols: [String: Lowering] = [
    "aten.sym_size.int": .symbol { call in
      let input = try call.input()
      return try call.vector(call.extent(of: input, call.axis("dim", rank: call.rank(input))))
    },
    "aten.sym_storage_offset": .symbol { call in
      guard case .number(let offset)? = try call.tensor(call.firstName).description?.storageOffset else {
        throw UnsupportedForm("asks where a tensor lies in memory")
      }
      return try call.constant([offset])
    },
    "aten.sym_numel": .symbol { try $0.vector($0.product($0.extents(of: $0.input()))) },
    "aten.item": .symbol { try $0.reshape($0.input(), [] as [Int]) },
    "aten._local_scalar_dense": .symbol { try $0.reshape($0.input(), [] as [Int]) },
    "_operator.add": number(.add), "_operator.sub": number(.sub), "_operator.mul": number(.mul),
    "_operator.floordiv": .symbol { call in
      let (a, b) = try call.numbers()
      return try call.floorQuotient(.tensor(a), .tensor(b))
    },
    "_operator.mod": number(.mod), "_operator.pow": number(.pow),
    "_operator.truediv": .symbol { call in
      let (a, b) = try call.numbers()
      return try call.op(.div, call.cast(a, to: .float32), call.cast(b, to: .float32))
    },
    "_operator.neg": .symbol { try $0.op(.neg, $0.number(0)) },
    "_operator.pos": .symbol { try $0.number(0) },
    "_operator.eq": number(.equal), "_operator.lt": number(.less), "_operator.le": number(.lessOrEqual),
    "_operator.gt": number(.greater), "_operator.ge": number(.greaterOrEqual),
    "_operator.ne": .symbol { call in
      let (a, b) = try call.numbers()
      return try call.op(.not, call.op(.equal, a, b))
    },
    "_operator.and_": number(.and), "_operator.or_": number(.or),
    "torch.sym_not": .symbol { try $0.op(.not, $0.number(0)) },
    "torch.sym_max": number(.max), "torch.sym_min": number(.min),
    "torch.sym_float": .symbol { try $0.cast($0.number(0), to: .float32) },
    "torch.sym_int": .symbol { try $0.whole() },
    "math.trunc": .symbol { try $0.whole() }, "_operator.trunc": .symbol { try $0.whole() },
    "math.floor": .symbol { try $0.cast($0.op(.floor, $0.number(0)), to: .int64) },
    "math.ceil": .symbol { try $0.cast($0.op(.ceil, $0.number(0)), to: .int64) },
    "torch._sym_sqrt": .symbol { try $0.op(.sqrt, $0.cast($0.number(0), to: .float32)) },
    "torch.sym_sqrt": .symbol { try $0.op(.sqrt, $0.cast($0.number(0), to: .float32)) },
    "torch.sym_ite": .symbol { call in
      let (a, b) = try call.numbers(1, 2)
      return try call.op(.where, call.number(0), a, b)
    },
  ]

  private static func number(_ definition: OpDefinition) -> Lowering {
    .symbol { call in
      let (a, b) = try call.numbers()
      return try call.op(definition, a, b)
    }
  }
}

extension Call {
  /// The operand at a position, whatever its name is, without axes.
  fileprivate func number(_ index: Int) throws -> Value {
    guard node.inputs.indices.contains(index) else { throw ModelError(.invalidModel, "has no operand \(index)") }
    switch try operand(node.inputs[index].name) {
    case .tensor(let value), .symbolic(let value): return value
    case .integer(let value): return try builder.constant(value)
    case .float(let value): return try scalar(value, .float32)
    case .bool(let value): return try scalar(value ? 1 : 0, .bool)
    }
  }

  /// Two operands in one type.
  fileprivate func numbers(_ first: Int = 0, _ second: Int = 1) throws -> (Value, Value) {
    let (a, b) = (try number(first), try number(second))
    let type = Promotion.join(try elementType(a), try elementType(b)) ?? .int64
    return (try cast(a, to: type), try cast(b, to: type))
  }

  /// A number without its fraction.
  fileprivate func whole() throws -> Value { try cast(number(0), to: .int64) }
}
