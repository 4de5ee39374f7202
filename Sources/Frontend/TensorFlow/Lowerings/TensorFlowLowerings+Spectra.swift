import IR

extension TensorFlowLowerings {
  /// Fourier transforms, and what becomes real numbers of complex ones. Those are pairs along a last axis more.
  static let spectra: OperatorTable.Family = [
    "RFFT": complex { node in
      let x = try node.lengthened(try node.operand(0))
      return try node.transform(try node.unsqueeze(x, [try node.rank(x)]), ["onesided": .int(1)])
    },
    "RFFT2D": complex { node in
      let x = try node.lengthened(try node.operand(0), axes: 2)
      let rows = try node.transform(try node.unsqueeze(x, [try node.rank(x)]), ["onesided": .int(1)])
      return try node.transform(rows, [:], axis: 1)
    },
    "FFT": transform(axes: 1, [:]), "FFT2D": transform(axes: 2, [:]), "FFT3D": transform(axes: 3, [:]),
    "IFFT": transform(axes: 1, inverse), "IFFT2D": transform(axes: 2, inverse), "IFFT3D": transform(axes: 3, inverse),
    "IRFFT": .value { try $0.realTransform(try $0.pairs(0)) },
    "IRFFT2D": .value { node in
      let pairs = try node.pairs(0)
      guard let rows = try node.integers(1, "the length").first,
        try node.shape(pairs).dropLast(2).last?.value == rows
      else { throw UnsupportedForm("rows that are cut off or added") }
      return try node.realTransform(try node.transform(pairs, inverse, axis: 1))
    },
    "Complex": complex { node in
      var (real, imaginary) = (try node.operand(0), try node.operand(1))
      if try node.shape(real) != node.shape(imaginary) || node.shape(real).contains(where: \.isUnknown) {
        real = try node.build(.expand, real, try node.shapeValue(imaginary))
        imaginary = try node.build(.expand, imaginary, try node.shapeValue(real))
      }
      return try node.pairs(real, imaginary)
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

  private static let inverse: Attributes = ["inverse": .int(1)]

  private static func transform(axes: Int, _ attributes: Attributes) -> NodeLowering {
    complex { node in
      try (0..<axes).reduce(try node.pairs(0)) { try node.transform($0, attributes, axis: $1) }
    }
  }

  /// An operator whose result are complex numbers.
  static func complex(_ lower: @escaping @Sendable (NodeContext) throws -> Value) -> NodeLowering {
    NodeLowering(outputs: nil) { [.complex(try lower($0))] }
  }
}

extension NodeContext {
  /// The complex numbers of an operand, or those that a constant of such has.
  func pairs(_ index: Int) throws -> Value {
    guard operands.indices.contains(index) else { throw ModelError(.invalidModel, "has no input \(index)") }
    switch operands[index] {
    case .complex(let pairs): return pairs
    case .tensor(let value):
      guard let literal = value.literal, let part = part(ofComplex: literal.elementType) else { break }
      guard case .splat(let element) = literal.source else {
        return try build.constant(TensorLiteral(part, literal.dimensions + [2], literal.source))
      }
      let pair = try build.constant(TensorLiteral(part, [2], bytes: element))
      return literal.dimensions.isEmpty
        ? pair : try build(.expand, pair, try build.constant(literal.dimensions + [2]))
    case .resource, .list, .unsupported: break
    }
    throw UnsupportedForm("complex numbers that no transform made")
  }

  /// Complex numbers of their parts, which have one shape.
  func pairs(_ real: Value, _ imaginary: Value) throws -> Value {
    try concat(try [real, imaginary].map { try unsqueeze($0, [try rank($0)]) }, axis: -1)
  }

  /// The type of the parts of complex numbers; `nil` for a type of others.
  func part(ofComplex type: ElementType) -> ElementType? {
    switch type {
    case .complex64: .float32
    case .complex128: .float64
    default: nil
    }
  }

  /// The real parts of an operand's complex numbers, or with 1 the imaginary ones.
  func part(ofPairs index: Int, of operand: Int = 0) throws -> Value {
    try build(.gather, try pairs(operand), try build.constant(index), attributes: ["axis": .int(-1)])
  }

  /// The transform of an axis.
  ///
  /// - Parameter axis: counted from the last one but that of the pairs.
  fileprivate func transform(_ pairs: Value, _ attributes: Attributes, axis: Int = 0) throws -> Value {
    // Runtimes want the axis from the front, and one before it.
    let rank = try rank(pairs)
    guard rank >= 2 + axis else { throw ModelError(.invalidModel, "transforms a scalar") }
    let rows = rank == 2 ? try unsqueeze(pairs, [0]) : pairs
    let result = try build(.dft, rows, nil, try build.constant(max(rank - 2, 1) - axis), attributes: attributes)
    return rank == 2 ? try squeeze(result, [0]) : result
  }

  /// The real numbers whose transform's first half is given: the other half is its mirror image.
  fileprivate func realTransform(_ pairs: Value) throws -> Value {
    let lengths = try integers(1, "the length")
    guard let length = lengths.last, length > 0 else {
      throw ModelError(.invalidModel, "transforms \(lengths) elements")
    }
    let axis = try rank(pairs) - 2
    guard axis >= 0, let extent = try shape(pairs)[axis].value, extent == length / 2 + 1 else {
      throw UnsupportedForm("rows that are cut off or added")
    }
    let mirrored = try reversed(try part(pairs, 1, length / 2 + length % 2, axis: axis), [axis])
    let signs = try cast(try build.constant(TensorLiteral(float32s: [1, -1], [2])), try elementType(pairs))
    let all = try concat([pairs, try build(.mul, mirrored, signs)], axis: axis)
    let result = try transform(all, ["inverse": .int(1)])
    return try build(.gather, result, try build.constant(0), attributes: ["axis": .int(-1)])
  }

  /// The last axes of a tensor, cut off or with zeros behind them, as long as the transform is to be.
  fileprivate func lengthened(_ value: Value, axes: Int = 1) throws -> Value {
    let lengths = try integers(1, "the length")
    guard lengths.count == axes, lengths.allSatisfy({ $0 > 0 }) else {
      throw ModelError(.invalidModel, "transforms \(lengths) elements")
    }
    let rank = try rank(value)
    guard rank >= axes else { throw ModelError(.invalidModel, "transforms a tensor of rank \(rank)") }
    var result = value
    for (axis, length) in zip(rank - axes..<rank, lengths) {
      guard let extent = try shape(value)[axis].value else { throw UnsupportedForm("rows whose length varies") }
      if extent > length { result = try part(result, 0, length, axis: axis) }
      guard extent < length else { continue }
      var pads = Array(repeating: 0, count: 2 * rank)
      pads[rank + axis] = length - extent
      result = try build(.pad, result, try build.constant(pads))
    }
    return result
  }
}
