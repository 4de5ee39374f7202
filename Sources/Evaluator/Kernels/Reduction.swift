import IR

/// Operators that make one element of many: one loop, in the row-major order of the reduced axes.
enum Reduction {
  static let kernels: [Kernel] = [
    Kernel(
      .reduceMax,
      kernel(
        real: Rule(-.infinity) { Arithmetic.larger($0, $1) }, signed: Rule(.min) { max($0, $1) },
        unsigned: Rule(0) { max($0, $1) })),
    Kernel(
      .reduceMin,
      kernel(
        real: Rule(.infinity) { -Arithmetic.larger(-$0, -$1) }, signed: Rule(.max) { min($0, $1) },
        unsigned: Rule(.max) { min($0, $1) })),
    Kernel(
      .reduceSum, .exactForIntegers,
      kernel(real: Rule(0) { $0 + $1 }, signed: Rule(0) { $0 &+ $1 }, unsigned: Rule(0) { $0 &+ $1 })),
    Kernel(
      .reduceProd, .exactForIntegers,
      kernel(real: Rule(1) { $0 * $1 }, signed: Rule(1) { $0 &* $1 }, unsigned: Rule(1) { $0 &* $1 })),
    Kernel(
      .reduceSumSquare, .exactForIntegers,
      kernel(
        real: Rule(0) { $0 + $1 * $1 }, signed: Rule(0) { $0 &+ $1 &* $1 }, unsigned: Rule(0) { $0 &+ $1 &* $1 })),
    Kernel(
      .reduceL1, .exactForIntegers,
      kernel(
        real: Rule(0) { $0 + abs($1) }, signed: Rule(0) { $0 &+ ($1 < 0 ? 0 &- $1 : $1) },
        unsigned: Rule(0) { $0 &+ $1 })),
    Kernel(.reduceL2, .exactForIntegers, kernel(real: Rule(0, { $0 + $1 * $1 }) { sum, _ in sum.squareRoot() })),
    Kernel(.reduceMean, .exactForIntegers, kernel(real: Rule(0, { $0 + $1 }) { sum, count in sum / Double(count) })),
    Kernel(.reduceLogSum, .exactForIntegers, kernel(real: Rule(0, { $0 + $1 }) { sum, _ in RealMath.log(sum) })),
    Kernel(.reduceLogSumExp, .exactForIntegers, logSumExp),
    Kernel(.argMax) { try argument($0, largest: true) },
    Kernel(.argMin) { try argument($0, largest: false) },
  ]

  /// How elements of one kind of number become one.
  private struct Rule<N: Number>: Sendable {
    let initial: N
    let combine: @Sendable (N, N) -> N
    /// Makes the result out of what was combined, and how many there were.
    let finish: @Sendable (N, Int) -> N

    init(
      _ initial: N, _ combine: @escaping @Sendable (N, N) -> N,
      finish: @escaping @Sendable (N, Int) -> N = { result, _ in result }
    ) {
      self.initial = initial
      self.combine = combine
      self.finish = finish
    }
  }

  private static func kernel(real: Rule<Double>, signed: Rule<Int64>? = nil, unsigned: Rule<UInt64>? = nil)
    -> Kernel.Body
  {
    { invocation in
      let data = try invocation.operand(0)
      switch data.elementType.numberKind {
      case .real: return [try reduce(invocation, data, real)]
      case .signed: if let signed { return [try reduce(invocation, data, signed)] }
      case .unsigned: if let unsigned { return [try reduce(invocation, data, unsigned)] }
      case nil: break
      }
      throw Refusal(.unsupported, "\(invocation.operation.definition.name) of \(data.elementType.rawValue)")
    }
  }

  // MARK: The loop

  /// What the axes operand and the attributes say of a reduction.
  private struct Plan {
    /// Of the result.
    let dimensions: [Int]
    /// Steps through the operand from one result to the next.
    let kept: Traversal
    /// Steps through what becomes one result.
    let reduced: Layout
    /// How many elements become one.
    let count: Int

    init(_ data: TensorLiteral, axes: [Int], keepsDimensions: Bool) {
      var dimensions = data.dimensions
      var kept = Layout(data.dimensions)
      var reduced = kept
      for axis in data.dimensions.indices {
        let isReduced = axes.contains(axis)
        if isReduced { dimensions[axis] = 1 }
        kept = isReduced ? kept.sliced(axis, start: 0, count: 1) : kept
        reduced = isReduced ? reduced : reduced.sliced(axis, start: 0, count: 1)
      }
      let remaining = dimensions.indices.filter { !axes.contains($0) }
      self.dimensions = keepsDimensions ? dimensions : remaining.map { dimensions[$0] }
      self.kept = Traversal([kept])
      self.reduced = reduced
      count = Shapes.elementCount(axes.map { data.dimensions[$0] }) ?? 0
    }
  }

  private static func plan(_ invocation: Invocation, _ data: TensorLiteral) throws -> Plan {
    let rank = data.dimensions.count
    let given = try invocation.integers(1) ?? []
    let reducesNothing = given.isEmpty && invocation.operation.flag("noop_with_empty_axes")
    let axes = given.isEmpty && !reducesNothing ? Array(0..<rank) : try invocation.axes(given, rank: rank)
    try invocation.spend(data.elementCount)
    return Plan(data, axes: axes, keepsDimensions: invocation.operation.int("keepdims") ?? 1 != 0)
  }

  private static func reduce<N: Number>(_ invocation: Invocation, _ data: TensorLiteral, _ rule: Rule<N>) throws
    -> TensorLiteral
  {
    let plan = try plan(invocation, data)
    return try invocation.make(data.elementType, plan.dimensions) { output in
      try data.withWindow(0..<data.elementCount) { bytes in
        let inner = Traversal([plan.reduced])
        var index = 0
        plan.kept.forEachOffset { start in
          var result = rule.initial
          inner.forEachOffset { result = rule.combine(result, N.load(bytes, start + $0, data.elementType)) }
          N.store(rule.finish(result, plan.count), output, index, data.elementType)
          index += 1
        }
      }
    }
  }

  private static func logSumExp(_ invocation: Invocation) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    guard data.elementType.numberKind == .real else {
      throw Refusal(.unsupported, "ReduceLogSumExp of \(data.elementType.rawValue)")
    }
    let plan = try plan(invocation, data)
    return [
      try invocation.make(data.elementType, plan.dimensions) { output in
        try data.withWindow(0..<data.elementCount) { bytes in
          let inner = Traversal([plan.reduced])
          var index = 0
          plan.kept.forEachOffset { start in
            var largest = -Double.infinity
            inner.forEachOffset {
              largest = Arithmetic.larger(largest, Double.load(bytes, start + $0, data.elementType))
            }
            let shift = largest.isFinite ? largest : 0
            var sum = 0.0
            inner.forEachOffset { sum += RealMath.exp(Double.load(bytes, start + $0, data.elementType) - shift) }
            Double.store(shift + RealMath.log(sum), output, index, data.elementType)
            index += 1
          }
        }
      }
    ]
  }

  // MARK: Positions

  private static func argument(_ invocation: Invocation, largest: Bool) throws -> [TensorLiteral?] {
    let data = try invocation.operand(0)
    switch data.elementType.numberKind {
    case .real:
      return [
        try argument(invocation, data) { (a: Double, b: Double) in
          guard !a.isNaN, !b.isNaN else {
            // Where it is settled, the first NaN is it.
            if invocation.budget.settlesOpenResults { return a.isNaN && !b.isNaN }
            throw Refusal(.undefined, "NaN among the elements")
          }
          return largest ? a > b : a < b
        }
      ]
    case .signed: return [try argument(invocation, data) { (a: Int64, b: Int64) in largest ? a > b : a < b }]
    case .unsigned: return [try argument(invocation, data) { (a: UInt64, b: UInt64) in largest ? a > b : a < b }]
    case nil: throw Refusal(.unsupported, "the position among \(data.elementType.rawValue)")
    }
  }

  /// The position along the axis of the element that `isBetter` than all others: the first such, or the last.
  private static func argument<N: Number>(
    _ invocation: Invocation, _ data: TensorLiteral, _ isBetter: (N, N) throws -> Bool
  ) throws -> TensorLiteral {
    let axis = try invocation.axis(invocation.operation.int("axis") ?? 0, rank: data.dimensions.count)
    let takesLast = invocation.operation.flag("select_last_index")
    try invocation.spend(data.elementCount)
    let plan = Plan(data, axes: [axis], keepsDimensions: invocation.operation.int("keepdims") ?? 1 != 0)
    guard plan.count > 0 else { throw Refusal(.undefined, "there is no element to choose") }
    return try invocation.make(.int64, plan.dimensions) { output in
      try data.withWindow(0..<data.elementCount) { bytes in
        let stride = plan.reduced.strides[axis]
        var index = 0
        try plan.kept.forEachOffset { start in
          var (best, position) = (N.load(bytes, start, data.elementType), 0)
          for candidate in 1..<max(plan.count, 1) {
            let value = N.load(bytes, start + candidate * stride, data.elementType)
            let isWorse = try isBetter(best, value)
            if try isBetter(value, best) || (takesLast && !isWorse) { (best, position) = (value, candidate) }
          }
          Int64.store(Int64(position), output, index, .int64)
          index += 1
        }
      }
    }
  }
}
