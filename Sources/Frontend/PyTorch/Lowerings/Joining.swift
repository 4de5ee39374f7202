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
    "aten.pad_sequence": .one { try $0.paddedSequences() },
    "aten.hstack": .one { call in
      let values = try call.promotedValues("tensors").map { try call.rank($0) == 0 ? call.reshape($0, [1]) : $0 }
      return try call.concat(values, values.first.map { try call.rank($0) == 1 ? 0 : 1 } ?? 0)
    },
    "aten.vstack": stackedRows, "aten.row_stack": stackedRows,
    "aten.repeat": .one { try $0.tiled("repeats") },
    "aten.tile": .one { try $0.tiled("dims") },
    "aten.repeat_interleave.self_int": .one { try $0.interleaved() },
    "aten.flip": .one { call in
      let input = try call.input()
      return try (call.axes("dims", rank: call.rank(input)) ?? []).reduce(input) { try call.reversed($0, $1) }
    },
    "aten.fliplr": .one { try $0.reversed($0.input(), 1) }, "aten.flipud": .one { try $0.reversed($0.input(), 0) },
    "aten.roll": .one { try $0.rolled() },
    "aten.rot90": .one { call in
      let input = try call.input()
      let axes = try call.axes("dims", rank: call.rank(input)) ?? [0, 1]
      guard axes.count == 2 else {
        throw ModelError(.invalidModel, "turns other than two axes")
      }
      switch ((try call.int("k", default: 1) % 4) + 4) % 4 {
      case 1: return try call.transpose(call.reversed(input, axes[1]), axes[0], axes[1])
      case 2: return try call.reversed(call.reversed(input, axes[0]), axes[1])
      case 3: return try call.reversed(call.transpose(input, axes[0], axes[1]), axes[1])
      default: return input
      }
    },
    "aten.meshgrid": .values { try $0.grid("ij") },
    "aten.meshgrid.indexing": .values { try $0.grid($0.optionalString("indexing") ?? "ij") },
    "aten.cartesian_prod": .one { call in
      let grid = try call.grid("ij")
      if grid.count == 1 { return grid[0] }
      return try call.concat(grid.map { try call.reshape($0, [-1, 1]) }, 1)
    },
    "aten.combinations": .one { try $0.combinations() },
    "aten.diff": .one { try $0.differences() },
    "aten.block_diag": .one { try $0.blockDiagonal() },
    "aten.column_stack": .one { call in
      try call.concat(
        call.promotedValues("tensors").map {
          try call.rank($0) == 0 ? call.reshape($0, [1, 1]) : call.rank($0) == 1 ? call.unsqueeze($0, [1]) : $0
        }, 1)
    },
    "aten.dstack": .one { call in
      try call.concat(call.promotedValues("tensors").map { try call.widened($0, to: 3) }, 2)
    },
    "aten.broadcast_tensors": .values { call in
      let values = try call.values("tensors")
      let shape = try call.commonShape(values)
      return try values.map { try call.op(.expand, $0, shape) }
    },
  ]

  private static let stackedRows = Lowering.one { call in
    try call.concat(call.promotedValues("tensors").map { try call.widened($0, to: 2) }, 0)
  }
}

extension Call {
  /// Sequences of different lengths side by side, the shorter ones filled up.
  fileprivate func paddedSequences() throws -> Value {
    let values = try promotedValues("sequences")
    let lengths = try values.map { try knownExtent($0, 0) }
    guard let first = values.first, let longest = lengths.max() else { throw ModelError(.invalidModel, "pads nothing") }
    let fill = try scalar(float("padding_value", default: 0), elementType(first))
    let isLeft = try optionalString("padding_side") == "left"
    let axis = try bool("batch_first", default: false) ? 0 : 1
    let padded = try zip(values, lengths).map { value, length in
      let (none, missing) = (Array(repeating: 0, count: try rank(value) - 1), longest - length)
      let pads = [isLeft ? missing : 0] + none + [isLeft ? 0 : missing] + none
      return try unsqueeze(missing == 0 ? value : op(.pad, value, constant(pads), fill), [axis])
    }
    return try concat(padded, axis)
  }

  /// The slices along an axis in the other order.
  func reversed(_ value: Value, _ axis: Int) throws -> Value {
    if try rank(value) == 0 { return value }
    return try op(.slice, value, constant([-1]), constant([Int.min]), constant([axis]), constant([-1]))
  }

  /// A list of tensors in their common element type.
  func promotedValues(_ name: String) throws -> [Value] {
    try inCommonType(values(name))
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

  /// Matrices along a diagonal, and zero beside.
  fileprivate func blockDiagonal() throws -> Value {
    let blocks = try promotedValues("tensors").map { value in
      switch try rank(value) {
      case 0: try reshape(value, [1, 1])
      case 1: try unsqueeze(value, [0])
      default: value
      }
    }
    let widths = try blocks.map { try knownExtent($0, 1) }
    var left = 0
    let total = widths.reduce(0) { min($0 + $1, Self.maximumExtent) }
    let rows = try zip(blocks, widths).map { block, width in
      let pads = try constant([0, left, 0, max(total - left - width, 0)])
      left += width
      return try op(.pad, block, pads)
    }
    return try concat(rows, 0)
  }

  /// The choices of `r` elements of a vector, in order.
  fileprivate func combinations() throws -> Value {
    let (input, count) = (try input(), try int("r", default: 2))
    let repeats = try bool("with_replacement", default: false)
    let extent = try knownExtent(input, 0)
    guard (1...8).contains(count) else { throw UnsupportedForm("chooses \(count) elements") }
    var choices: [[Int]] = [[]]
    for _ in 0..<count {
      choices = choices.flatMap { choice in
        let first = choice.last.map { repeats ? $0 : $0 + 1 } ?? 0
        return (first..<max(extent, first)).map { choice + [$0] }
      }
      guard choices.count <= 1 << 16 else { throw UnsupportedForm("has too many choices") }
    }
    let positions = try reshape(
      builder.constant(TensorLiteral(int64s: choices.flatMap { $0 })), [choices.count, count])
    return try op(.gather, input, positions)
  }

  /// Each element less the one before it.
  fileprivate func differences() throws -> Value {
    let input = try input()
    let axis = try axis("dim", default: -1, rank: rank(input))
    let count = try int("n", default: 1)
    guard (0...64).contains(count) else { throw UnsupportedForm("takes \(count) differences") }
    if count == 0 { return input }
    let parts = try [optionalValue("prepend"), input, optionalValue("append")].compactMap { $0 }
    return try (0..<count).reduce(concat(parts, axis)) { value, _ in
      let (next, before) = (try slice(value, axis, from: 1), try slice(value, axis, from: 0, to: -1))
      guard try elementType(value) == .bool else { return try op(.sub, next, before) }
      return try op(.xor, next, before)
    }
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

  func rolled(_ value: Value, _ axis: Int, _ shift: Int) throws -> Value {
    guard let extent = try extent(of: value, axis).known else {
      let length = try vector(extent(of: value, axis))
      let start = try op(.sub, length, op(.mod, constant([shift]), length))
      let along = try constant([axis])
      return try concat(
        [op(.slice, value, start, length, along), op(.slice, value, constant([0]), start, along)], axis)
    }
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
