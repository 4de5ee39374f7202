import IR

extension Lowering {
  /// Elements and slices replaced at indices.
  static let scattering: [String: Lowering] = [
    "aten.index_put": .one { try $0.indexPut() },
    "aten._unsafe_index_put": .one { try $0.indexPut() },
    "aten.scatter.src": scatter(reduction: nil), "aten.scatter.value": scatter(reduction: nil),
    "aten.scatter_add": scatter(reduction: "add"),
    "aten.scatter.reduce": .one { try $0.scattered($0.reduction("reduce")) },
    "aten.scatter.value_reduce": .one { try $0.scattered($0.reduction("reduce")) },
    "aten.scatter_reduce.two": .one { try $0.scatterReduced() },
    "aten.index_reduce": .one { try $0.indexReduced() },
    "aten.put": .one { try $0.put() },
    "aten.select_scatter": .one { call in
      let input = try call.input()
      let axis = try call.axis("dim", rank: call.rank(input))
      let position = try call.gathered(call.positions(input, axis), 0, call.extent("index"))
      return try call.replacing(input, axis, position, by: call.unsqueeze(call.value("src"), [axis]))
    },
    "aten.slice_scatter": .one { call in
      let input = try call.input()
      let axis = try call.axis("dim", default: 0, rank: call.rank(input))
      let positions = try call.sliced(call.positions(input, axis), axis: 0)
      return try call.replacing(input, axis, positions, by: call.value("src"))
    },
    "aten.max_unpool2d": .one { try $0.unpooled(2) }, "aten.max_unpool3d": .one { try $0.unpooled(3) },
    "aten.index_add": .one { try $0.indexed(reduction: "add", by: "source") },
    "aten.index_copy": .one { try $0.indexed(reduction: nil, by: "source") },
    "aten.index_fill": .one { call in
      let input = try call.input()
      let rank = try call.rank(input)
      let axis = try call.axis("dim", rank: rank)
      let index = try call.vector(call.value("index"))
      let slices = try call.op(.gather, input, index, attributes: ["axis": .int(Int64(axis))])
      let fill = try call.materialize(call.operand("value"), call.elementType(input))
      return try call.replacing(input, axis, index, by: call.like(slices, fill))
    },
  ]

  private static func scatter(reduction: ByteString?) -> Lowering { .one { try $0.scattered(reduction) } }
}

extension Call {
  fileprivate func reduction(_ name: String) throws -> ByteString? {
    let names: [String: ByteString] = [
      "sum": "add", "add": "add", "prod": "mul", "multiply": "mul", "amax": "max", "amin": "min",
    ]
    let name = try optionalString(name) ?? ""
    guard let reduction = names[name] else { throw UnsupportedForm("reduces by '\(name)'") }
    return reduction
  }

  /// What is scattered: an element at each index along an axis.
  private struct Scatter {
    let axis: Int
    let index: Value
    let updates: Value

    func attributes(_ reduction: ByteString?) -> Attributes {
      var attributes: Attributes = ["axis": .int(Int64(axis))]
      if let reduction { attributes["reduction"] = .string(reduction) }
      return attributes
    }
  }

  /// What the operands `dim`, `index` and `src` or `value` say.
  private func scatter() throws -> Scatter {
    let input = try input()
    let index = try cast(value("index"), to: .int64)
    let type = try elementType(input)
    var updates: Value
    if argument("value") != nil {
      updates = try op(.expand, materialize(operand("value"), type), shapeOperand(of: index))
    } else {
      updates = try value("src")
      // Of the elements only as many are used as there are indices.
      let (wanted, given) = (try shape(index), try shape(updates))
      for (axis, (a, b)) in zip(wanted, given).enumerated() where a.isEqual(to: b) != true {
        updates = try op(.slice, updates, constant([0]), vector(extent(of: index, axis)), constant([axis]))
      }
    }
    return Scatter(axis: try axis("dim", rank: rank(input)), index: index, updates: try cast(updates, to: type))
  }

  fileprivate func scattered(_ reduction: ByteString?) throws -> Value {
    let scatter = try scatter()
    return try op(
      .scatterElements, input(), scatter.index, scatter.updates, attributes: scatter.attributes(reduction))
  }

  fileprivate func scatterReduced() throws -> Value { try reduced(scatter()) }

  /// The slices of `source` reduced with those at `index`.
  fileprivate func indexReduced() throws -> Value {
    let input = try input()
    let (rank, source) = (try rank(input), try cast(value("source"), to: elementType(input)))
    guard rank > 0 else { throw UnsupportedForm("has an operand without axes") }
    let axis = try axis("dim", rank: rank)
    let column = try unsqueeze(cast(vector(value("index")), to: .int64), (0..<rank).filter { $0 != axis })
    let index = try op(.expand, column, shapeOperand(of: source))
    return try reduced(Scatter(axis: axis, index: index, updates: source))
  }

  /// The elements at indices reduced together, with what was there or without.
  private func reduced(_ scatter: Scatter) throws -> Value {
    let input = try input()
    let type = try elementType(input)
    let name = try optionalString("reduce") ?? ""
    let includesSelf = try bool("include_self", default: true)
    /// `target` with one number wherever an index points.
    func marked(_ target: Value, _ number: Value, _ reduction: ByteString? = nil) throws -> Value {
      let numbers = try op(.expand, number, shapeOperand(of: scatter.index))
      return try op(.scatterElements, target, scatter.index, numbers, attributes: scatter.attributes(reduction))
    }
    func scattered(_ reduction: ByteString?, into base: Value) throws -> Value {
      try op(.scatterElements, base, scatter.index, scatter.updates, attributes: scatter.attributes(reduction))
    }
    let neutral: [String: Double] = ["sum": 0, "mean": 0, "prod": 1, "amax": -.infinity, "amin": .infinity]
    guard let start = neutral[name] else { throw UnsupportedForm("reduces by '\(name)'") }
    guard includesSelf || type.isFloat || start.isFinite else {
      throw UnsupportedForm("leaves out the old elements, which are integers")
    }
    let base = try includesSelf ? input : marked(input, scalar(start, type))
    guard name == "mean" else { return try scattered(reduction("reduce"), into: base) }
    let sum = try scattered("add", into: base)
    let one = try scalar(1, type)
    let counts = try marked(like(input, includesSelf ? one : scalar(0, type)), one, "add")
    return try type.isFloat
      ? op(.div, sum, op(.max, counts, one)) : floorQuotient(.tensor(sum), .tensor(op(.max, counts, one)))
  }

  /// Elements put at places of all elements in a row.
  fileprivate func put() throws -> Value {
    let input = try input()
    let index = try reshape(cast(value("index"), to: .int64), [-1])
    let updates = try reshape(cast(value("source"), to: elementType(input)), [-1])
    let adds = try bool("accumulate", default: false)
    let result = try op(
      .scatterElements, reshape(input, [-1]), index, updates,
      attributes: Scatter(axis: 0, index: index, updates: updates).attributes(adds ? "add" : nil))
    return try reshape(result, extents(of: input))
  }

  fileprivate func indexed(reduction: ByteString?, by name: String) throws -> Value {
    let input = try input()
    let axis = try axis("dim", rank: rank(input))
    let indices = try unsqueeze(vector(value("index")), [1])
    var source = try cast(value(name), to: elementType(input))
    if let alpha = try optionalOperand("alpha"), !Self.isOne(alpha) {
      source = try op(.mul, source, materialize(alpha, elementType(input)))
    }
    let result = try op(
      .scatterND, transpose(input, 0, axis), indices, transpose(source, 0, axis),
      attributes: reduction.map { ["reduction": .string($0)] } ?? [:])
    return try transpose(result, 0, axis)
  }

  /// Each element at its place in a plane of zeros.
  fileprivate func unpooled(_ axes: Int) throws -> Value {
    let (input, size) = (try input(), try extents("output_size"))
    let outer = try Array(extents(of: input).dropLast(axes))
    guard size.count == axes, try rank(input) >= axes else {
      throw ModelError(.invalidModel, "has sizes of other axes")
    }
    let plane = try outer + [product(size)]
    let zeros = try op(
      .constantOfShape, shapeOperand(plane),
      attributes: ["value": .tensor(TensorLiteral.filled(0, elementType(input), [1]))])
    let flat = outer + [.known(-1)]
    let written = try op(
      .scatterElements, zeros, reshape(cast(value("indices"), to: .int64), flat), reshape(input, flat),
      attributes: ["axis": .int(Int64(outer.count))])
    return try reshape(written, outer + size)
  }

  fileprivate func indexPut() throws -> Value {
    let input = try input()
    let adds = try bool("accumulate", default: false)
    let values = try cast(value("values"), to: elementType(input))
    // One element wherever a mask holds.
    let masks = try optionalValues("indices")
    if masks.count == 1, let mask = masks[0], try elementType(mask) == .bool, try rank(values) == 0, !adds {
      let missing = try rank(input) - rank(mask)
      let rank = try rank(mask)
      return try op(.where, unsqueeze(mask, Array(rank..<rank + missing)), values, input)
    }
    guard let joined = try joinedIndices(input) else { return try like(input, values) }
    let old = try op(.gather, joined.data, joined.positions, attributes: ["axis": .int(Int64(joined.axis))])
    var updates = try like(old, values)
    // The axis that is written goes first, and in the updates those of the positions.
    let (rank, width) = (try rank(joined.data), try self.rank(joined.positions))
    let before = Array(0..<joined.axis)
    let order = [joined.axis] + (0..<rank).filter { $0 != joined.axis }
    updates = try transpose(
      updates, Array(joined.axis..<joined.axis + width) + before + Array(joined.axis + width..<rank - 1 + width))
    let extent = try element(vector(self.extent(of: joined.data, joined.axis)))
    let positions = try unsqueeze(op(.mod, joined.positions, extent), [width])
    let written = try op(
      .scatterND, transpose(joined.data, order), positions, updates,
      attributes: adds ? ["reduction": .string("add")] : [:])
    let back = (0..<rank).map { axis in order.firstIndex(of: axis) ?? axis }
    let extents = try joined.order.map { try self.extent(of: input, $0) }
    let restored = try reshape(transpose(written, back), extents)
    return try transpose(restored, extents.indices.map { axis in joined.order.firstIndex(of: axis) ?? axis })
  }
}
