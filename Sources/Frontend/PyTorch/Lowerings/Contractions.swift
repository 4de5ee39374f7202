import IR

extension Lowering {
  /// Products of matrices.
  static let contractions: [String: Lowering] = [
    "aten.linear": .one { try $0.linear($0.value("input"), $0.value("weight"), $0.optionalValue("bias")) },
    "aten.matmul": .one { try $0.matrixProduct($0.input(), $0.value("other")) },
    "aten.linalg_matmul": .one { try $0.matrixProduct($0.input(), $0.value("other")) },
    "aten.__rmatmul__": .one { try $0.matrixProduct($0.value("other"), $0.input()) },
    "aten.mm": .one { try $0.matrixProduct($0.input(), $0.value("mat2")) },
    "aten.bmm": .one { try $0.matrixProduct($0.input(), $0.value("mat2")) },
    "aten.mv": .one { try $0.matrixProduct($0.input(), $0.value("vec")) },
    "aten.dot": .one { try $0.matrixProduct($0.input(), $0.value("tensor")) },
    "aten.vdot": .one { try $0.matrixProduct($0.input(), $0.value("other")) },
    "aten.linalg_vecdot": .one { call in
      let product = try call.op(.mul, call.value("x"), call.value("y"))
      return try call.reduce(
        .reduceSum, product, [call.axis("dim", default: -1, rank: call.rank(product))], keepsAxes: false)
    },
    "aten.linalg_multi_dot": .one { try $0.chain("tensors") }, "aten.chain_matmul": .one { try $0.chain("matrices") },
    "aten.matrix_power": .one { try $0.matrixPower() }, "aten.linalg_matrix_power": .one { try $0.matrixPower() },
    "aten.inner": .one { call in
      let (a, b) = (try call.input(), try call.value("other"))
      if try call.rank(a) == 0 || call.rank(b) == 0 { return try call.op(.mul, a, b) }
      return try call.contracted(a, b, [call.rank(a) - 1], [call.rank(b) - 1])
    },
    "aten.kron": .one { try $0.blockProduct() },
    "aten.outer": outer, "aten.ger": outer,
    "aten.addmm": .one { call in
      let (a, b) = (try call.value("mat1"), try call.value("mat2"))
      guard try call.elementType(a).isFloat else { return try call.scaledSum(call.matrixProduct(a, b)) }
      return try call.op(
        .gemm, a, b, call.input(),
        attributes: ["alpha": .float(call.single("alpha", 1)), "beta": .float(call.single("beta", 1))])
    },
    "aten.addmv": .one { call in
      try call.scaledSum(call.matrixProduct(call.value("mat"), call.value("vec")))
    },
    "aten.baddbmm": .one { call in
      try call.scaledSum(call.matrixProduct(call.value("batch1"), call.value("batch2")))
    },
    "aten.addbmm": .one { call in
      let products = try call.matrixProduct(call.value("batch1"), call.value("batch2"))
      return try call.scaledSum(call.reduce(.reduceSum, products, [0], keepsAxes: false))
    },
    "aten.addr": .one { call in
      try call.scaledSum(call.outerProduct(call.value("vec1"), call.value("vec2")))
    },
    "aten.einsum": .one { call in
      let equation = try call.optionalString("equation") ?? ""
      let values = try call.promotedValues("tensors")
      guard !values.isEmpty,
        let result = try call.ops(
          .einsum, values, ["equation": .string(ByteString(equation.filter { $0 != " " }))]
        ).first
      else { throw ModelError(.invalidModel, "sums nothing") }
      return result
    },
    "aten.tensordot": .one {
      try $0.contracted($0.input(), $0.value("other"), $0.ints("dims_self"), $0.ints("dims_other"))
    },
    "aten._trilinear": .one { call in
      let factors = try (1...3).map { index in
        try call.unsqueeze(call.value("i\(index)"), call.ints("expand\(index)"))
      }
      let product = try call.op(.mul, call.op(.mul, factors[0], factors[1]), factors[2])
      let axes = try call.axes("sumdim", rank: call.rank(product)) ?? []
      return axes.isEmpty ? product : try call.reduce(.reduceSum, product, axes, keepsAxes: false)
    },
    "aten.bilinear": .one { call in
      let product = try call.ops(
        .einsum, [call.value("input1"), call.value("weight"), call.value("input2")],
        ["equation": .string("...i,oij,...j->...o")])[0]
      guard let bias = try call.optionalValue("bias") else { return product }
      return try call.op(.add, product, bias)
    },
  ]

  private static let outer = Lowering.one { try $0.outerProduct($0.input(), $0.value("vec2")) }
}

extension Call {
  /// Each element of `a` times each of `b`.
  fileprivate func outerProduct(_ a: Value, _ b: Value) throws -> Value {
    try binary(.mul, .tensor(unsqueeze(a, [1])), .tensor(unsqueeze(b, [0])), truths: .and)
  }

  /// `input * weight^T + bias`.
  func linear(_ input: Value, _ weight: Value, _ bias: Value?) throws -> Value {
    if try rank(weight) == 1 {
      let product = try matrixProduct(input, weight)
      return try bias.map { try op(.add, product, $0) } ?? product
    }
    if try !elementType(input).isFloat {
      let product = try matrixProduct(input, transpose(weight, 0, 1))
      return try bias.map { try op(.add, product, $0) } ?? product
    }
    if try rank(input) == 2, let bias {
      return try op(.gemm, input, weight, bias, attributes: ["transB": .int(1)])
    }
    let product = try op(.matMul, input, transpose(weight, 0, 1))
    guard let bias else { return product }
    return try op(.add, product, bias)
  }

  /// A product of matrices, of integers too.
  func matrixProduct(_ a: Value, _ b: Value) throws -> Value {
    let type = try elementType(a)
    let a = unrepeated(a, besides: b)
    let b = unrepeated(b, besides: a)
    if type.isFloat || type.isComplex || [.int32, .int64, .uint32, .uint64].contains(type) {
      return try op(.matMul, a, b)
    }
    // Sums of narrow integers are cut off at the end as well as in between.
    return try cast(op(.matMul, cast(a, to: .int32), cast(b, to: .int32)), to: type)
  }

  /// What `value` repeats along the axes before its matrices, where the other factor has these by itself: a product
  /// repeats it, without making the copies that a view does not make either.
  private func unrepeated(_ value: Value, besides other: Value) -> Value {
    guard let repetition = value.definingOperation, repetition.is(.expand), let source = repetition.operand(0),
      let shape = value.tensorType?.shape, let once = source.tensorType?.shape, let others = other.tensorType?.shape,
      once.count >= 2, others.count >= 2, once.suffix(2).isCertainly(shape.suffix(2)),
      others.dropLast(2).isCertainly(shape.dropLast(2))
    else { return value }
    return source
  }

  fileprivate func chain(_ name: String) throws -> Value {
    var factors = try values(name)[...]
    guard let first = factors.popFirst() else { throw ModelError(.invalidModel, "multiplies nothing") }
    return try factors.reduce(first) { try matrixProduct($0, $1) }
  }

  fileprivate func matrixPower() throws -> Value {
    let (input, exponent) = (try input(), try int("n"))
    guard (-64...64).contains(exponent) else { throw UnsupportedForm("raises a matrix to the power \(exponent)") }
    if exponent == 0 { return try identity(like: input) }
    let base = try exponent < 0 ? inverse(input) : input
    return try (1..<abs(exponent)).reduce(base) { power, _ in try matrixProduct(power, base) }
  }

  /// Each element of one tensor times all of the other.
  fileprivate func blockProduct() throws -> Value {
    var (a, b) = (try input(), try value("other"))
    let rank = max(try rank(a), try rank(b))
    a = try unsqueeze(a, Array(0..<rank - self.rank(a)))
    b = try unsqueeze(b, Array(0..<rank - self.rank(b)))
    let extents = try (0..<rank).map { try product([extent(of: a, $0), extent(of: b, $0)]) }
    let type = try promoted([.tensor(a), .tensor(b)])
    let wide = try unsqueeze(cast(a, to: type), (0..<rank).map { 2 * $0 + 1 })
    let tiled = try unsqueeze(cast(b, to: type), (0..<rank).map { 2 * $0 })
    return try reshape(op(type == .bool ? .and : .mul, wide, tiled), extents)
  }

  /// The sum over pairs of axes: a product of matrices, the other axes joined on either side.
  fileprivate func contracted(_ a: Value, _ b: Value, _ left: [Int], _ right: [Int]) throws -> Value {
    let left = try left.map { try axis($0, rank: rank(a)) }
    let right = try right.map { try axis($0, rank: rank(b)) }
    guard left.count == right.count else { throw ModelError(.invalidModel, "pairs \(left) with \(right)") }
    let rows = try (0..<rank(a)).filter { !left.contains($0) }
    let columns = try (0..<rank(b)).filter { !right.contains($0) }
    let inner = try product(left.map { try extent(of: a, $0) })
    let x = try reshape(transpose(a, rows + left), [.known(-1), inner])
    let y = try reshape(transpose(b, right + columns), [inner, .known(-1)])
    let result = try rows.map { try extent(of: a, $0) } + columns.map { try extent(of: b, $0) }
    return try reshape(matrixProduct(x, y), result)
  }

  /// `beta * self + alpha * product`.
  fileprivate func scaledSum(_ product: Value) throws -> Value {
    let (alpha, beta) = (try float("alpha", default: 1), try float("beta", default: 1))
    let type = try promoted([.tensor(input()), .tensor(product)])
    if type == .bool { return try op(.or, input(), product) }
    let (input, product) = (try cast(input(), to: type), try cast(product, to: type))
    let term = alpha == 1 ? product : try op(.mul, product, scalar(alpha, type))
    if beta == 0 { return term }
    return try op(.add, beta == 1 ? input : op(.mul, input, scalar(beta, type)), term)
  }
}
