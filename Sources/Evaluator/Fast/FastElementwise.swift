import IR

/// A function of one single-precision number.
protocol FloatFunction: Sendable {
  func callAsFunction(_ x: Float) -> Float
}

/// A function of two single-precision numbers.
protocol FloatCombination: Sendable {
  static func apply(_ a: Float, _ b: Float) -> Float
}

/// Elementwise operators of single precision: one loop for each shape of operands, compiled for each function.
enum FastElementwise {
  static let kernels: [(OpDefinition, FastKernels.Body)] = [
    combination(.add, Sum.self), combination(.sub, Difference.self),
    combination(.mul, Product.self),
    combination(.div, Quotient.self),
    (.pow, power),
    function(.relu) { _ in Relu() }, function(.erf) { _ in Erf() }, function(.tanh) { _ in Tanh() },
    function(.sigmoid) { _ in Sigmoid() }, function(.exp) { _ in Exponential() },
    function(.sqrt) { _ in Root() },
    function(.hardSwish) { _ in HardSwish() },
    function(.hardSigmoid) { operation -> HardSigmoid? in
      guard let slope = operation.float("alpha"), let offset = operation.float("beta") else {
        return nil
      }
      return HardSigmoid(slope: slope, offset: offset)
    },
    function(.leakyRelu) { $0.float("alpha").map { LeakyRelu(slope: $0) } },
    function(.gelu) { $0.string("approximate") == "tanh" ? nil : Gelu() },
    (.clip, clip),
  ]

  // MARK: Functions

  private struct Relu: FloatFunction {
    @inline(__always) func callAsFunction(_ x: Float) -> Float { x < 0 ? 0 : x }
  }
  private struct Erf: FloatFunction {
    @inline(__always) func callAsFunction(_ x: Float) -> Float { SingleMath.erf(x) }
  }
  private struct Tanh: FloatFunction {
    @inline(__always) func callAsFunction(_ x: Float) -> Float { SingleMath.tanh(x) }
  }
  private struct Sigmoid: FloatFunction {
    @inline(__always) func callAsFunction(_ x: Float) -> Float { SingleMath.sigmoid(x) }
  }
  private struct Exponential: FloatFunction {
    @inline(__always) func callAsFunction(_ x: Float) -> Float { SingleMath.exp(x) }
  }
  private struct Root: FloatFunction {
    @inline(__always) func callAsFunction(_ x: Float) -> Float { x.squareRoot() }
  }
  private struct Square: FloatFunction {
    @inline(__always) func callAsFunction(_ x: Float) -> Float { x * x }
  }
  private struct HardSigmoid: FloatFunction {
    let slope: Float
    let offset: Float
    @inline(__always) func callAsFunction(_ x: Float) -> Float {
      let y = slope * x + offset
      return y < 0 ? 0 : y > 1 ? 1 : y
    }
  }
  private struct HardSwish: FloatFunction {
    @inline(__always) func callAsFunction(_ x: Float) -> Float {
      x * HardSigmoid(slope: 1 / 6, offset: 0.5)(x)
    }
  }
  private struct LeakyRelu: FloatFunction {
    let slope: Float
    @inline(__always) func callAsFunction(_ x: Float) -> Float { x < 0 ? slope * x : x }
  }
  private struct Gelu: FloatFunction {
    @inline(__always) func callAsFunction(_ x: Float) -> Float {
      0.5 * x * (1 + SingleMath.erf(x * 0.707_106_77))
    }
  }
  private struct Clip: FloatFunction {
    let low: Float
    let high: Float
    @inline(__always) func callAsFunction(_ x: Float) -> Float {
      let y = x < low ? low : x
      return y > high ? high : y
    }
  }

  private enum Sum: FloatCombination {
    @inline(__always) static func apply(_ a: Float, _ b: Float) -> Float { a + b }
  }
  private enum Difference: FloatCombination {
    @inline(__always) static func apply(_ a: Float, _ b: Float) -> Float { a - b }
  }
  private enum Product: FloatCombination {
    @inline(__always) static func apply(_ a: Float, _ b: Float) -> Float { a * b }
  }
  private enum Quotient: FloatCombination {
    @inline(__always) static func apply(_ a: Float, _ b: Float) -> Float { a / b }
  }

  // MARK: One operand

  private static func function<F: FloatFunction>(
    _ definition: OpDefinition, _ make: @escaping @Sendable (Operation) -> F?
  ) -> (OpDefinition, FastKernels.Body) {
    (
      definition,
      { invocation, threads in
        guard invocation.areFloats([0]), let function = make(invocation.operation) else {
          return nil
        }
        return [try map(invocation, invocation.operand(0), function, threads)]
      }
    )
  }

  private static func map(
    _ invocation: Invocation, _ x: TensorLiteral, _ function: some FloatFunction, _ threads: Int
  ) throws -> TensorLiteral {
    try invocation.makeFloats(x.dimensions) { result in
      try invocation.withFloats([x]) { floats in
        let source = floats[0]
        try invocation.forEachPart(x.elementCount, cost: 1, threads: threads) { part in
          for index in part { result.base[index] = function(source.base[index]) }
        }
      }
    }
  }

  @Sendable private static func clip(_ invocation: Invocation, _ threads: Int) throws
    -> [TensorLiteral?]?
  {
    func limit(_ index: Int) throws -> Float? {
      guard let literal = invocation[optional: index] else {
        return index == 1 ? -.infinity : .infinity
      }
      guard literal.elementType == .float32, literal.elementCount == 1 else { return nil }
      return try invocation.withFloats([literal]) { $0[0].base[0] }
    }
    guard invocation.areFloats([0]), let low = try limit(1), let high = try limit(2) else {
      return nil
    }
    return [try map(invocation, invocation.operand(0), Clip(low: low, high: high), threads)]
  }

  /// Squares and square roots, which models say as powers.
  @Sendable private static func power(_ invocation: Invocation, _ threads: Int) throws
    -> [TensorLiteral?]?
  {
    guard invocation.areFloats([0]), let exponent = try invocation.operand(1).uniformNumber(),
      try invocation.operand(1).elementCount == 1,
      try invocation.operand(1).dimensions.count <= invocation.operand(0).dimensions.count
    else { return nil }
    if exponent == 2 { return [try map(invocation, invocation.operand(0), Square(), threads)] }
    return nil
  }

  // MARK: Two operands

  private static func combination<C: FloatCombination>(
    _ definition: OpDefinition, _ combination: C.Type
  ) -> (OpDefinition, FastKernels.Body) {
    (
      definition,
      { invocation, threads in
        guard invocation.areFloats(0...1) else { return nil }
        let (a, b) = (try invocation.operand(0), try invocation.operand(1))
        guard let dimensions = Shapes.broadcast(a.dimensions, b.dimensions) else { return nil }
        return [
          try invocation.makeFloats(dimensions) { result in
            try invocation.withFloats([a, b]) { floats in
              try combine(
                combination, invocation, (floats[0], Layout(a.dimensions)),
                (floats[1], Layout(b.dimensions)),
                dimensions, to: result, threads)
            }
          }
        ]
      }
    )
  }

  /// The first axis is shared out among threads.
  private static func combine<C: FloatCombination>(
    _ combination: C.Type, _ invocation: Invocation, _ a: (Floats, Layout), _ b: (Floats, Layout),
    _ dimensions: [Int],
    to result: MutableFloats, _ threads: Int
  ) throws {
    let layouts = [a.1, b.1].map { $0.broadcast(to: dimensions) } + [Layout(dimensions)]
    let (left, right) = (a.0, b.0)
    let axis = dimensions.firstIndex { $0 > 1 } ?? 0
    let length = dimensions.isEmpty ? 1 : dimensions[axis]
    let cost = dimensions.reduce(1, *) / max(length, 1)
    try invocation.forEachPart(length, cost: cost, threads: threads) { part in
      let own =
        dimensions.isEmpty
        ? layouts : layouts.map { $0.sliced(axis, start: part.lowerBound, count: part.count) }
      let traversal = Traversal(own)
      let (stepA, stepB, step) = (
        traversal.rowSteps[0], traversal.rowSteps[1], traversal.rowSteps[2]
      )
      traversal.forEachRow { offsets in
        let (a, b, y) = (left.base + offsets[0], right.base + offsets[1], result.base + offsets[2])
        let length = traversal.rowLength
        switch (stepA, stepB, step) {
        case (1, 1, 1): for index in 0..<length { y[index] = C.apply(a[index], b[index]) }
        case (1, 0, 1):
          let other = b[0]
          for index in 0..<length { y[index] = C.apply(a[index], other) }
        case (0, 1, 1):
          let other = a[0]
          for index in 0..<length { y[index] = C.apply(other, b[index]) }
        default:
          for index in 0..<length { y[index * step] = C.apply(a[index * stepA], b[index * stepB]) }
        }
      }
    }
  }
}
