import IR

extension Lowering {
  /// Numbers that are others in each run, as ONNX's are.
  static let randomNumbers: [String: Lowering] = [
    "aten.rand": .one { try $0.drawn(.randomUniform) }, "aten.rand_like": .one { try $0.drawnLike(.randomUniformLike) },
    "aten.randn": .one { try $0.drawn(.randomNormal) }, "aten.randn_like": .one { try $0.drawnLike(.randomNormalLike) },
    "aten.randint": .one { call in
      try call.integers(call.draw(.randomUniform, .float64, of: call.extents("size")), .int64)
    },
    "aten.randint_like": .one { call in
      let input = try call.input()
      return try call.integers(call.drawLike(.randomUniformLike, input, .float64), call.elementType(input))
    },
    "aten.randperm": .one { call in
      let count = try call.extent("n")
      let keys = try call.draw(.randomUniform, .float32, of: [count])
      let order = try call.ops(.topK, [keys, call.vector(count)], ["axis": .int(0)], results: 2)[1]
      return try call.cast(order, to: call.optionalElementType("dtype") ?? .int64)
    },
    "aten.normal": .one { try $0.normal() }, "aten.normal_functional": .one { try $0.normal() },
    "aten.uniform": .one { call in
      let input = try call.input()
      let (low, high) = (try call.float("from", default: 0), try call.float("to", default: 1))
      return try call.drawLike(.randomUniformLike, input, call.elementType(input), ("low", low), ("high", high))
    },
    "aten.exponential": .one { call in
      let input = try call.input()
      let type = try call.elementType(input)
      return try call.op(.div, call.exponential(input), call.scalar(call.float("lambd", default: 1), type))
    },
    "aten.bernoulli": .one { call in
      let input = try call.input()
      let number = try call.drawLike(.randomUniformLike, input, .float32)
      let likelihood = try call.materialize(call.optionalOperand("p") ?? .tensor(input), .float32)
      return try call.cast(call.op(.less, number, likelihood), to: call.elementType(input))
    },
    "aten.multinomial": .one { try $0.multinomial() },
  ]
}

extension Call {
  /// Numbers of a known or open shape. What is drawn in half precision is drawn in single, and rounded.
  fileprivate func draw(_ definition: OpDefinition, _ type: ElementType, of extents: [Extent]) throws -> Value {
    let known = extents.compactMap(\.known)
    guard known.count == extents.count else {
      let element = try TensorLiteral.filled(0, .float32, [1])
      let model = try op(.constantOfShape, shapeOperand(extents), attributes: ["value": .tensor(element)])
      let isNormal = definition === OpDefinition.randomNormal
      return try drawLike(isNormal ? .randomNormalLike : .randomUniformLike, model, type)
    }
    let attributes: Attributes = [
      "shape": .ints(known.map { Int64($0) }), "dtype": .elementType(try Self.drawnType(type)),
    ]
    return try cast(op(definition, attributes: attributes), to: type)
  }

  /// Numbers in the shape of `model`.
  fileprivate func drawLike(
    _ definition: OpDefinition, _ model: Value, _ type: ElementType, _ parameters: (name: ByteString, value: Double)...
  ) throws -> Value {
    var attributes: Attributes = ["dtype": .elementType(try Self.drawnType(type))]
    for parameter in parameters { attributes[parameter.name] = .float(Float(parameter.value)) }
    return try cast(op(definition, model, attributes: attributes), to: type)
  }

  private static func drawnType(_ type: ElementType) throws -> ElementType {
    guard type.isFloat else { throw UnsupportedForm("draws numbers of the type \(type.rawValue)") }
    return type == .float64 ? .float64 : .float32
  }

  fileprivate func drawn(_ definition: OpDefinition) throws -> Value {
    try draw(definition, optionalElementType("dtype") ?? .float32, of: extents("size"))
  }

  fileprivate func drawnLike(_ definition: OpDefinition) throws -> Value {
    let input = try input()
    return try drawLike(definition, input, optionalElementType("dtype") ?? elementType(input))
  }

  /// Integers from `low` to before `high`, of numbers from 0 to before 1.
  fileprivate func integers(_ numbers: Value, _ standard: ElementType) throws -> Value {
    let low = try optionalOperand("low") ?? .integer(0)
    let first = try materialize(low, .float64)
    let end = try materialize(operand("high"), .float64)
    let integer = try op(.floor, op(.add, op(.mul, numbers, op(.sub, end, first)), first))
    // A product may be rounded up to the end.
    let bounded = try op(.min, integer, op(.sub, end, scalar(1, .float64)))
    return try cast(bounded, to: optionalElementType("dtype") ?? standard)
  }

  /// Of given means and deviations, or in the place of the elements of a tensor.
  fileprivate func normal() throws -> Value {
    let (mean, deviation) = (try optionalOperand("mean"), try optionalOperand("std"))
    var tensors = [mean, deviation].compactMap { if case .tensor(let value)? = $0 { value } else { nil } }
    if argument("self") != nil { tensors = [try value("self")] }
    let type = try optionalElementType("dtype") ?? tensors.first.map { try elementType($0) } ?? .float32
    var numbers: Value
    switch tensors.count {
    case 0: numbers = try draw(.randomNormal, type, of: extents("size"))
    case 1: numbers = try drawLike(.randomNormalLike, tensors[0], type)
    default: numbers = try drawLike(.randomNormalLike, op(.add, tensors[0], tensors[1]), type)
    }
    if let deviation { numbers = try op(.mul, numbers, materialize(deviation, type)) }
    if let mean { numbers = try op(.add, numbers, materialize(mean, type)) }
    return numbers
  }

  /// Numbers greater than 0 whose likelihood falls exponentially.
  fileprivate func exponential(_ model: Value) throws -> Value {
    let least = 0x1p-24
    return try op(.neg, op(.log, drawLike(.randomUniformLike, model, elementType(model), ("low", least))))
  }

  /// Places drawn by their weights along the last axis. Those of the least waiting times, each divided by its weight,
  /// are drawn one after the other without putting back.
  fileprivate func multinomial() throws -> Value {
    let weights = try input()
    let count = try int("num_samples")
    guard try bool("replacement", default: false), count != 1 else {
      let times = try op(.div, exponential(weights), weights)
      return try ops(
        .topK, [times, constant([count])], ["axis": .int(-1), "largest": .int(0)], results: 2)[1]
    }
    let isVector = try rank(weights) == 1
    let logarithms = try op(.log, isVector ? unsqueeze(weights, [0]) : weights)
    let places = try op(
      .multinomial, logarithms, attributes: ["sample_size": .int(Int64(count)), "dtype": .elementType(.int64)])
    return isVector ? try squeeze(places, [0]) : places
  }
}
