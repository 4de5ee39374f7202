import IR

extension Lowering {
  /// Distances, similarities and losses.
  static let distances: [String: Lowering] = [
    "aten.cosine_similarity": .one { call in
      let (a, b) = (try call.value("x1"), try call.value("x2"))
      let type = try call.elementType(a)
      let axis = try call.axis("dim", default: 1, rank: Swift.max(call.rank(a), call.rank(b)))
      let epsilon = try call.scalar(call.float("eps", default: 1e-8), type)
      func unit(_ value: Value) throws -> Value {
        try call.op(.div, value, call.op(.max, call.reduce(.reduceL2, value, [axis], keepsAxes: true), epsilon))
      }
      return try call.reduce(.reduceSum, call.op(.mul, unit(a), unit(b)), [axis], keepsAxes: false)
    },
    "aten.pairwise_distance": .one { call in
      let (a, b) = (try call.value("x1"), try call.value("x2"))
      guard try call.float("p", default: 2) == 2 else { throw UnsupportedForm("measures by another norm than 2") }
      let type = try call.elementType(a)
      let distance = try call.op(.add, call.op(.sub, a, b), call.scalar(call.float("eps", default: 1e-6), type))
      let axis = try call.rank(distance) - 1
      return try call.reduce(.reduceL2, distance, [axis], keepsAxes: call.keepsAxes())
    },
    "aten.cdist": .one { try $0.allDistances() }, "aten._cdist_forward": .one { try $0.allDistances() },
    "aten.mse_loss": .one { call in
      let distance = try call.op(.sub, call.input(), call.value("target"))
      return try call.averaged(call.op(.mul, distance, distance))
    },
    "aten.l1_loss": .one { try $0.averaged($0.op(.abs, $0.op(.sub, $0.input(), $0.value("target")))) },
    "aten.linalg_cross": .one { try $0.crossProduct() }, "aten.cross": .one { try $0.crossProduct() },
  ]
}

extension Call {
  fileprivate func averaged(_ value: Value) throws -> Value {
    let axes = Array(0..<(try rank(value)))
    switch try int("reduction", default: 1) {
    case 0: return value
    case 1: return try reduceAll(.reduceMean, value, axes, keepsAxes: false)
    default: return try reduceAll(.reduceSum, value, axes, keepsAxes: false)
    }
  }

  fileprivate func allDistances() throws -> Value {
    guard try float("p", default: 2) == 2 else { throw UnsupportedForm("measures by another norm than 2") }
    let (a, b) = (try value("x1"), try value("x2"))
    let rank = try rank(a)
    let distance = try op(.sub, unsqueeze(a, [rank - 1]), unsqueeze(b, [rank - 2]))
    return try reduce(.reduceL2, distance, [rank], keepsAxes: false)
  }

  fileprivate func crossProduct() throws -> Value {
    let (a, b) = (try input(), try value("other"))
    let axis = try axis("dim", default: -1, rank: rank(a))
    func turned(_ value: Value, _ order: [Int]) throws -> Value {
      try op(.gather, value, constant(order), attributes: ["axis": .int(Int64(axis))])
    }
    return try op(
      .sub, op(.mul, turned(a, [1, 2, 0]), turned(b, [2, 0, 1])), op(.mul, turned(a, [2, 0, 1]), turned(b, [1, 2, 0])))
  }
}
