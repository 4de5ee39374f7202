import IR

extension TensorFlowLowerings {
  /// Products of matrices, and what is about matrices.
  static let products: OperatorTable.Family = [
    "MatMul": .value { node in
      try node.product(node.node.flag("transpose_a"), node.node.flag("transpose_b"))
    },
    "SparseMatMul": .value { node in
      guard try node.operands().allSatisfy({ try node.elementType($0) == .float32 }) else {
        throw UnsupportedForm("numbers of less than single precision")
      }
      return try node.product(node.node.flag("transpose_a"), node.node.flag("transpose_b"))
    },
    "BatchMatMul": batched, "BatchMatMulV2": batched, "BatchMatMulV3": batched,
    "Einsum": .value { node in
      guard let equation = node.node.text("equation") else { throw ModelError(.invalidModel, "has no equation") }
      guard let result = try node.build.insert(.einsum, node.operands(), ["equation": .string(equation)]).first else {
        throw UnsupportedForm("it has no result")
      }
      return result
    },
    "BiasAdd": .value { node in
      let x = try node.operand(0)
      var bias = try node.operand(1)
      if node.node.text("data_format")?.text.hasPrefix("NC") ?? false {
        bias = try node.unsqueeze(bias, Array(1..<max(try node.rank(x) - 1, 1)))
      }
      return try node.build(.add, x, bias)
    },
    "BiasAddV1": binary(.add),
    "MatrixBandPart": .value { try $0.band() },
  ]

  private static let batched = NodeLowering.value { node in
    let (transposesLeft, transposesRight) = (node.node.flag("adj_x"), node.node.flag("adj_y"))
    guard let type = node.node.typeNumber("Tout"), type != node.node.typeNumber("Ta") else {
      return try node.product(transposesLeft, transposesRight)
    }
    let small: Set<ElementType> = [.int8, .uint8]
    guard try ElementType(tensorFlow: type) == .int32,
      try node.operands().allSatisfy({ small.contains(try node.elementType($0)) })
    else { throw UnsupportedForm("its result is of another type than its inputs") }
    return try node.product(transposesLeft, transposesRight, by: .matMulInteger)
  }
}

extension NodeContext {
  fileprivate func product(
    _ transposesLeft: Bool, _ transposesRight: Bool, by definition: OpDefinition = .matMul
  ) throws -> Value {
    let left = try matrix(try operand(0), transposed: transposesLeft)
    return try build(definition, left, try matrix(try operand(1), transposed: transposesRight))
  }

  private func matrix(_ value: Value, transposed: Bool) throws -> Value {
    guard transposed else { return value }
    guard !ElementTypes.complex.contains(try elementType(value)) else { throw UnsupportedForm("complex numbers") }
    var order = Array(0..<(try rank(value)))
    guard order.count >= 2 else { throw ModelError(.invalidModel, "multiplies a tensor of rank \(order.count)") }
    order.swapAt(order.count - 1, order.count - 2)
    return try transpose(value, order)
  }

  /// The part of matrices that lies around the diagonal.
  fileprivate func band() throws -> Value {
    let upper = try kept(of: operand(0), isUpper: false, 2)
    return try kept(of: upper, isUpper: true, 1)
  }

  /// Matrices without what is further from the diagonal than the operand `index` says: all is kept where that is negative.
  private func kept(of matrix: Value, isUpper: Bool, _ index: Int) throws -> Value {
    let attributes: Attributes = ["upper": .int(isUpper ? 1 : 0)]
    if let distance = try knownIntegers(index)?.first {
      guard distance >= 0 else { return matrix }
      return try build(.trilu, matrix, try build.constant(isUpper ? -distance : distance), attributes: attributes)
    }
    let given = try reshape(try int64(try operand(index)), [])
    let isOpen = try build(.less, given, try build.constant(0))
    let distance = try build(.where, isOpen, try build.constant(Self.farthest), given)
    return try build(.trilu, matrix, isUpper ? try build(.neg, distance) : distance, attributes: attributes)
  }

  /// Further from the diagonal than any element.
  private static let farthest = 1 << 31
}
