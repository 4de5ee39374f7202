import IR

extension Lowering {
  /// Products and quotients of complex numbers.
  static let complexProducts: [String: Lowering] = [
    "aten.mul": .one { try $0.complexProduct($0.parts($0.firstName), $0.parts("other"), .mul) },
    "aten.matmul": .one { try $0.complexProduct($0.parts($0.firstName), $0.parts("other"), .matMul) },
    "aten.mm": .one { try $0.complexProduct($0.parts($0.firstName), $0.parts("mat2"), .matMul) },
    "aten.bmm": .one { try $0.complexProduct($0.parts($0.firstName), $0.parts("mat2"), .matMul) },
    "aten.square": .one { try $0.complexProduct($0.parts($0.firstName), $0.parts($0.firstName), .mul) },
    "aten.div": .one { try $0.complexQuotient() }, "aten.true_divide": .one { try $0.complexQuotient() },
    "aten.reciprocal": .one { call in
      let (real, imaginary) = try call.parts(call.firstName)
      let one = try call.scalar(1, call.elementType(real))
      return try call.complexQuotient((one, nil), (real, imaginary))
    },
    "aten.einsum": .one { try $0.complexEinsum() },
    "aten.addmm": .one { call in
      guard try ["alpha", "beta"].allSatisfy({ try call.argument($0) == nil || Call.isOne(call.operand($0)) }) else {
        throw UnsupportedForm("scales complex numbers")
      }
      return try call.op(
        .add, call.pairs(call.firstName), call.complexProduct(call.parts("mat1"), call.parts("mat2"), .matMul))
    },
    "aten.linear": .one { call in
      var weight = try call.parts("weight")
      weight = try (call.transpose(weight.real, 0, 1), weight.imaginary.map { try call.transpose($0, 0, 1) })
      let product = try call.complexProduct(call.parts("input"), weight, .matMul)
      guard call.argument("bias") != nil else { return product }
      return try call.op(.add, product, call.pairs("bias"))
    },
  ]
}

extension Call {
  /// (a + bi)(c + di), of matrices too.
  fileprivate func complexProduct(
    _ a: (real: Value, imaginary: Value?), _ b: (real: Value, imaginary: Value?), _ product: OpDefinition
  ) throws -> Value {
    try complexProduct(a, b) { try op(product, $0, $1) }
  }

  private func complexProduct(
    _ a: (real: Value, imaginary: Value?), _ b: (real: Value, imaginary: Value?),
    _ product: (Value, Value) throws -> Value
  ) throws -> Value {
    let real = try product(a.real, b.real)
    switch (a.imaginary, b.imaginary) {
    case (nil, nil): return try paired(real, op(.sub, real, real))
    case (let imaginary?, nil): return try paired(real, product(imaginary, b.real))
    case (nil, let imaginary?): return try paired(real, product(a.real, imaginary))
    case (let x?, let y?):
      return try paired(
        op(.sub, real, product(x, y)), op(.add, product(a.real, y), product(x, b.real)))
    }
  }

  fileprivate func complexQuotient() throws -> Value {
    guard argument("rounding_mode") == nil else { throw UnsupportedForm("is of complex numbers") }
    return try complexQuotient(parts(firstName), parts("other"))
  }

  fileprivate func complexQuotient(
    _ a: (real: Value, imaginary: Value?), _ b: (real: Value, imaginary: Value?)
  ) throws -> Value {
    guard let imaginary = b.imaginary else {
      let real = try op(.div, a.real, b.real)
      return try paired(real, a.imaginary.map { try op(.div, $0, b.real) } ?? op(.sub, real, real))
    }
    let square = try op(.add, op(.mul, b.real, b.real), op(.mul, imaginary, imaginary))
    let inverse = (real: try op(.div, b.real, square), imaginary: try op(.neg, op(.div, imaginary, square)))
    return try complexProduct(a, inverse, .mul)
  }

  /// A sum over the axes of one factor or of two.
  fileprivate func complexEinsum() throws -> Value {
    guard case .tensors(let names)? = argument("tensors"), (1...2).contains(names.count) else {
      throw UnsupportedForm("is of more than two complex factors")
    }
    let equation = try optionalString("equation") ?? ""
    let attributes: Attributes = ["equation": .string(ByteString(equation.filter { $0 != " " }))]
    func sum(_ factors: [Value]) throws -> Value {
      guard let result = try ops(.einsum, factors, attributes).first else {
        throw ModelError(.internalFailure, "a sum without a result")
      }
      return result
    }
    let (real, imaginary) = (try part(0).optionalValues("tensors"), try part(1).optionalValues("tensors"))
    var factors: [(real: Value, imaginary: Value?)] = []
    for (index, name) in names.enumerated() {
      guard let name, let real = real[index], let imaginary = imaginary[index],
        case .tensor(let tensor) = try lowering.binding(name)
      else { throw ModelError(.invalidModel, "sums what is no tensor") }
      factors.append(try tensor.isComplex ? (real, imaginary) : (cast(real, to: partType()), nil))
    }
    guard factors.count == 2 else {
      guard let imaginary = factors[0].imaginary else { throw UnsupportedForm("makes complex numbers of real ones") }
      return try paired(sum([factors[0].real]), sum([imaginary]))
    }
    return try complexProduct(factors[0], factors[1]) { try sum([$0, $1]) }
  }
}
