import IR

/// Samples where a grid says.
extension Sampling {
  enum Border: ByteString {
    case zeros, border, reflection
  }

  static func gridSample(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (x, grid) = (try invocation.numbers(0), try invocation.reals(1))
    let rank = x.dimensions.count - 2
    let operation = invocation.operation
    guard rank >= 1, grid.dimensions.count == rank + 2, grid.dimensions.last == rank,
      grid.dimensions[0] == x.dimensions[0], let border = Border(rawValue: operation.string("padding_mode") ?? "zeros"),
      !x.dimensions[2...].contains(0)
    else { throw Refusal(.undefined, "the grid does not fit the input") }
    let mode = operation.string("mode") ?? "linear"
    let aligns = operation.flag("align_corners")
    let extents = Array(x.dimensions[2...])
    let dimensions = Array(x.dimensions[..<2] + grid.dimensions[1...rank])
    try invocation.admit(dimensions, steps: mode == "cubic" ? 1 << (2 * rank) : 1 << rank)
    var result = RealTensor(zeros: dimensions)
    let points = grid.dimensions[1...rank].reduce(1, *)
    let plane = x.count(from: 2)
    for point in 0..<x.dimensions[0] * points {
      // Along the last axis first, as a grid has them.
      let taps = try (0..<rank).map { axis in
        try weights(
          grid.elements[point * rank + rank - 1 - axis], length: extents[axis], mode: mode, border, aligns: aligns)
      }
      let (sample, place) = (point / points, point % points)
      for channel in 0..<x.dimensions[1] {
        let row = sample * x.dimensions[1] + channel
        var sum = 0.0
        IndexWalk.forEach(taps.map(\.count)) { index, _ in
          var (element, weight) = (0, 1.0)
          for axis in 0..<rank {
            let tap = taps[axis][index[axis]]
            element = element * extents[axis] + tap.element
            weight *= tap.weight
          }
          sum += weight * x.elements[row * plane + element]
        }
        result.elements[row * points + place] = sum
      }
    }
    return [try invocation.make(invocation.operand(0).elementType, result)]
  }

  /// The elements along one axis that make up the sample at the normalized `coordinate`; those outside weigh nothing.
  static func weights(
    _ coordinate: Double, length: Int, mode: ByteString, _ border: Border, aligns: Bool
  ) throws -> [Weight] {
    let n = Double(length)
    var x = aligns ? (coordinate + 1) / 2 * (n - 1) : ((coordinate + 1) * n - 1) / 2
    guard abs(x) < farthest else {
      if border == .zeros { return [] }
      throw Refusal(.undefined, "a coordinate is no position")
    }
    let limits = aligns ? (0, n - 1) : (-0.5, n - 0.5)
    switch border {
    case .zeros: break
    case .border: x = min(max(x, 0), n - 1)
    case .reflection: x = reflected(x, limits)
    }
    let weights: [Weight] =
      switch mode {
      case "nearest": [(Int(x.rounded(.toNearestOrEven)), 1)]
      case "linear": linear(x)
      default: cubic(x, -0.75)
      }
    return weights.compactMap { weight in
      if (0..<length).contains(weight.element) { return weight }
      switch border {
      case .zeros: return nil
      case .border: return (min(max(weight.element, 0), length - 1), weight.weight)
      case .reflection: return (min(max(Int(reflected(Double(weight.element), limits)), 0), length - 1), weight.weight)
      }
    }
  }

  private static func reflected(_ x: Double, _ limits: (Double, Double)) -> Double {
    let range = limits.1 - limits.0
    if x >= limits.0 && x <= limits.1 { return x }
    guard range > 0 else { return limits.0 }
    let isBelow = x < limits.0
    let distance = isBelow ? limits.0 - x : x - limits.1
    let turns = (distance / range).rounded(.towardZero)
    let rest = distance - turns * range
    let isEven = turns.truncatingRemainder(dividingBy: 2) == 0
    return isEven == isBelow ? limits.0 + rest : limits.1 - rest
  }

  static func affineGrid(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let theta = try invocation.reals(0)
    guard let size = try invocation.integers(1), size.count == 4 || size.count == 5,
      theta.dimensions == [size[0], size.count - 2, size.count - 1], size.allSatisfy({ $0 >= 0 })
    else { throw Refusal(.undefined, "theta does not fit the size") }
    let rank = size.count - 2
    let dimensions = [size[0]] + size[2...] + [rank]
    let type = try invocation.operand(0).elementType
    _ = try invocation.admit(type, dimensions)
    let aligns = invocation.operation.flag("align_corners")
    var result = RealTensor(zeros: dimensions)
    IndexWalk.forEach(dimensions) { index, position in
      var sum = theta.elements[(index[0] * rank + index[rank + 1]) * (rank + 1) + rank]
      for axis in 0..<rank {
        let (n, at) = (Double(size[axis + 2]), Double(index[axis + 1]))
        let coordinate = aligns ? (n == 1 ? -1 : -1 + 2 * at / (n - 1)) : -1 + (2 * at + 1) / n
        sum += theta.elements[(index[0] * rank + index[rank + 1]) * (rank + 1) + rank - 1 - axis] * coordinate
      }
      result.elements[position] = sum
    }
    return [try invocation.make(type, result)]
  }
}
