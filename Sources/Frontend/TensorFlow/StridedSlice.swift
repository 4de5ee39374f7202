import IR

/// Python's slices of a tensor: ranges, indices that drop their axis, new axes, and an ellipsis.
struct StridedSlice {
  private let node: NodeContext
  private let input: Value
  private let rank: Int
  private var starts: [Bound] = []
  private var ends: [Bound] = []
  private var steps: [Int] = []
  private var axes: [Int] = []
  /// Axes of the input that an index drops.
  private var indices: [(axis: Int, index: Bound)] = []
  /// What the result's axes are: those of the input, and new ones.
  private var layout: [Int?] = []

  /// A number, or an element of an operand that is not known.
  private enum Bound {
    case known(Int)
    case element(operand: Int, at: Int)
  }

  init(_ node: NodeContext) throws {
    self.node = node
    input = try node.operand(0)
    rank = try node.rank(input)
    let strides = try node.integers(3, "the strides")
    func mask(_ name: ByteString, _ bit: Int) -> Bool {
      bit < Int.bitWidth - 1 && (node.node.integer(name) ?? 0) & (1 << bit) != 0
    }
    let specified = strides.indices.count { !mask("ellipsis_mask", $0) && !mask("new_axis_mask", $0) }
    guard specified <= rank, strides.indices.count(where: { mask("ellipsis_mask", $0) }) <= 1 else {
      throw ModelError(.invalidModel, "slices \(specified) axes of a tensor of rank \(rank)")
    }
    var axis = 0
    for bit in strides.indices {
      if mask("ellipsis_mask", bit) {
        for _ in 0..<rank - specified {
          layout.append(axis)
          axis += 1
        }
      } else if mask("new_axis_mask", bit) {
        layout.append(nil)
      } else if mask("shrink_axis_mask", bit) {
        indices.append((axis, try bound(1, bit)))
        axis += 1
      } else {
        try addRange(axis, bit, strides[bit], mask("begin_mask", bit), mask("end_mask", bit))
        layout.append(axis)
        axis += 1
      }
    }
    layout.append(contentsOf: (axis..<max(rank, axis)).map { $0 })
  }

  private mutating func addRange(_ axis: Int, _ bit: Int, _ step: Int, _ isOpen: Bool, _ isEndless: Bool) throws {
    guard step != 0 else { throw ModelError(.invalidModel, "has a stride of 0") }
    let start = isOpen ? .known(step > 0 ? 0 : Int.max) : try bound(1, bit)
    let end = isEndless ? .known(step > 0 ? Int.max : Int.min) : try bound(2, bit)
    if case .known(0) = start, case .known(Int.max) = end, step == 1 { return }
    axes.append(axis)
    starts.append(start)
    ends.append(end)
    steps.append(step)
  }

  private func bound(_ operand: Int, _ index: Int) throws -> Bound {
    let value = try node.operand(operand)
    if let known = try node.knownIntegers(operand) {
      guard known.indices.contains(index) else { throw ModelError(.invalidModel, "has too few bounds") }
      return .known(known[index])
    }
    if let contents = value.contents, contents.indices.contains(index), let known = contents[index].value {
      return .known(known)
    }
    return .element(operand: operand, at: index)
  }

  func lower() throws -> Value {
    let build = node.build
    var result = input
    if !axes.isEmpty {
      result = try build(
        .slice, result, try vector(starts), try vector(ends), try build.constant(axes), try build.constant(steps))
    }
    for (axis, index) in indices.reversed() {
      result = try build(.gather, result, try scalar(index), attributes: ["axis": .int(Int64(axis))])
    }
    return try node.unsqueeze(result, layout.indices.filter { layout[$0] == nil })
  }

  private func vector(_ bounds: [Bound]) throws -> Value {
    let known = bounds.compactMap { if case .known(let value) = $0 { value } else { nil } }
    if known.count == bounds.count { return try node.build.constant(known) }
    return try node.concat(
      try bounds.map { bound in
        switch bound {
        case .known(let value): return try node.build.constant([value])
        case .element(let operand, let index):
          return try node.build(.gather, try node.int64(try node.operand(operand)), try node.build.constant([index]))
        }
      }, axis: 0)
  }

  private func scalar(_ bound: Bound) throws -> Value {
    switch bound {
    case .known(let value): try node.build.constant(value)
    case .element(let operand, let index):
      try node.build(.gather, try node.int64(try node.operand(operand)), try node.build.constant(index))
    }
  }
}
