import IR

/// Operators that make elements out of shapes, counts and positions.
enum Generation {
  static let kernels: [Kernel] = [
    Kernel(.shape, shape),
    Kernel(.size) { [try $0.make([$0.operand(0).elementCount], [])] },
    Kernel(.constantOfShape, constantOfShape),
    Kernel(.range, .exactForIntegers, range),
    Kernel(.oneHot, oneHot),
    Kernel(.eyeLike, eyeLike),
  ]

  private static func shape(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let dimensions = try invocation.operand(0).dimensions
    let rank = dimensions.count
    func clamped(_ position: Int) -> Int { min(max(position < 0 ? position &+ rank : position, 0), rank) }
    let start = clamped(invocation.operation.int("start") ?? 0)
    let end = max(clamped(invocation.operation.int("end") ?? rank), start)
    return [try invocation.make(Array(dimensions[start..<end]), [end - start])]
  }

  private static func constantOfShape(_ invocation: Invocation) throws -> [TensorLiteral?] {
    guard let dimensions = try invocation.integers(0) else { throw Refusal(.unsupported, "there is no shape") }
    guard dimensions.allSatisfy({ $0 >= 0 }) else { throw Refusal(.undefined, "the shape \(dimensions) is negative") }
    let value = try invocation.operation.tensor("value") ?? TensorLiteral(.float32, [], .splat([0, 0, 0, 0]))
    guard value.elementCount == 1, value.elementType.bitWidth != nil else {
      throw Refusal(.unsupported, "the value is not one number")
    }
    _ = try invocation.admit(value.elementType, dimensions)
    return [try TensorLiteral(value.elementType, dimensions, .splat(try value.smallBytes()))]
  }

  private static func range(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let parts = [try invocation.operand(0), try invocation.operand(1), try invocation.operand(2)]
    let type = parts[0].elementType
    guard parts.allSatisfy({ $0.elementCount == 1 && $0.elementType == type }) else {
      throw Refusal(.undefined, "start, limit and delta are not numbers of one type")
    }
    return try withBytes(of: parts[...]) { bytes in
      switch type.numberKind {
      case .real:
        let numbers = bytes.map { Double.load($0, 0, type) }
        return [try realRange(invocation, type, numbers[0], numbers[1], numbers[2])]
      case .signed:
        let numbers = bytes.map { Int(Int64.load($0, 0, type)) }
        return [try integerRange(invocation, type, numbers[0], numbers[1], numbers[2])]
      case .unsigned, nil: throw Refusal(.unsupported, "a range of \(type.rawValue)")
      }
    }
  }

  private static func realRange(
    _ invocation: Invocation, _ type: ElementType, _ start: Double, _ limit: Double, _ delta: Double
  ) throws -> TensorLiteral {
    let length = ((limit - start) / delta).rounded(.up)
    guard delta != 0, length.isFinite else {
      throw Refusal(.undefined, "a range from \(start) to \(limit) by \(delta)")
    }
    guard length < 0x1p52 else { throw Refusal(.overBudget, "a range of \(length) elements") }
    let count = max(Int(length), 0)
    return try invocation.make(type, [count]) { output in
      for index in 0..<count { Double.store(start + Double(index) * delta, output, index, type) }
    }
  }

  private static func integerRange(
    _ invocation: Invocation, _ type: ElementType, _ start: Int, _ limit: Int, _ delta: Int
  ) throws -> TensorLiteral {
    let (distance, overflow) = limit.subtractingReportingOverflow(start)
    guard delta != 0, !overflow else { throw Refusal(.undefined, "a range from \(start) to \(limit) by \(delta)") }
    let goesTowards = distance != 0 && (distance < 0) == (delta < 0)
    let length = goesTowards ? (distance.magnitude - 1) / delta.magnitude + 1 : 0
    let count = Int(clamping: length)
    return try invocation.make(type, [count]) { output in
      for index in 0..<count { Int64.store(Int64(start &+ index &* delta), output, index, type) }
    }
  }

  private static func oneHot(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let (indices, values) = (try invocation.operand(0), try invocation.operand(2))
    let depths = try invocation.numbers(1).elements
    guard depths.count == 1, depths[0] >= 0, depths[0] < 0x1p40, values.elementCount == 2,
      let width = values.elementType.bitWidth, width >= 8, width <= 64
    else { throw Refusal(.undefined, "a depth that is no length, or values that are not two") }
    let depth = Int(depths[0])
    let positions = try invocation.numbers(0).elements
    let rank = indices.dimensions.count + 1
    let axis = try invocation.axis(invocation.operation.int("axis") ?? -1, rank: rank)
    var dimensions = indices.dimensions
    dimensions.insert(depth, at: axis)
    _ = try invocation.admit(values.elementType, dimensions)
    guard let inner = Shapes.elementCount(Array(dimensions[(axis + 1)...])) else {
      throw Refusal(.overBudget, "the dimensions are too large")
    }
    return [
      try invocation.make(values.elementType, dimensions) { output in
        try values.withWindow(0..<2) { bytes in
          StridedMove.fill(output, with: Array(bytes.prefix(width / 8)))
          let on = Bits.load(bytes, 1, width: width)
          for (position, index) in positions.enumerated() {
            guard index >= Double(-depth), index < Double(depth) else { continue }
            let hot = index < 0 ? Int(index) + depth : Int(index)
            Bits.store(on, output, (position / inner * depth + hot) * inner + position % inner, width: width)
          }
        }
      }
    ]
  }

  private static func eyeLike(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let like = try invocation.operand(0)
    guard like.dimensions.count == 2 else { throw Refusal(.undefined, "EyeLike of rank \(like.dimensions.count)") }
    let type = try Conversion.elementType(named: "dtype", invocation) ?? like.elementType
    let diagonal = invocation.operation.int("k") ?? 0
    let (rows, columns) = (like.dimensions[0], like.dimensions[1])
    return [
      try invocation.make(type, like.dimensions) { output in
        output.initializeMemory(as: UInt8.self, repeating: 0)
        for row in 0..<rows {
          let (column, overflow) = row.addingReportingOverflow(diagonal)
          guard !overflow, column >= 0, column < columns else { continue }
          switch type.numberKind {
          case .real: Double.store(1, output, row * columns + column, type)
          case .signed, .unsigned: UInt64.store(1, output, row * columns + column, type)
          case nil: throw Refusal(.unsupported, "EyeLike of \(type.rawValue)")
          }
        }
      }
    ]
  }
}
