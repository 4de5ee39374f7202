import IR

/// Operators that compare elements with each other.
enum Ordering {
  static let kernels: [Kernel] = [
    Kernel(.topK, topK),
    Kernel(.unique, unique),
    Kernel(.nonMaxSuppression, suppress),
  ]

  // MARK: The largest

  private static func topK(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.operand(0)
    switch x.elementType.numberKind {
    // Larger than any number, as sorting has it.
    case .real: return try topK(invocation, x) { (a: Double, b: Double) in a < b || (!a.isNaN && b.isNaN) }
    case .signed: return try topK(invocation, x) { (a: Int64, b: Int64) in a < b }
    case .unsigned: return try topK(invocation, x) { (a: UInt64, b: UInt64) in a < b }
    case nil: throw Refusal(.unsupported, "TopK of \(x.elementType.rawValue)")
    }
  }

  private static func topK<N: Number>(_ invocation: Invocation, _ x: TensorLiteral, _ isLess: (N, N) -> Bool) throws
    -> [TensorLiteral?]
  {
    let axis = try invocation.axis(invocation.operation.int("axis") ?? -1, rank: x.dimensions.count)
    let length = x.dimensions[axis]
    guard let count = try invocation.integer(1), count >= 0, count <= length else {
      throw Refusal(.undefined, "K is no part of the axis")
    }
    let takesLargest = invocation.operation.int("largest") ?? 1 != 0
    try invocation.admit(x.dimensions, steps: length.bitWidth - length.leadingZeroBitCount + 1)
    var dimensions = x.dimensions
    dimensions[axis] = count
    let inner = x.dimensions[(axis + 1)...].reduce(1, &*)
    var places = [Int](repeating: 0, count: try invocation.count(dimensions))
    let values = try invocation.make(x.elementType, dimensions) { output in
      try x.withWindow(0..<x.elementCount) { bytes in
        Scan.forEachLine(x, along: axis) { start, stride in
          let line = (0..<length).map { N.load(bytes, start + $0 * stride, x.elementType) }
          let order = line.indices.sorted { a, b in
            let (first, second) = takesLargest ? (line[b], line[a]) : (line[a], line[b])
            return isLess(first, second) || (!isLess(second, first) && a < b)
          }
          let (block, rest) = (start / max(length * inner, 1), start % max(inner, 1))
          for (rank, place) in order.prefix(count).enumerated() {
            let target = (block * count + rank) * inner + rest
            N.store(line[place], output, target, x.elementType)
            places[target] = place
          }
        }
      }
    }
    return [values, try invocation.make(places, dimensions)]
  }

  // MARK: Each once

  private static func unique(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let x = try invocation.operand(0)
    let written = invocation.operation.int("axis")
    let axis = try written.map { try invocation.axis($0, rank: x.dimensions.count) }
    let length = axis.map { x.dimensions[$0] } ?? x.elementCount
    try invocation.admit([x.elementCount], steps: length.bitWidth - length.leadingZeroBitCount + 1)
    let keys = try sliceKeys(invocation, x, axis, length)
    let sorts = invocation.operation.int("sorted") ?? 1 != 0
    var order = Array(0..<length).sorted {
      keys[$0].lexicographicallyPrecedes(keys[$1]) || (keys[$0] == keys[$1] && $0 < $1)
    }
    var firsts: [Int] = []
    var counts: [Int] = []
    var inverse = [Int](repeating: 0, count: length)
    for (position, place) in order.enumerated() {
      if position == 0 || keys[order[position - 1]] != keys[place] {
        firsts.append(place)
        counts.append(0)
      }
      counts[counts.count - 1] += 1
      inverse[place] = firsts.count - 1
    }
    if !sorts {
      order = firsts.indices.sorted { firsts[$0] < firsts[$1] }
      var rank = order
      for (position, group) in order.enumerated() { rank[group] = position }
      inverse = inverse.map { rank[$0] }
      (firsts, counts) = (order.map { firsts[$0] }, order.map { counts[$0] })
    }
    let flat = axis == nil ? try invocation.reshape(x, [x.elementCount]) : x
    let values = try take(firsts, of: flat, along: axis ?? 0, invocation)
    return [
      values, try invocation.make(firsts, [firsts.count]), try invocation.make(inverse, [length]),
      try invocation.make(counts, [counts.count]),
    ]
  }

  private static func take(_ places: [Int], of x: TensorLiteral, along axis: Int, _ invocation: Invocation) throws
    -> TensorLiteral
  {
    guard case .strings(let strings) = x.source else {
      return try Indexing.take(places, of: x, along: axis, invocation)
    }
    var dimensions = x.dimensions
    dimensions[axis] = places.count
    let (outer, inner) = (x.dimensions[..<axis].reduce(1, *), x.dimensions[(axis + 1)...].reduce(1, *))
    let taken = (0..<outer).flatMap { block in
      places.flatMap { place -> ArraySlice<ByteString> in
        let start = (block * x.dimensions[axis] + place) * inner
        return strings[start..<start + inner]
      }
    }
    return try invocation.make(strings: taken, dimensions)
  }

  /// What slices are compared by: each element as bits that sort as the elements do, or as the bytes of a string.
  private static func sliceKeys(_ invocation: Invocation, _ x: TensorLiteral, _ axis: Int?, _ length: Int) throws
    -> [[UInt64]]
  {
    let elements: [[UInt64]]
    if case .strings(let strings) = x.source {
      elements = strings.map { $0.bytes.map { UInt64($0) + 1 } + [0] }
    } else {
      let type = x.elementType
      elements = try x.withWindow(0..<x.elementCount) { bytes in
        try (0..<x.elementCount).map { index in
          switch type.numberKind {
          case .real:
            // Zeros are one, NaNs are one and the last.
            let value = Double.load(bytes, index, type)
            let bits = value.isNaN ? UInt64(bitPattern: .max) : (value == 0 ? 0.0 : value).bitPattern
            return [bits >> 63 == 0 ? bits | 1 << 63 : ~bits]
          case .signed: return [UInt64(bitPattern: Int64.load(bytes, index, type)) ^ 1 << 63]
          case .unsigned: return [UInt64.load(bytes, index, type)]
          case nil: throw Refusal(.unsupported, "Unique of \(type.rawValue)")
          }
        }
      }
    }
    guard let axis else { return elements }
    let inner = x.dimensions[(axis + 1)...].reduce(1, *)
    return (0..<length).map { slice in
      (0..<x.dimensions[..<axis].reduce(1, *)).flatMap { block -> [UInt64] in
        let start = (block * length + slice) * inner
        return elements[start..<start + inner].flatMap { $0 }
      }
    }
  }

  // MARK: Boxes

  private struct Box {
    let low: (y: Double, x: Double)
    let high: (y: Double, x: Double)

    init(_ numbers: ArraySlice<Double>, isCenter: Bool) {
      let n = Array(numbers)
      if isCenter {
        low = (n[1] - n[3] / 2, n[0] - n[2] / 2)
        high = (n[1] + n[3] / 2, n[0] + n[2] / 2)
      } else {
        low = (min(n[0], n[2]), min(n[1], n[3]))
        high = (max(n[0], n[2]), max(n[1], n[3]))
      }
    }

    var area: Double { (high.y - low.y) * (high.x - low.x) }

    /// The common area over that of both together.
    func overlap(_ other: Box) -> Double {
      let height = min(high.y, other.high.y) - max(low.y, other.low.y)
      let width = min(high.x, other.high.x) - max(low.x, other.low.x)
      guard height > 0, width > 0, area > 0, other.area > 0 else { return 0 }
      let union = area + other.area - height * width
      return union > 0 ? height * width / union : 0
    }
  }

  private static func suppress(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (boxes, scores) = (try invocation.reals(0), try invocation.reals(1))
    guard boxes.dimensions.count == 3, boxes.dimensions[2] == 4, scores.dimensions.count == 3,
      scores.dimensions[0] == boxes.dimensions[0], scores.dimensions[2] == boxes.dimensions[1]
    else { throw Refusal(.undefined, "the scores do not fit the boxes") }
    let most = try invocation.integer(2) ?? 0
    let overlapLimit = try invocation.optionalReals(3)?.elements.first ?? 0
    let scoreLimit = try invocation.optionalReals(4)?.elements.first
    let isCenter = invocation.operation.flag("center_point_box")
    let (batch, classes, count) = (scores.dimensions[0], scores.dimensions[1], boxes.dimensions[1])
    var selected: [Int] = []
    for sample in 0..<batch where most > 0 {
      let own = (0..<count).map { place in
        let start = (sample * count + place) * 4
        return Box(boxes.elements[start..<start + 4], isCenter: isCenter)
      }
      for category in 0..<classes {
        let first = (sample * classes + category) * count
        let candidates = (0..<count).filter { place in scoreLimit.map { scores.elements[first + place] > $0 } ?? true }
        let order = candidates.sorted {
          let (a, b) = (scores.elements[first + $0], scores.elements[first + $1])
          return a > b || (a == b && $0 < $1)
        }
        var kept: [Int] = []
        for place in order where kept.count < most {
          try invocation.spend(kept.count + 1)
          if kept.allSatisfy({ own[$0].overlap(own[place]) <= overlapLimit }) { kept.append(place) }
        }
        selected += kept.flatMap { [sample, category, $0] }
      }
    }
    return [try invocation.make(selected, [selected.count / 3, 3])]
  }
}
