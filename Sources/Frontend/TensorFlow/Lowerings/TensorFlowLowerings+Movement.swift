import IR

extension TensorFlowLowerings {
  /// What moves elements, and what pads.
  static let movement: OperatorTable.Family = [
    "Transpose": transposition, "ConjugateTranspose": transposition,
    "ReverseV2": .value { node in
      try node.reversed(try node.operand(0), try node.integers(1, "the axes"))
    },
    "Reverse": .value { node in
      let flags = try node.integers(1, "the axes")
      return try node.reversed(try node.operand(0), flags.indices.filter { flags[$0] != 0 })
    },
    "ReverseSequence": .value { node in
      let x = try node.operand(0)
      let rank = try node.rank(x)
      let time = try node.axis(node.node.integer("seq_dim") ?? 0, rank: rank)
      let batch = try node.axis(node.node.integer("batch_dim") ?? 0, rank: rank)
      guard time != batch else { throw ModelError(.invalidModel, "has the same axis twice") }
      // ONNX has these axes in front.
      let order = time + batch == 1 ? Array(0..<rank) : [batch, time] + (0..<rank).filter { $0 != batch && $0 != time }
      let first = time == 0 && batch == 1
      let reversed = try node.build(
        .reverseSequence, try node.transpose(x, order), try node.int64(try node.operand(1)),
        attributes: ["time_axis": .int(first ? 0 : 1), "batch_axis": .int(first ? 1 : 0)])
      return try node.transpose(reversed, (0..<rank).map { axis in order.firstIndex(of: axis) ?? axis })
    },
    "Roll": .value { node in
      var x = try node.operand(0)
      let shifts = try node.knownIntegers(1)
      for (place, axis) in try node.integers(2, "the axis").enumerated() {
        let axis = try node.axis(axis, rank: try node.rank(x))
        if let shift = shifts?.dropFirst(place).first, let extent = try node.shape(x)[axis].value {
          x = try node.rolled(x, shift, axis, extent)
        } else {
          let all = try node.reshape(try node.int64(try node.operand(1)), [-1])
          x = try node.rolled(x, by: try node.part(all, place, place + 1, axis: 0), axis)
        }
      }
      return x
    },
    "Pad": .value { node in
      try node.build(.pad, try node.operand(0), try node.padding(1), attributes: ["mode": .string("constant")])
    },
    "PadV2": .value { node in
      try node.build(
        .pad, try node.operand(0), try node.padding(1), try node.operand(2), attributes: ["mode": .string("constant")])
    },
    "MirrorPad": .value { node in
      if node.node.text("mode") == "SYMMETRIC" { return try node.symmetricallyPadded() }
      return try node.build(
        .pad, try node.operand(0), try node.padding(1), attributes: ["mode": .string("reflect")])
    },
  ]

  private static let transposition = NodeLowering.value { node in
    let x = try node.operand(0)
    let order = try node.integers(1, "the order").map { try node.axis($0, rank: try node.rank(x)) }
    return try node.transpose(x, order)
  }
}

extension NodeContext {
  /// The tensor with its elements in the other order along axes.
  func reversed(_ value: Value, _ axes: [Int]) throws -> Value {
    if axes.isEmpty { return value }
    func all(_ number: Int) throws -> Value { try build.constant(axes.map { _ in number }) }
    return try build(.slice, value, try all(Int.max), try all(Int.min), try build.constant(axes), try all(-1))
  }

  /// A range along an axis.
  func part(_ value: Value, _ start: Int, _ end: Int, axis: Int) throws -> Value {
    try build(
      .slice, value, try build.constant([start]), try build.constant([end]), try build.constant([axis]))
  }

  fileprivate func rolled(_ value: Value, _ shift: Int, _ axis: Int, _ extent: Int) throws -> Value {
    guard extent > 0 else { return value }
    let cut = ((-shift % extent) + extent) % extent
    guard cut != 0 else { return value }
    return try concat([try part(value, cut, Int.max, axis: axis), try part(value, 0, cut, axis: axis)], axis: axis)
  }

  /// The same where the shift, a vector of one number, or the extent varies.
  fileprivate func rolled(_ value: Value, by shift: Value, _ axis: Int) throws -> Value {
    let extent = try build(
      .max, try part(try shapeValue(value), axis, axis + 1, axis: 0), try build.constant([1]))
    let cut = try build(.mod, try build(.neg, shift), extent)
    let axes = try build.constant([axis])
    return try concat(
      [
        try build(.slice, value, cut, try build.constant([Int.max]), axes),
        try build(.slice, value, try build.constant([0]), cut, axes),
      ], axis: axis)
  }

  /// All that goes before each axis, then all that goes behind, of a table with a row an axis.
  fileprivate func padding(_ index: Int) throws -> Value {
    if let known = try knownIntegers(index) {
      guard known.count.isMultiple(of: 2) else { throw ModelError(.invalidModel, "has \(known.count) paddings") }
      return try build.constant(
        stride(from: 0, to: known.count, by: 2).map { known[$0] }
          + stride(from: 1, to: known.count, by: 2).map { known[$0] })
    }
    let rows = try int64(try operand(index))
    return try reshape(try transpose(rows, [1, 0]), [-1])
  }

  /// Pads with the elements at the border mirrored, the outermost too, which ONNX cannot say.
  fileprivate func symmetricallyPadded() throws -> Value {
    var result = try operand(0)
    let paddings = try integers(1, "the paddings")
    for axis in 0..<paddings.count / 2 {
      let (before, after) = (paddings[2 * axis], paddings[2 * axis + 1])
      guard before > 0 || after > 0 else { continue }
      var parts = [result]
      if before > 0 { parts.insert(try reversed(try part(result, 0, before, axis: axis), [axis]), at: 0) }
      if after > 0 { parts.append(try reversed(try part(result, -after, Int.max, axis: axis), [axis])) }
      result = try concat(parts, axis: axis)
    }
    return result
  }
}
