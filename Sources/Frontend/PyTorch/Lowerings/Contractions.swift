import IR

extension Lowering {
  /// Products of matrices.
  static let contractions: [String: Lowering] = [
    "aten.linear": .one { try $0.linear($0.value("input"), $0.value("weight"), $0.optionalValue("bias")) },
    "aten.matmul": .one { try $0.op(.matMul, $0.input(), $0.value("other")) },
    "aten.mm": .one { try $0.op(.matMul, $0.input(), $0.value("mat2")) },
    "aten.bmm": .one { try $0.op(.matMul, $0.input(), $0.value("mat2")) },
    "aten.mv": .one { try $0.op(.matMul, $0.input(), $0.value("vec")) },
    "aten.dot": .one { try $0.op(.matMul, $0.input(), $0.value("tensor")) },
    "aten.vdot": .one { try $0.op(.matMul, $0.input(), $0.value("other")) },
    "aten.inner": .one { try $0.op(.matMul, $0.input(), $0.transpose($0.value("other"), 0, 1)) },
    "aten.outer": outer, "aten.ger": outer,
    "aten.addmm": .one { call in
      let (a, b) = (try call.value("mat1"), try call.value("mat2"))
      return try call.op(
        .gemm, a, b, call.input(),
        attributes: ["alpha": .float(call.single("alpha", 1)), "beta": .float(call.single("beta", 1))])
    },
    "aten.addmv": .one { call in
      try call.scaledSum(call.op(.matMul, call.value("mat"), call.value("vec")))
    },
    "aten.baddbmm": .one { call in
      try call.scaledSum(call.op(.matMul, call.value("batch1"), call.value("batch2")))
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
    "aten.tensordot": .one { try $0.contracted() },
    "aten.bilinear": .one { call in
      let product = try call.ops(
        .einsum, [call.value("input1"), call.value("weight"), call.value("input2")],
        ["equation": .string("...i,oij,...j->...o")])[0]
      guard let bias = try call.optionalValue("bias") else { return product }
      return try call.op(.add, product, bias)
    },
  ]

  private static let outer = Lowering.one { call in
    let (a, b) = (try call.input(), try call.value("vec2"))
    return try call.op(.mul, call.unsqueeze(a, [1]), call.unsqueeze(b, [0]))
  }
}

extension Call {
  /// `input * weight^T + bias`.
  func linear(_ input: Value, _ weight: Value, _ bias: Value?) throws -> Value {
    if try rank(weight) == 1 { return try op(.matMul, input, weight) }
    if try rank(input) == 2, let bias {
      return try op(.gemm, input, weight, bias, attributes: ["transB": .int(1)])
    }
    let product = try op(.matMul, input, transpose(weight, 0, 1))
    guard let bias else { return product }
    return try op(.add, product, bias)
  }

  /// The sum over pairs of axes: a product of matrices, the other axes joined on either side.
  fileprivate func contracted() throws -> Value {
    let (a, b) = (try input(), try value("other"))
    let left = try ints("dims_self").map { try axis($0, rank: rank(a)) }
    let right = try ints("dims_other").map { try axis($0, rank: rank(b)) }
    guard left.count == right.count else { throw ModelError(.invalidModel, "pairs \(left) with \(right)") }
    let rows = try (0..<rank(a)).filter { !left.contains($0) }
    let columns = try (0..<rank(b)).filter { !right.contains($0) }
    let inner = try product(left.map { try extent(of: a, $0) })
    let x = try reshape(transpose(a, rows + left), [.known(-1), inner])
    let y = try reshape(transpose(b, right + columns), [inner, .known(-1)])
    let result = try rows.map { try extent(of: a, $0) } + columns.map { try extent(of: b, $0) }
    return try reshape(op(.matMul, x, y), result)
  }

  /// `beta * self + alpha * product`.
  fileprivate func scaledSum(_ product: Value) throws -> Value {
    let (alpha, beta) = (try float("alpha", default: 1), try float("beta", default: 1))
    let type = try elementType(product)
    let term = alpha == 1 ? product : try op(.mul, product, scalar(alpha, type))
    if beta == 0 { return term }
    let input = try input()
    return try op(.add, beta == 1 ? input : op(.mul, input, scalar(beta, type)), term)
  }
}
