import IR

extension Lowering {
  /// Tensors that share the elements of another: a write to one is a write to both.
  static let views: [String: Lowering] = [
    "aten.permute": moved { call, rank in
      let axes = try call.axes("dims", rank: rank) ?? []
      guard axes.count == rank else { throw ModelError(.invalidModel, "permutes \(axes) of \(rank) axes") }
      return axes
    },
    "aten.transpose": moved { try $0.exchanged($1, "dim0", "dim1") },
    "aten.swapaxes": moved { try $0.exchanged($1, "axis0", "axis1") },
    "aten.swapdims": moved { try $0.exchanged($1, "dim0", "dim1") },
    "aten.t": moved { Array((0..<$1).reversed()) },
    "aten.numpy_T": moved { Array((0..<$1).reversed()) },
    "aten.mT": moved { Array(0..<$1 - 2) + [$1 - 1, $1 - 2] },
    "aten.mH": moved { Array(0..<$1 - 2) + [$1 - 1, $1 - 2] },
    "aten.matrix_H": moved { Array(0..<$1 - 2) + [$1 - 1, $1 - 2] },
    "aten.adjoint": moved { Array(0..<$1 - 2) + [$1 - 1, $1 - 2] },
    "aten.movedim": movedAxes, "aten.moveaxis": movedAxes,
    "aten.select.int": .view(
      View(
        read: { call in
          let input = try call.input()
          let axis = try call.axis("dim", rank: call.rank(input))
          return [try call.selected(input, axis, call.extent("index"))]
        },
        write: { call, base, elements in
          let axis = try call.axis("dim", rank: call.rank(base))
          let positions = try call.gathered(call.positions(base, axis), 0, call.extent("index"))
          return try call.replacing(base, axis, positions, by: call.unsqueeze(elements, [axis]))
        })),
    "aten.slice.Tensor": .view(
      View(
        read: { [try $0.sliced($0.input())] },
        write: { call, base, elements in
          let axis = try call.axis("dim", default: 0, rank: call.rank(base))
          let positions = try call.sliced(call.positions(base, axis), axis: 0)
          return try call.replacing(base, axis, positions, by: elements)
        })),
    "aten.narrow": .view(
      View(read: { call in
        let input = try call.input()
        let axis = try call.axis("dim", rank: call.rank(input))
        let (start, length) = (try call.extent("start"), try call.extent("length"))
        let end: Value
        if let a = start.known, let b = length.known {
          end = try call.constant([a < 0 && a + b == 0 ? Int.max : a &+ b])
        } else {
          end = try call.op(.add, call.vector(start), call.vector(length))
        }
        return [try call.op(.slice, input, call.vector(start), end, call.constant([axis]))]
      })),
    "aten.unfold": .view(View(read: { [try $0.windows()] })),
    "aten.expand": .view(View(read: { [try $0.expanded()] })),
    "aten.expand_as": .view(
      View(read: { call in
        [try call.op(.expand, call.input(), call.shapeOperand(of: call.value("other")))]
      })),
    "aten.broadcast_to": .view(View(read: { [try $0.expanded()] })),
  ]

  private static let movedAxes = moved { call, rank in
    let from = try call.ints("source").map { try call.axis($0, rank: rank) }
    let to = try call.ints("destination").map { try call.axis($0, rank: rank) }
    guard from.count == to.count, Set(from).count == from.count, Set(to).count == to.count else {
      throw ModelError(.invalidModel, "moves \(from) to \(to)")
    }
    var rest = (0..<rank).filter { !from.contains($0) }.makeIterator()
    return (0..<rank).map { axis in to.firstIndex(of: axis).map { from[$0] } ?? rest.next() ?? 0 }
  }

  /// A view whose axes are those of the operand in another order.
  private static func moved(_ order: @escaping @Sendable (Call, Int) throws -> [Int]) -> Lowering {
    .view(
      View(
        read: { call in
          let input = try call.input()
          let rank = try call.rank(input)
          return [rank < 2 ? input : try call.transpose(input, order(call, rank))]
        },
        write: { call, base, elements in
          let rank = try call.rank(base)
          guard rank >= 2 else { return elements }
          let order = try order(call, rank)
          return try call.transpose(elements, (0..<rank).map { axis in order.firstIndex(of: axis) ?? axis })
        }))
  }
}

extension Call {
  fileprivate func exchanged(_ rank: Int, _ a: String, _ b: String) throws -> [Int] {
    var order = Array(0..<rank)
    order.swapAt(try axis(a, rank: rank), try axis(b, rank: rank))
    return order
  }

  /// The slice at one position, without the axis.
  func selected(_ value: Value, _ axis: Int, _ index: Extent) throws -> Value {
    try op(
      .gather, value, index.known.map { try builder.constant($0) } ?? element(vector(index)),
      attributes: ["axis": .int(Int64(axis))])
  }

  /// The slice at one position, with the axis.
  func gathered(_ value: Value, _ axis: Int, _ index: Extent) throws -> Value {
    try op(.gather, value, vector(index), attributes: ["axis": .int(Int64(axis))])
  }

  /// What the operands `start`, `end` and `step` take of an axis.
  func sliced(_ value: Value, axis given: Int? = nil) throws -> Value {
    let axis = try given ?? axis("dim", default: 0, rank: rank(value))
    let step = try int("step", default: 1)
    guard step > 0 else { throw ModelError(.invalidModel, "slices with the step \(step)") }
    let start = try optionalExtent("start") ?? .known(0)
    let end = try optionalExtent("end") ?? .known(.max)
    if let first = start.known, let last = end.known {
      return try slice(value, axis, from: first, to: last, step: step)
    }
    let steps = step == 1 ? nil : try constant([step])
    return try op(.slice, value, vector(start), vector(end), constant([axis]), steps)
  }

  /// `base` with the slices at `positions` along an axis replaced by those of `elements`.
  func replacing(_ base: Value, _ axis: Int, _ positions: Value, by elements: Value) throws -> Value {
    let indices = try unsqueeze(positions, [1])
    let elements = try cast(elements, to: elementType(base))
    let result = try op(
      .scatterND, transpose(base, 0, axis), indices, transpose(elements, 0, axis))
    return try transpose(result, 0, axis)
  }

  fileprivate func expanded() throws -> Value {
    let input = try input()
    let shape = try shape(input)
    let sizes = try extents("size")
    let added = sizes.count - shape.count
    guard added >= 0 else { throw ModelError(.invalidModel, "expands \(shape) to fewer axes") }
    // An extent that stays is said by 1, which broadcasts.
    let target = sizes.enumerated().map { axis, size -> Extent in
      guard axis >= added else { return size }
      let stays = size.known == -1 || shape[axis - added].isEqual(to: size.dimension) == true
      guard stays else { return size }
      return shape[axis - added] == .known(0) ? .known(0) : .known(1)
    }
    if added == 0, target.allSatisfy({ $0.known == 1 }) { return input }
    if target.contains(where: { $0.known == -1 }) { throw UnsupportedForm("expands an extent that may be 0") }
    return try op(.expand, input, shapeOperand(target))
  }

  /// Windows of `size` elements along an axis, as a last axis.
  fileprivate func windows() throws -> Value {
    let input = try input()
    let rank = try rank(input)
    let axis = try axis("dimension", rank: rank)
    let (size, step) = (try int("size"), try int("step"))
    guard size > 0, step > 0, rank > 0 else { throw UnsupportedForm("has windows of \(size)") }
    guard size <= Self.maximumExtent, step <= Self.maximumExtent else { throw UnsupportedForm("has too many windows") }
    let count: Extent
    switch try extent(of: input, axis) {
    case .known(let extent): count = .known(max((extent - size) / step + 1, 0))
    case .symbolic(let extent):
      count = .symbolic(try op(.add, op(.div, op(.sub, extent, constant([size])), constant([step])), constant([1])))
    }
    let starts = try op(.mul, range(to: count), constant([step]))
    let grid = try op(.add, unsqueeze(starts, [1]), range(to: .known(size)))
    let result = try op(.gather, input, grid, attributes: ["axis": .int(Int64(axis))])
    // The axis inside the window goes last.
    let order = Array(0...axis) + Array(axis + 2..<rank + 1) + [axis + 1]
    return try transpose(result, order)
  }
}
