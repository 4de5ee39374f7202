import IR

/// Operators that put elements where other elements say.
enum Indexing {
  static let kernels: [Kernel] = [
    Movement.moving(.gather, gather),
    Movement.moving(.gatherElements, gatherElements),
    Movement.moving(.gatherND, gatherND),
    Kernel(.scatterElements, .exactUnlessReducing) { try StringCarrier.run($0, scatterElements) },
    Kernel(.scatterND, .exactUnlessReducing) { try StringCarrier.run($0, scatterND) },
    Movement.moving(.where, choose),
    Movement.moving(.compress, compress),
    Movement.moving(.trilu, trilu),
    Kernel(.nonZero, nonZero),
  ]

  // MARK: The loop

  /// Copies `count` blocks of `length` elements; `positions` tells where block `k` begins in the source and in the
  /// target.
  private static func moveBlocks(
    _ count: Int, length: Int, _ type: ElementType, from source: UnsafeRawBufferPointer,
    to target: UnsafeMutableRawBufferPointer, _ positions: (Int) throws -> (source: Int, target: Int)
  ) throws {
    guard length > 0, let width = type.bitWidth, let from = source.baseAddress, let to = target.baseAddress else {
      return
    }
    let size = width / 8
    for block in 0..<count {
      let position = try positions(block)
      if size > 0 {
        (to + position.target * size).copyMemory(from: from + position.source * size, byteCount: length * size)
      } else {
        for element in 0..<length {
          Bits.store(
            Bits.load(source, position.source + element, width: width), target, position.target + element, width: width)
        }
      }
    }
  }

  /// A position along an axis of `length` as an index operand gives it.
  private static func position(_ indices: UnsafeRawBufferPointer, _ at: Int, _ type: ElementType, length: Int) throws
    -> Int
  {
    let index = Int(Int64.load(indices, at, type))
    let position = index < 0 ? index &+ length : index
    guard position >= 0, position < length else {
      throw Refusal(.undefined, "index \(index) is outside an axis of \(length)")
    }
    return position
  }

  private static func product(_ dimensions: some Collection<Int>) throws -> Int {
    guard let count = Shapes.elementCount(Array(dimensions)) else {
      throw Refusal(.overBudget, "the dimensions are too large")
    }
    return count
  }

  private static func checkIndices(_ indices: TensorLiteral) throws {
    guard indices.elementType.numberKind == .signed else {
      throw Refusal(.unsupported, "indices are not signed integers")
    }
  }

  // MARK: Gathering

  private static func gather(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (data, indices) = (try invocation.operand(0), try invocation.operand(1))
    try checkIndices(indices)
    let axis = try invocation.axis(invocation.operation.int("axis") ?? 0, rank: data.dimensions.count)
    let dimensions = Array(data.dimensions[..<axis] + indices.dimensions + data.dimensions[(axis + 1)...])
    _ = try invocation.admit(data.elementType, dimensions)
    try invocation.spend(indices.elementCount)
    let positions = try indices.withWindow(0..<indices.elementCount) { bytes in
      try (0..<indices.elementCount).map {
        try position(bytes, $0, indices.elementType, length: data.dimensions[axis])
      }
    }
    return [try take(positions, of: data, along: axis, as: dimensions, invocation)]
  }

  /// The elements of `data` at `positions` along `axis`; under `dimensions` where they are given.
  static func take(
    _ positions: [Int], of data: TensorLiteral, along axis: Int, as dimensions: [Int]? = nil, _ invocation: Invocation
  ) throws -> TensorLiteral {
    var natural = data.dimensions
    natural[axis] = positions.count
    let inner = try product(data.dimensions[(axis + 1)...])
    let outer = try product(data.dimensions[..<axis])
    let length = data.dimensions[axis]
    return try invocation.make(data.elementType, dimensions ?? natural) { output in
      try data.withWindow(0..<data.elementCount) { bytes in
        for (group, position) in positions.enumerated() {
          try moveBlocks(outer, length: inner, data.elementType, from: bytes, to: output) { block in
            ((block * length + position) * inner, (block * positions.count + group) * inner)
          }
        }
      }
    }
  }

  private static func gatherElements(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (data, indices) = (try invocation.operand(0), try invocation.operand(1))
    let walk = try ElementWalk(data, indices, invocation)
    return [
      try invocation.make(data.elementType, indices.dimensions) { output in
        try withBytes(of: [data, indices]) { bytes in
          try walk.forEach(bytes[1]) { position, inData in
            try moveBlocks(1, length: 1, data.elementType, from: bytes[0], to: output) { _ in (inData, position) }
          }
        }
      }
    ]
  }

  private static func gatherND(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (data, indices) = (try invocation.operand(0), try invocation.operand(1))
    let batch = invocation.operation.int("batch_dims") ?? 0
    let tuples = try TupleIndices(data, indices, batch: batch)
    let dimensions = Array(indices.dimensions.dropLast()) + data.dimensions[(batch + tuples.depth)...]
    return [
      try invocation.make(data.elementType, dimensions) { output in
        try withBytes(of: [data, indices]) { bytes in
          try moveBlocks(tuples.count, length: tuples.block, data.elementType, from: bytes[0], to: output) {
            (try tuples.position($0, bytes[1]), $0 * tuples.block)
          }
        }
      }
    ]
  }

  // MARK: Scattering

  private static func scatterElements(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (data, indices, updates) = (try invocation.operand(0), try invocation.operand(1), try invocation.operand(2))
    guard updates.dimensions == indices.dimensions else {
      throw Refusal(.undefined, "updates and indices differ in shape")
    }
    let walk = try ElementWalk(data, indices, invocation)
    return try scatter(invocation) { bytes in
      var places: [Update] = []
      try walk.forEach(bytes) { places.append(Update(source: $0, target: $1, count: 1)) }
      return places
    }
  }

  private static func scatterND(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (data, indices, updates) = (try invocation.operand(0), try invocation.operand(1), try invocation.operand(2))
    let tuples = try TupleIndices(data, indices, batch: 0)
    guard updates.dimensions == Array(indices.dimensions.dropLast()) + data.dimensions[tuples.depth...] else {
      throw Refusal(.undefined, "the updates do not fit the indices")
    }
    return try scatter(invocation) { bytes in
      try (0..<tuples.count).map {
        Update(source: $0 * tuples.block, target: try tuples.position($0, bytes), count: tuples.block)
      }
    }
  }

  /// Elements of the updates, one after the other, and where in the data they go.
  fileprivate struct Update {
    let source: Int
    let target: Int
    let count: Int
  }

  /// The data with the updates put in that `places` finds among the indices, or combined with what is there.
  private static func scatter(
    _ invocation: Invocation, _ places: (_ indices: UnsafeRawBufferPointer) throws -> [Update]
  ) throws -> [TensorLiteral?] {
    let (data, updates) = (try invocation.operand(0), try invocation.operand(2))
    let type = data.elementType
    guard updates.elementType == type else { throw Refusal(.undefined, "the updates are of another element type") }
    try invocation.spend(updates.elementCount)
    return [
      try invocation.make(type, data.dimensions) { output in
        try withBytes(of: [data, invocation.operand(1), updates]) { bytes in
          output.copyMemory(from: bytes[0])
          let places = try places(bytes[1])
          switch try Combination(invocation) {
          case .replace:
            for place in places {
              try moveBlocks(1, length: place.count, type, from: bytes[2], to: output) { _ in
                (place.source, place.target)
              }
            }
          case .combine(let rule): try rule.combine(type, bytes[2], into: output, places)
          }
        }
      }
    ]
  }

  /// What becomes of an element that is updated.
  private enum Combination {
    case replace
    case combine(ArithmeticRule)

    init(_ invocation: Invocation) throws {
      switch invocation.operation.string("reduction") ?? "none" {
      case "none": self = .replace
      case "add": self = .combine(Arithmetic.addition)
      case "mul": self = .combine(Arithmetic.multiplication)
      case "max": self = .combine(Arithmetic.maximum)
      case "min": self = .combine(Arithmetic.minimum)
      case let other: throw Refusal(.unsupported, "reduction '\(other)'")
      }
    }
  }

  /// GatherElements' and ScatterElements' correspondence: a position among the indices, and the data element that it
  /// names.
  private struct ElementWalk {
    let traversal: Traversal
    let axisStride: Int
    let axisLength: Int
    let type: ElementType

    init(_ data: TensorLiteral, _ indices: TensorLiteral, _ invocation: Invocation) throws {
      try checkIndices(indices)
      try invocation.spend(indices.elementCount)
      let axis = try invocation.axis(invocation.operation.int("axis") ?? 0, rank: data.dimensions.count)
      guard indices.dimensions.count == data.dimensions.count else { throw Refusal(.undefined, "the ranks differ") }
      var layout = Layout(data.dimensions)
      axisStride = layout.strides[axis]
      axisLength = data.dimensions[axis]
      type = indices.elementType
      for other in data.dimensions.indices {
        guard other == axis || indices.dimensions[other] <= data.dimensions[other] else {
          throw Refusal(.undefined, "there are more indices than data")
        }
        layout = layout.sliced(other, start: 0, step: other == axis ? 0 : 1, count: indices.dimensions[other])
      }
      traversal = Traversal([Layout(indices.dimensions), layout])
    }

    func forEach(_ indices: UnsafeRawBufferPointer, _ body: (_ position: Int, _ inData: Int) throws -> Void) throws {
      try traversal.forEachRow { offsets in
        for step in 0..<traversal.rowLength {
          let at = offsets[0] + step * traversal.rowSteps[0]
          let index = try Indexing.position(indices, at, type, length: axisLength)
          try body(at, offsets[1] + step * traversal.rowSteps[1] + index * axisStride)
        }
      }
    }
  }

  /// GatherND's and ScatterND's indices: each tuple names a block of the data.
  private struct TupleIndices {
    let count: Int
    /// How many axes a tuple names.
    let depth: Int
    /// The elements of the block that a tuple names.
    let block: Int
    private let lengths: [Int]
    private let strides: [Int]
    private let tuplesPerBatch: Int
    private let batchStride: Int
    private let type: ElementType

    init(_ data: TensorLiteral, _ indices: TensorLiteral, batch: Int) throws {
      try checkIndices(indices)
      let rank = data.dimensions.count
      guard batch >= 0, batch < max(indices.dimensions.count, 1), let depth = indices.dimensions.last, depth >= 1,
        depth <= rank - batch, data.dimensions[..<batch] == indices.dimensions[..<batch]
      else { throw Refusal(.undefined, "the indices do not fit the data") }
      self.depth = depth
      type = indices.elementType
      count = indices.elementCount / depth
      block = try product(data.dimensions[(batch + depth)...])
      lengths = Array(data.dimensions[batch..<batch + depth])
      strides = Array(Layout(data.dimensions).strides[batch..<batch + depth])
      let batches = try product(data.dimensions[..<batch])
      tuplesPerBatch = max(batches == 0 ? 0 : count / batches, 1)
      batchStride = try product(data.dimensions[batch...])
    }

    func position(_ tuple: Int, _ indices: UnsafeRawBufferPointer) throws -> Int {
      var position = tuple / tuplesPerBatch * batchStride
      for axis in 0..<depth {
        position += try Indexing.position(indices, tuple * depth + axis, type, length: lengths[axis]) * strides[axis]
      }
      return position
    }
  }

  // MARK: Choosing

  private static func choose(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let operands = [try invocation.operand(0), try invocation.operand(1), try invocation.operand(2)]
    guard operands[0].elementType == .bool, let width = operands[1].elementType.bitWidth, width <= 64 else {
      throw Refusal(.unsupported, "Where of \(operands[1].elementType.rawValue)")
    }
    guard let choices = Shapes.broadcast(operands[1].dimensions, operands[2].dimensions),
      let dimensions = Shapes.broadcast(operands[0].dimensions, choices)
    else { throw Refusal(.undefined, "the operands do not broadcast") }
    return [
      try invocation.make(operands[1].elementType, dimensions) { output in
        try withBytes(of: operands[...]) { bytes in
          let traversal = Traversal(operands.map { Layout($0.dimensions).broadcast(to: dimensions) })
          let (condition, first, second) = (bytes[0], bytes[1], bytes[2])
          let steps = (traversal.rowSteps[0], traversal.rowSteps[1], traversal.rowSteps[2])
          var position = 0
          traversal.forEachRow { offsets in
            var (asked, inFirst, inSecond) = (offsets[0], offsets[1], offsets[2])
            for _ in 0..<traversal.rowLength {
              let pattern =
                condition[asked] != 0
                ? Bits.load(first, inFirst, width: width) : Bits.load(second, inSecond, width: width)
              Bits.store(pattern, output, position, width: width)
              position += 1
              asked += steps.0
              inFirst += steps.1
              inSecond += steps.2
            }
          }
        }
      }
    ]
  }

  private static func compress(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (data, condition) = (try invocation.operand(0), try invocation.operand(1))
    try invocation.spend(condition.elementCount)
    let flat = try invocation.reshape(data, [data.elementCount])
    let axis = try invocation.operation.int("axis").map { try invocation.axis($0, rank: data.dimensions.count) }
    let kept = try condition.withWindow(0..<condition.elementCount) { bytes in bytes.indices.filter { bytes[$0] != 0 } }
    let source = axis == nil ? flat : data
    guard kept.last ?? -1 < source.dimensions[axis ?? 0] else { throw Refusal(.undefined, "the condition is too long") }
    return [try take(kept, of: source, along: axis ?? 0, invocation)]
  }

  private static func trilu(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    let given = try invocation.integer(1) ?? 0
    let keepsUpper = invocation.operation.int("upper") ?? 1 != 0
    guard data.dimensions.count >= 2 else {
      throw Refusal(.undefined, "Trilu of a tensor of rank \(data.dimensions.count)")
    }
    let (rows, columns) = (data.dimensions[data.dimensions.count - 2], data.dimensions[data.dimensions.count - 1])
    // A diagonal further out keeps all or nothing as well.
    let diagonal = min(max(given, -rows), columns)
    return [
      try invocation.make(data.elementType, data.dimensions) { output in
        output.initializeMemory(as: UInt8.self, repeating: 0)
        try data.withWindow(0..<data.elementCount) { bytes in
          guard data.elementCount > 0 else { return }
          for row in 0..<data.elementCount / columns {
            let edge = min(max(row % rows + diagonal + (keepsUpper ? 0 : 1), 0), columns)
            let kept = keepsUpper ? edge..<columns : 0..<edge
            let start = row * columns + kept.lowerBound
            try moveBlocks(1, length: kept.count, data.elementType, from: bytes, to: output) { _ in (start, start) }
          }
        }
      }
    ]
  }

  private static func nonZero(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    try invocation.spend(data.elementCount)
    guard let kind = data.elementType.numberKind else {
      throw Refusal(.unsupported, "NonZero of \(data.elementType.rawValue)")
    }
    let found = try data.withWindow(0..<data.elementCount) { bytes in
      (0..<data.elementCount).filter { index in
        switch kind {
        case .real: Double.load(bytes, index, data.elementType) != 0
        case .signed, .unsigned: UInt64.load(bytes, index, data.elementType) != 0
        }
      }
    }
    let strides = Layout(data.dimensions).strides
    let rank = data.dimensions.count
    _ = try invocation.admit(.int64, [rank, found.count])
    let positions = (0..<rank).flatMap { axis in found.map { $0 / strides[axis] % data.dimensions[axis] } }
    return [try invocation.make(positions, [rank, found.count])]
  }
}

extension ArithmeticRule {
  /// Combines elements of `output` with those of `updates` that go there.
  fileprivate func combine(
    _ type: ElementType, _ updates: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer,
    _ places: [Indexing.Update]
  ) throws {
    func apply<N: Number>(_ function: BinaryFunction<N, N, N>) throws {
      for place in places {
        for step in 0..<place.count {
          let old = N.load(UnsafeRawBufferPointer(output), place.target + step, type)
          let new = N.load(updates, place.source + step, type)
          N.store(try function.ofNumbers(old, new), output, place.target + step, type)
        }
      }
    }
    switch type.numberKind {
    case .real: if let real { return try apply(real) }
    case .signed: if let signed { return try apply(signed) }
    case .unsigned: if let unsigned { return try apply(unsigned) }
    case nil: break
    }
    throw Refusal(.unsupported, "combined updates of \(type.rawValue)")
  }
}
