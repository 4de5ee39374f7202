import IR

extension Lowering {
  /// Tensors joined, repeated and turned around.
  static let joining: [String: Lowering] = [
    "aten.cat": .one { try $0.joined("tensors") }, "aten.concat": .one { try $0.joined("tensors") },
    "aten.concatenate": .one { try $0.joined("tensors") },
    "aten.stack": .one { call in
      let values = try call.promotedValues("tensors")
      guard let first = values.first else { throw ModelError(.invalidModel, "stacks nothing") }
      let axis = try call.axis("dim", default: 0, rank: call.rank(first) + 1)
      return try call.concat(values.map { try call.unsqueeze($0, [axis]) }, axis)
    },
    "aten.hstack": .one { call in
      let values = try call.promotedValues("tensors")
      return try call.concat(values, values.first.map { try call.rank($0) == 1 ? 0 : 1 } ?? 0)
    },
    "aten.vstack": .one { call in
      try call.concat(
        call.promotedValues("tensors").map { try call.rank($0) == 1 ? call.unsqueeze($0, [0]) : $0 }, 0)
    },
    "aten.repeat": .one { try $0.tiled("repeats") },
    "aten.tile": .one { try $0.tiled("dims") },
    "aten.repeat_interleave.self_int": .one { try $0.interleaved() },
    "aten.flip": .one { call in
      let input = try call.input()
      return try (call.axes("dims", rank: call.rank(input)) ?? []).reduce(input) { value, axis in
        try call.op(
          .slice, value, call.constant([-1]), call.constant([Int.min]), call.constant([axis]), call.constant([-1]))
      }
    },
    "aten.roll": .one { try $0.rolled() },
    "aten.rot90": .one { call in
      let input = try call.input()
      let axes = try call.axes("dims", rank: call.rank(input)) ?? [0, 1]
      guard axes.count == 2 else {
        throw ModelError(.invalidModel, "turns other than two axes")
      }
      func flip(_ value: Value, _ axis: Int) throws -> Value {
        try call.op(
          .slice, value, call.constant([-1]), call.constant([Int.min]), call.constant([axis]), call.constant([-1]))
      }
      switch ((try call.int("k", default: 1) % 4) + 4) % 4 {
      case 1: return try call.transpose(flip(input, axes[1]), axes[0], axes[1])
      case 2: return try flip(flip(input, axes[0]), axes[1])
      case 3: return try flip(call.transpose(input, axes[0], axes[1]), axes[1])
      default: return input
      }
    },
    "aten.meshgrid": .values { try $0.grid("ij") },
    "aten.meshgrid.indexing": .values { try $0.grid($0.optionalString("indexing") ?? "ij") },
    "aten.broadcast_tensors": .values { call in
      let values = try call.values("tensors")
      let shape = try call.commonShape(values)
      return try values.map { try call.op(.expand, $0, shape) }
    },
  ]
}

extension Call {
  /// A list of tensors in their common element type.
  func promotedValues(_ name: String) throws -> [Value] {
    let values = try values(name)
    let type = try promoted(values.map { .tensor($0) })
    return try values.map { try cast($0, to: type) }
  }

  fileprivate func joined(_ name: String) throws -> Value {
    // A vector of nothing may be joined to anything.
    let values = try promotedValues(name)
    let present = values.filter { $0.tensorType?.shape != [.known(0)] }
    guard let first = present.first ?? values.first else { throw ModelError(.invalidModel, "joins nothing") }
    return try concat(present.isEmpty ? [first] : present, axis("dim", default: 0, rank: rank(first)))
  }

  fileprivate func tiled(_ name: String) throws -> Value {
    let input = try input()
    var repeats = try extents(name)
    let rank = try rank(input)
    while repeats.count < rank { repeats.insert(.known(1), at: 0) }
    let added = repeats.count - rank
    let widened = try unsqueeze(input, Array(0..<added))
    if repeats.allSatisfy({ $0.known == 1 }) { return widened }
    return try op(.tile, widened, shapeOperand(repeats))
  }

  fileprivate func interleaved() throws -> Value {
    var input = try input()
    let count = try extent("repeats")
    if argument("dim") == nil { input = try reshape(input, [-1]) }
    let rank = try rank(input)
    let axis = try axis("dim", default: 0, rank: rank)
    guard axis < rank else { throw ModelError(.invalidModel, "has an operand without axes") }
    let widened = try unsqueeze(input, [axis + 1])
    var repeats = Array(repeating: Extent.known(1), count: rank + 1)
    repeats[axis + 1] = count
    let tiled = try op(.tile, widened, shapeOperand(repeats))
    var target = try extents(of: input)
    target[axis] = .known(-1)
    return try reshape(tiled, target)
  }

  fileprivate func rolled() throws -> Value {
    let input = try input()
    let rank = try rank(input)
    let shifts = try ints("shifts")
    guard let axes = try optionalInts("dims"), !axes.isEmpty else {
      guard shifts.count == 1 else { throw ModelError(.invalidModel, "shifts nothing") }
      let flat = try rolled(reshape(input, [-1]), 0, shifts[0])
      return try reshape(flat, extents(of: input))
    }
    guard axes.count == shifts.count else { throw ModelError(.invalidModel, "shifts \(axes) by \(shifts)") }
    return try zip(axes, shifts).reduce(input) { try rolled($0, axis($1.0, rank: rank), $1.1) }
  }

  private func rolled(_ value: Value, _ axis: Int, _ shift: Int) throws -> Value {
    let extent = try knownExtent(value, axis)
    guard extent > 0, shift % extent != 0 else { return value }
    let shift = (shift % extent + extent) % extent
    return try concat([slice(value, axis, from: -shift), slice(value, axis, from: 0, to: -shift)], axis)
  }

  fileprivate func grid(_ indexing: String) throws -> [Value] {
    let values = try values("tensors")
    var axes = Array(values.indices)
    if indexing == "xy", values.count >= 2 { axes.swapAt(0, 1) }
    let shaped = try zip(values, axes).map { value, axis in
      var shape = Array(repeating: 1, count: values.count)
      shape[axis] = -1
      return try reshape(value, shape)
    }
    let shape = try commonShape(shaped)
    return try shaped.map { try op(.expand, $0, shape) }
  }

  /// The shape that some values have together once they are broadcast.
  func commonShape(_ values: [Value]) throws -> Value {
    var rank = 0
    for value in values { rank = max(rank, try self.rank(value)) }
    var target: [Extent] = Array(repeating: .known(1), count: rank)
    for value in values {
      let shape = try shape(value)
      for (axis, extent) in shape.enumerated() where extent != .known(1) {
        let place = axis + rank - shape.count
        if target[place].known == 1 || (target[place].known == nil && extent.value != nil) {
          target[place] = try self.extent(of: value, axis)
        }
      }
    }
    return try shapeOperand(target)
  }
}
