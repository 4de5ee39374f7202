import IR

extension Attention {
  /// Turns pairs of features by the angles of their position.
  static func rotate(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.reals(0)
    let (cosines, sines) = (try invocation.reals(1), try invocation.reals(2))
    let operation = invocation.operation
    let isPacked = x.dimensions.count == 3
    let data = try heads(invocation, 0, "num_heads")
    let (batch, heads, length, features) = (
      data.dimensions[0], data.dimensions[1], data.dimensions[2], data.dimensions[3]
    )
    let written = operation.int("rotary_embedding_dim") ?? 0
    let rotated = written == 0 ? features : written
    let half = rotated / 2
    let positions = try invocation[optional: 3].map { _ in try invocation.wholeNumbers(3) }
    guard rotated > 0, rotated <= features, rotated.isMultiple(of: 2), cosines.dimensions == sines.dimensions,
      cosines.dimensions.last == half, cosines.dimensions.count == (positions == nil ? 3 : 2),
      positions.map({ $0.dimensions == [batch, length] }) ?? (cosines.dimensions == [batch, length, half])
    else { throw Refusal(.undefined, "the caches do not fit") }
    let isInterleaved = operation.flag("interleaved")
    var result = data
    try invocation.admit(data.dimensions)
    for row in 0..<batch * heads * length {
      let place = row / (heads * length) * length + row % length
      let angle =
        try positions.map { positions -> Int in
          let position = Int(positions.elements[place])
          guard position >= 0, position < cosines.dimensions[0] else {
            throw Refusal(.undefined, "position \(position) is not in the cache")
          }
          return position
        } ?? place
      for pair in 0..<half {
        let first = row * features + (isInterleaved ? 2 * pair : pair)
        let second = isInterleaved ? first + 1 : first + half
        let (cosine, sine) = (cosines.elements[angle * half + pair], sines.elements[angle * half + pair])
        result.elements[first] = cosine * data.elements[first] - sine * data.elements[second]
        result.elements[second] = sine * data.elements[first] + cosine * data.elements[second]
      }
    }
    return [try invocation.make(invocation.operand(0).elementType, isPacked ? packed(result) : result)]
  }

  /// Writes an update into a cache at each sample's position.
  static func scatter(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (cache, update) = (try invocation.operand(0), try invocation.operand(1))
    let rank = cache.dimensions.count
    let axis = try invocation.axis(invocation.operation.int("axis") ?? -2, rank: rank)
    let starts = try invocation.integers(2) ?? Array(repeating: 0, count: cache.dimensions.first ?? 0)
    var fitting = cache.dimensions
    guard axis > 0, update.dimensions.count == rank else { throw Refusal(.undefined, "the update does not fit") }
    fitting[axis] = update.dimensions[axis]
    guard update.dimensions == fitting, update.elementType == cache.elementType, starts.count == cache.dimensions[0],
      let width = cache.elementType.bitWidth, width >= 8
    else { throw Refusal(.undefined, "the update does not fit") }
    let (length, added) = (cache.dimensions[axis], update.dimensions[axis])
    let isCircular = invocation.operation.string("mode") == "circular"
    let inner = cache.dimensions[(axis + 1)...].reduce(1, *) * (width / 8)
    let outer = cache.dimensions[..<axis].reduce(1, *)
    try invocation.admit([outer, added])
    return [
      try invocation.make(cache.elementType, cache.dimensions) { output in
        try withBytes(of: [cache, update]) { bytes in
          output.copyMemory(from: bytes[0])
          for block in 0..<outer {
            for step in 0..<added {
              let start = starts[block / (outer / cache.dimensions[0])]
              var (place, overflow) = start.addingReportingOverflow(step)
              if isCircular { place = ((place % length) + length) % length }
              guard !overflow, place >= 0, place < length else {
                throw Refusal(.undefined, "position \(place) is outside the cache")
              }
              let row = UnsafeRawBufferPointer(
                rebasing: bytes[1][(block * added + step) * inner..<(block * added + step + 1) * inner])
              let target = (block * length + place) * inner
              UnsafeMutableRawBufferPointer(rebasing: output[target..<target + inner]).copyMemory(from: row)
            }
          }
        }
      }
    ]
  }
}
