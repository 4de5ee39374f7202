import IR

extension Lowering {
  /// Elements and slices at indices.
  static let gathering: [String: Lowering] = [
    "aten.embedding": .one { try $0.op(.gather, $0.value("weight"), $0.value("indices")) },
    "aten.index_select": .one { call in
      let input = try call.input()
      let axis = try call.axis("dim", rank: call.rank(input))
      return try call.op(
        .gather, input, call.vector(call.value("index")), attributes: ["axis": .int(Int64(axis))])
    },
    "aten.gather": .one { call in
      let input = try call.input()
      let rank = try call.rank(input)
      let index = try call.cast(call.value("index"), to: .int64)
      if rank == 0 { return try call.op(.gather, call.reshape(input, [1]), index) }
      return try call.op(
        .gatherElements, input, index, attributes: ["axis": .int(Int64(try call.axis("dim", rank: rank)))])
    },
    "aten.take_along_dim": .one { call in
      guard call.argument("dim") != nil else { throw UnsupportedForm("takes along no axis") }
      let input = try call.input()
      let axis = try call.axis("dim", rank: call.rank(input))
      let index = try call.value("indices")
      // Both are broadcast to each other but along the axis.
      let (a, b) = (try call.shape(input), try call.shape(index))
      guard a.count == b.count, zip(a, b).enumerated().allSatisfy({ $0 == axis || $1.0.isEqual(to: $1.1) == true })
      else { throw UnsupportedForm("broadcasts its indices") }
      return try call.op(.gatherElements, input, index, attributes: ["axis": .int(Int64(axis))])
    },
    "aten.take": .one { call in
      try call.op(.gather, call.reshape(call.input(), [-1]), call.value("index"))
    },
    "aten.index.Tensor": .one { try $0.indexed() },
    "aten._unsafe_index.Tensor": .one { try $0.indexed() },
    "aten._unsafe_masked_index": .one { call in
      let fill = try call.operand("fill")
      let input = try call.input()
      let elements = try call.indexed()
      let type = try call.elementType(input)
      return try call.op(.where, call.value("mask"), elements, call.materialize(fill, type))
    },
    "aten.masked_select": .one { call in
      let (input, mask) = (try call.input(), try call.value("mask"))
      let shape = try call.commonShape([input, mask])
      let (data, where_) = (try call.op(.expand, input, shape), try call.op(.expand, mask, shape))
      return try call.op(.compress, call.reshape(data, [-1]), call.reshape(where_, [-1]))
    },
    "aten.nonzero": .one { try $0.transpose($0.op(.nonZero, $0.input()), [1, 0]) },
    "aten.nonzero_numpy": .values { call in
      let input = try call.input()
      let positions = try call.op(.nonZero, input)
      return try (0..<call.rank(input)).map { try call.selected(positions, 0, .known($0)) }
    },
    "aten.argwhere": .one { try $0.transpose($0.op(.nonZero, $0.input()), [1, 0]) },
    "aten.one_hot": .one { call in
      let classes = try call.int("num_classes", default: -1)
      guard classes >= 0 else { throw UnsupportedForm("has a number of classes that depends on the data") }
      let values = try call.builder.constant(TensorLiteral(int64s: [0, 1]))
      return try call.op(.oneHot, call.input(), call.builder.constant(classes), values)
    },
    "aten.bucketize": .one { call in
      try call.bucket(call.value("boundaries"), call.value("self"))
    },
    "aten.searchsorted": .one { call in
      let boundaries = try call.value("sorted_sequence")
      guard try call.rank(boundaries) == 1, call.argument("sorter") == nil else {
        throw UnsupportedForm("searches several sequences")
      }
      return try call.bucket(boundaries, call.value("self"))
    },
  ]
}

/// Indices of some axes, as one axis: those axes of a tensor joined, and the positions there.
struct JoinedIndices {
  /// The tensor with the indexed axes joined to one at `axis`.
  let data: Value
  let axis: Int
  /// The positions along that axis.
  let positions: Value
  /// The order of the tensor's axes in which `data` has them.
  let order: [Int]
}

extension Call {
  /// Counts the boundaries before each element.
  fileprivate func bucket(_ boundaries: Value, _ values: Value) throws -> Value {
    let isRight = try bool("right", default: false) || optionalString("side") == "right"
    let type = try promoted([.tensor(boundaries), .tensor(values)])
    let each = try unsqueeze(cast(values, to: type), [rank(values)])
    let isBefore = try op(isRight ? .lessOrEqual : .less, cast(boundaries, to: type), each)
    let result = try bool("out_int32", default: false) ? ElementType.int32 : .int64
    return try reduce(.reduceSum, cast(isBefore, to: result), [rank(values)], keepsAxes: false)
  }

  /// Indices of each axis; a mask counts for as many axes as it has, each with the positions where it holds.
  private func indexLists() throws -> [Value?] {
    var lists: [Value?] = []
    for index in try optionalValues("indices") {
      guard let index else {
        lists.append(nil)
        continue
      }
      guard [.bool, .uint8].contains(try elementType(index)) else {
        lists.append(try cast(index, to: .int64))
        continue
      }
      let positions = try op(.nonZero, index)
      let rank = try rank(index)
      lists += try (0..<rank).map { try selected(positions, 0, .known($0)) }
    }
    return lists
  }

  /// The operand with the axes that are indexed joined. Negative positions count from the end.
  func joinedIndices(_ input: Value) throws -> JoinedIndices? {
    let lists = try indexLists()
    let rank = try rank(input)
    guard lists.count <= rank else { throw ModelError(.invalidModel, "indexes \(lists.count) of \(rank) axes") }
    let axes = lists.indices.filter { lists[$0] != nil }
    guard let first = axes.first, let last = axes.last else { return nil }
    let areAdjacent = last - first + 1 == axes.count
    let order = areAdjacent ? Array(0..<rank) : axes + (0..<rank).filter { !axes.contains($0) }
    let axis = areAdjacent ? first : 0
    let moved = try transpose(input, order)
    if axes.count == 1, let positions = lists[first] {
      return JoinedIndices(data: moved, axis: axis, positions: positions, order: order)
    }
    var positions: Value?
    for indexed in axes {
      guard let list = lists[indexed] else { continue }
      let extent = try extent(of: input, indexed)
      let size = try element(vector(extent))
      let isNotNegative = list.literal != nil && (list.constantIntegers?.allSatisfy { $0 >= 0 } ?? false)
      // An axis whose extent hangs on data may be empty, and nothing can be divided by 0, not even no positions.
      let mayBeEmpty = input.tensorType?.shape?[indexed] == .unknown
      let divisor = mayBeEmpty ? try op(.max, size, builder.constant(1)) : size
      let place = isNotNegative ? list : try op(.mod, list, divisor)
      positions = try positions.map { try op(.add, op(.mul, $0, size), place) } ?? place
    }
    guard let positions else { return nil }
    var extents = try order.map { try extent(of: input, $0) }
    let joined = try product(Array(extents[axis..<axis + axes.count]))
    extents.replaceSubrange(axis..<axis + axes.count, with: [joined])
    return JoinedIndices(data: try reshape(moved, extents), axis: axis, positions: positions, order: order)
  }

  fileprivate func indexed() throws -> Value {
    let input = try input()
    guard let joined = try joinedIndices(input) else { return input }
    return try op(.gather, joined.data, joined.positions, attributes: ["axis": .int(Int64(joined.axis))])
  }
}
