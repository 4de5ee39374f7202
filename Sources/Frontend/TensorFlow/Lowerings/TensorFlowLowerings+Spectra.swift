import IR

extension TensorFlowLowerings {
  /// Fourier transforms, and what becomes real numbers of complex ones. Those are pairs along a last axis more, which no
  /// other operator takes.
  static let spectra: OperatorTable.Family = [
    "RFFT": complex { node in
      let x = try node.lengthened(try node.operand(0))
      return try node.transform(try node.unsqueeze(x, [try node.rank(x)]), ["onesided": .int(1)])
    },
    "FFT": complex { try $0.transform(try $0.pairs(0), [:]) },
    "IFFT": complex { try $0.transform(try $0.pairs(0), ["inverse": .int(1)]) },
    "Complex": complex { node in
      let parts = try [0, 1].map { index in
        let part = try node.operand(index)
        return try node.unsqueeze(part, [try node.rank(part)])
      }
      return try node.concat(parts, axis: -1)
    },
    "Conj": complex { node in
      let pairs = try node.pairs(0)
      let signs = try node.build.constant(try TensorLiteral(float32s: [1, -1], [2]))
      return try node.build(.mul, pairs, try node.cast(signs, try node.elementType(pairs)))
    },
    "Real": .value { try $0.part(ofPairs: 0) }, "Imag": .value { try $0.part(ofPairs: 1) },
    "ComplexAbs": .value { node in
      let last = try node.build.constant([-1])
      return try node.build(.reduceL2, try node.pairs(0), last, attributes: ["keepdims": .int(0)])
    },
    "Angle": .value { try $0.arcTangent(try $0.part(ofPairs: 1), try $0.part(ofPairs: 0)) },
  ]

  private static func complex(_ lower: @escaping @Sendable (NodeContext) throws -> Value) -> NodeLowering {
    NodeLowering(outputs: nil) { [.complex(try lower($0))] }
  }
}

extension NodeContext {
  fileprivate func pairs(_ index: Int) throws -> Value {
    guard operands.indices.contains(index), case .complex(let pairs) = operands[index] else {
      throw UnsupportedForm("complex numbers that no transform made")
    }
    return pairs
  }

  fileprivate func part(ofPairs index: Int) throws -> Value {
    try build(.gather, try pairs(0), try build.constant(index), attributes: ["axis": .int(-1)])
  }

  /// The transform of the last axis but that of the pairs.
  fileprivate func transform(_ pairs: Value, _ attributes: Attributes) throws -> Value {
    // Runtimes want the axis from the front, and one before it.
    let rank = try rank(pairs)
    guard rank >= 2 else { throw ModelError(.invalidModel, "transforms a scalar") }
    let rows = rank == 2 ? try unsqueeze(pairs, [0]) : pairs
    let axis = try build.constant(max(rank - 2, 1))
    let result = try build(.dft, rows, nil, axis, attributes: attributes)
    return rank == 2 ? try squeeze(result, [0]) : result
  }

  /// The rows of a tensor, cut off or with zeros behind them, as long as the transform is to be.
  fileprivate func lengthened(_ value: Value) throws -> Value {
    let length = try integers(1, "the length")
    guard length.count == 1, length[0] > 0 else { throw ModelError(.invalidModel, "transforms \(length) elements") }
    let rank = try rank(value)
    guard rank >= 1, let extent = try shape(value).last?.value else {
      throw UnsupportedForm("rows whose length varies")
    }
    if extent > length[0] { return try part(value, 0, length[0], axis: rank - 1) }
    guard extent < length[0] else { return value }
    let pads = Array(repeating: 0, count: 2 * rank - 1) + [length[0] - extent]
    return try build(.pad, value, try build.constant(pads))
  }
}
