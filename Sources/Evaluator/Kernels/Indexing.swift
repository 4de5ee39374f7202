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
  static func moveBlocks(
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
  static func position(_ indices: UnsafeRawBufferPointer, _ at: Int, _ type: ElementType, length: Int) throws
    -> Int
  {
    let index = Int(Int64.load(indices, at, type))
    let position = index < 0 ? index &+ length : index
    guard position >= 0, position < length else {
      throw Refusal(.undefined, "index \(index) is outside an axis of \(length)")
    }
    return position
  }

  static func product(_ dimensions: some Collection<Int>) throws -> Int {
    guard let count = Shapes.elementCount(Array(dimensions)) else {
      throw Refusal(.overBudget, "the dimensions are too large")
    }
    return count
  }

  static func checkIndices(_ indices: TensorLiteral) throws {
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
}
