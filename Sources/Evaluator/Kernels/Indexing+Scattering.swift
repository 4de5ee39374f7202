import IR

/// Puts elements where indices say.
extension Indexing {
  static func scatterElements(_ invocation: Invocation) throws -> [TensorLiteral?] {
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

  static func scatterND(_ invocation: Invocation) throws -> [TensorLiteral?] {
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
  struct ElementWalk {
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
  struct TupleIndices {
    let count: Int
    /// How many axes a tuple names.
    let depth: Int
    /// The elements of the block that a tuple names.
    let block: Int
    private let lengths: [Int]
    let strides: [Int]
    private let tuplesPerBatch: Int
    private let batchStride: Int
    let type: ElementType

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
