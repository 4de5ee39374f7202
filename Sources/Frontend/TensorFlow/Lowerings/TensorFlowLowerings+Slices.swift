import IR

extension TensorFlowLowerings {
  /// Parts of tensors, and tensors of parts.
  static let slices: OperatorTable.Family = [
    "StridedSlice": .value { try StridedSlice($0).lower() },
    "Slice": .value { try $0.slice() },
    "Split": .values { node in
      guard let count = node.node.integer("num_split"), count >= 1, count <= 1 << 16 else {
        throw ModelError(.invalidModel, "has no usable num_split")
      }
      let axis = try node.integer(0, "the axis")
      return try node.build.insert(
        .split, [try node.operand(1), nil], ["axis": .int(Int64(axis)), "num_outputs": .int(Int64(count))],
        resultCount: count)
    },
    "SplitV": .values { node in
      let x = try node.operand(0)
      var sizes = try node.integers(1, "the sizes")
      let axis = try node.axis(try node.integer(2, "the axis"), rank: try node.rank(x))
      if let open = sizes.firstIndex(of: -1) {
        guard let whole = try node.shape(x)[axis].value else { throw UnsupportedForm("a size that is not known") }
        sizes[open] = sizes.reduce(whole + -1) { $0 &- $1 }
      }
      guard !sizes.isEmpty, sizes.allSatisfy({ $0 >= 0 }) else { throw ModelError(.invalidModel, "has sizes \(sizes)") }
      return try node.build.insert(
        .split, [x, try node.build.constant(sizes)], ["axis": .int(Int64(axis))], resultCount: sizes.count)
    },
    "Unpack": .values { node in
      let x = try node.operand(0)
      guard let count = node.node.integer("num"), count >= 0, count <= 1 << 16 else {
        throw ModelError(.invalidModel, "has no usable num")
      }
      let axis = node.node.integer("axis") ?? 0
      return try (0..<count).map { index in
        try node.build(.gather, x, try node.build.constant(index), attributes: ["axis": .int(Int64(axis))])
      }
    },
    "Pack": .value { node in
      let values = try node.operands()
      let axis = node.node.integer("axis") ?? 0
      if let known = try node.packed(values) { return known }
      return try node.concat(try values.map { try node.unsqueeze($0, [axis]) }, axis: axis)
    },
    "ConcatV2": .value { node in
      try node.concat(try node.operands(dropLast: 1), axis: try node.integer(node.count - 1, "the axis"))
    },
    "Concat": .value { node in
      try node.concat(try node.operands(from: 1), axis: try node.integer(0, "the axis"))
    },
    "XlaDynamicUpdateSlice": .value { node in
      let (x, update) = (try node.operand(0), try node.operand(1))
      let begins = try node.integers(2, "the place")
      guard begins.count == (try node.rank(x)), try node.rank(update) == begins.count else {
        throw ModelError(.invalidModel, "updates other axes")
      }
      return try node.updated(x, by: update, at: begins[...])
    },
    "ParallelConcat": .value { try $0.concat(try $0.operands(), axis: 0) },
  ]
}

extension NodeContext {
  /// Integers without axes that are all known, as a vector.
  fileprivate func packed(_ values: [Value]) throws -> Value? {
    let elements = values.compactMap { $0.tensorType?.rank == 0 ? $0.contents?.knownDimensions?.first : nil }
    guard elements.count == values.count, let type = values.first?.tensorType?.elementType,
      let literal = TensorLiteral.of(elements, type, [elements.count])
    else { return nil }
    return try build.constant(literal)
  }

  /// A tensor of which a part is replaced, which begins at `begins` along its last axes.
  fileprivate func updated(_ x: Value, by update: Value, at begins: ArraySlice<Int>) throws -> Value {
    guard let begin = begins.first else { return update }
    let axis = begins.startIndex
    let (whole, part) = (try shape(x)[axis], try shape(update)[axis])
    if whole.isEqual(to: part) == true { return try updated(x, by: update, at: begins.dropFirst()) }
    guard let whole = whole.value, let part = part.value, part <= whole else {
      throw UnsupportedForm("an extent that is not known")
    }
    // XLA moves a part that reaches beyond the end.
    let start = min(max(begin, 0), whole - part)
    let middle = try slice(x, axis, from: start, to: start + part)
    var pieces = [try updated(middle, by: update, at: begins.dropFirst())]
    if start > 0 { pieces.insert(try slice(x, axis, from: 0, to: start), at: 0) }
    if start + part < whole { pieces.append(try slice(x, axis, from: start + part)) }
    return try concat(pieces, axis: axis)
  }

  fileprivate func slice() throws -> Value {
    let x = try operand(0)
    let rank = try rank(x)
    let axes = try build.constant(Array(0..<rank))
    if let begins = try knownIntegers(1), let sizes = try knownIntegers(2) {
      guard begins.count == rank, sizes.count == rank else { throw ModelError(.invalidModel, "slices other axes") }
      let ends = zip(begins, sizes).map { $1 < 0 ? Int.max : $0 &+ $1 }
      return try build(.slice, x, try build.constant(begins), try build.constant(ends), axes)
    }
    let (begins, sizes) = (try int64(try operand(1)), try int64(try operand(2)))
    let ends = try build(.add, begins, sizes)
    let negative = try build(.less, sizes, try build.constant(0))
    let open = try build(.where, negative, try build.constant(Int.max), ends)
    return try build(.slice, x, begins, open, axes)
  }
}
