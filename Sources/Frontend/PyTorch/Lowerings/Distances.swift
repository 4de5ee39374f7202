import IR

extension Lowering {
  /// Distances and similarities.
  static let distances: [String: Lowering] = [
    "aten.cosine_similarity": .one { call in
      let given = try call.inCommonType([call.value("x1"), call.value("x2")])
      let shape = try call.commonShape(given)
      let isBroadcast = given[0].tensorType?.shape != given[1].tensorType?.shape
      let (a, b) =
        try isBroadcast ? (call.op(.expand, given[0], shape), call.op(.expand, given[1], shape)) : (given[0], given[1])
      let type = try call.elementType(a)
      let axis = try call.axis("dim", default: 1, rank: call.rank(a))
      let epsilon = try call.scalar(call.float("eps", default: 1e-8), type)
      func unit(_ value: Value) throws -> Value {
        try call.op(.div, value, call.op(.max, call.reduce(.reduceL2, value, [axis], keepsAxes: true), epsilon))
      }
      return try call.reduce(.reduceSum, call.op(.mul, unit(a), unit(b)), [axis], keepsAxes: false)
    },
    "aten.pairwise_distance": .one { call in
      let values = try call.inCommonType([call.value("x1"), call.value("x2")])
      let type = try call.elementType(values[0])
      let epsilon = try call.scalar(call.float("eps", default: 1e-6), type)
      let distance = try call.op(.add, call.op(.sub, values[0], values[1]), epsilon)
      guard type.isFloat else { throw UnsupportedForm("measures integers") }
      let axis = try call.rank(distance) - 1
      return try call.norm(distance, call.float("p", default: 2), [axis], keepsAxes: call.keepsAxes())
    },
    "aten.dist": .one { call in
      let values = try call.inCommonType([call.input(), call.value("other")])
      let distance = try call.op(.sub, values[0], values[1])
      return try call.norm(
        distance, call.float("p", default: 2), Array(0..<call.rank(distance)), keepsAxes: false)
    },
    "aten.pdist": .one { try $0.pairDistances() }, "aten._pdist_forward": .one { try $0.pairDistances() },
    "aten.cdist": .one { try $0.allDistances() }, "aten._cdist_forward": .one { try $0.allDistances() },
    "aten.linalg_cross": .one { try $0.crossProduct() }, "aten.cross": .one { try $0.crossProduct() },
  ]
}

extension Call {
  fileprivate func allDistances() throws -> Value {
    let (a, b) = (try value("x1"), try value("x2"))
    let distance = try op(.sub, unsqueeze(a, [rank(a) - 1]), unsqueeze(b, [rank(b) - 2]))
    return try norm(distance, float("p", default: 2), [rank(distance) - 1], keepsAxes: false)
  }

  /// The distances of each row to those after it.
  fileprivate func pairDistances() throws -> Value {
    let input = try input()
    let count = try knownExtent(input, 0)
    guard count <= 1 << 10 else { throw UnsupportedForm("pairs \(count) rows") }
    let pairs = (0..<count).flatMap { row in (row + 1..<max(count, row + 1)).map { (row, $0) } }
    let distance = try op(
      .sub, op(.gather, input, constant(pairs.map(\.0))), op(.gather, input, constant(pairs.map(\.1))))
    return try norm(distance, float("p", default: 2), [1], keepsAxes: false)
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
