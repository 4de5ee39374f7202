import IR

/// Operators that treat every line along one axis alike and keep the shape.
enum Scan {
  static let kernels: [Kernel] = [
    Kernel(.cumSum, .exactForIntegers) { [try cumulate($0, (0, { $0 + $1 }), (0, { $0 &+ $1 }), (0, { $0 &+ $1 }))] },
    Kernel(.cumProd, .exactForIntegers) { [try cumulate($0, (1, { $0 * $1 }), (1, { $0 &* $1 }), (1, { $0 &* $1 }))] },
    Kernel(.hardmax, hardmax),
    Kernel(.softmax, .exactForIntegers) { [try softmax($0) { shifted, sum in RealMath.exp(shifted) / sum }] },
    Kernel(.logSoftmax, .exactForIntegers) { [try softmax($0) { shifted, sum in shifted - RealMath.log(sum) }] },
  ]

  /// Calls `body` for each line along `axis` with its first position and the distance between positions.
  static func forEachLine(
    _ data: TensorLiteral, along axis: Int, _ body: (_ start: Int, _ stride: Int) throws -> Void
  ) rethrows {
    let layout = Layout(data.dimensions)
    try Traversal([layout.sliced(axis, start: 0, count: min(data.dimensions[axis], 1))]).forEachOffset {
      try body($0, layout.strides[axis])
    }
  }

  /// What a running result begins with, and how an element is taken in.
  private typealias Rule<N> = (initial: N, combine: (N, N) -> N)

  private static func cumulate(
    _ invocation: Invocation, _ real: Rule<Double>, _ signed: Rule<Int64>, _ unsigned: Rule<UInt64>
  ) throws -> TensorLiteral {
    let data = try invocation.operand(0)
    switch data.elementType.numberKind {
    case .real: return try accumulate(invocation, data, real.initial, real.combine)
    case .signed: return try accumulate(invocation, data, signed.initial, signed.combine)
    case .unsigned: return try accumulate(invocation, data, unsigned.initial, unsigned.combine)
    case nil: throw Refusal(.unsupported, "running results of \(data.elementType.rawValue)")
    }
  }

  /// 1 for the first of the largest elements of a line, 0 for all others.
  private static func hardmax(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    guard data.elementType.numberKind == .real else {
      throw Refusal(.unsupported, "Hardmax of \(data.elementType.rawValue)")
    }
    let axis = try invocation.axis(invocation.operation.int("axis") ?? -1, rank: data.dimensions.count)
    let length = data.dimensions[axis]
    return [
      try invocation.make(data.elementType, data.dimensions) { output in
        output.initializeMemory(as: UInt8.self, repeating: 0)
        try data.withWindow(0..<data.elementCount) { bytes in
          forEachLine(data, along: axis) { start, stride in
            func element(_ step: Int) -> Double { Double.load(bytes, start + step * stride, data.elementType) }
            let best = (1..<max(length, 1)).reduce(0) { element($1) > element($0) ? $1 : $0 }
            if length > 0 { Double.store(1, output, start + best * stride, data.elementType) }
          }
        }
      }
    ]
  }

  private static func accumulate<N: Number>(
    _ invocation: Invocation, _ data: TensorLiteral, _ zero: N, _ add: (N, N) -> N
  ) throws -> TensorLiteral {
    guard let given = try invocation.integer(1) else { throw Refusal(.unsupported, "there is no axis") }
    let axis = try invocation.axis(given, rank: data.dimensions.count)
    let isExclusive = invocation.operation.flag("exclusive")
    let isReverse = invocation.operation.flag("reverse")
    let length = data.dimensions[axis]
    return try invocation.make(data.elementType, data.dimensions) { output in
      try data.withWindow(0..<data.elementCount) { bytes in
        forEachLine(data, along: axis) { start, stride in
          var sum = zero
          for step in 0..<length {
            let position = start + (isReverse ? length - 1 - step : step) * stride
            let next = add(sum, N.load(bytes, position, data.elementType))
            N.store(isExclusive ? sum : next, output, position, data.elementType)
            sum = next
          }
        }
      }
    }
  }

  /// `result` makes an element out of its distance to the line's largest and the sum of the line's exponentials.
  private static func softmax(
    _ invocation: Invocation, _ result: (_ shifted: Double, _ sum: Double) -> Double
  ) throws -> TensorLiteral {
    let data = try invocation.operand(0)
    guard data.elementType.numberKind == .real else {
      throw Refusal(.unsupported, "Softmax of \(data.elementType.rawValue)")
    }
    let axis = try invocation.axis(invocation.operation.int("axis") ?? -1, rank: data.dimensions.count)
    let length = data.dimensions[axis]
    return try invocation.make(data.elementType, data.dimensions) { output in
      try data.withWindow(0..<data.elementCount) { bytes in
        forEachLine(data, along: axis) { start, stride in
          func element(_ step: Int) -> Double { Double.load(bytes, start + step * stride, data.elementType) }
          let largest = (0..<length).reduce(-Double.infinity) { Arithmetic.larger($0, element($1)) }
          let sum = (0..<length).reduce(0) { $0 + RealMath.exp(element($1) - largest) }
          for step in 0..<length {
            Double.store(result(element(step) - largest, sum), output, start + step * stride, data.elementType)
          }
        }
      }
    }
  }
}
