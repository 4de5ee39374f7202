import IR
import Testing

@testable import Evaluator

/// Fast kernels compute what the exact ones do, but for rounding, on any number of threads.
@Suite struct FastKernelTests {
  /// Numbers between -1 and 1 that look random.
  private func numbers(_ dimensions: [Int], _ seed: UInt64 = 1) throws -> TensorLiteral {
    var state = seed
    return try .f32(
      dimensions,
      (0..<dimensions.reduce(1, *)).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(state >> 40) / Float(1 << 23) - 1
      })
  }

  private func expectAlike(
    _ definition: OpDefinition, _ operands: [TensorLiteral?],
    _ given: [String: AttributeValue] = [:],
    location: SourceLocation = #_sourceLocation
  ) throws {
    var attributes = Attributes()
    for (name, value) in given { attributes[ByteString(name)] = value }
    let module = Module(name: "m")
    let operation = Builder(module, at: .end(of: module.main)).insert(
      definition, operands: [], results: [Builder.ResultSpecification("y")], attributes: attributes)
    let budget = Evaluator.Budget.running(bytes: 1 << 24)
    let exact = try #require(
      try Evaluator.evaluate(operation, operands: operands, budget: budget)[0])
    let fast = try #require(FastKernels.kernel(of: definition))
    for threads in 1...3 {
      let results = try fast(Invocation(operation, operands: operands, budget: budget), threads)
      let result = try #require(results?[0], sourceLocation: location)
      #expect(result.dimensions == exact.dimensions, sourceLocation: location)
      let distances = zip(try result.floats, try exact.floats).map {
        $0 == $1 ? 0 : abs($0 - $1) / max(abs($1), 1)
      }
      #expect(distances.allSatisfy { $0 < 2e-5 }, sourceLocation: location)
    }
  }

  @Test(arguments: [(1, 1, 1), (7, 33, 20), (6, 16, 256), (13, 300, 600), (40, 17, 257)])
  func products(_ rows: Int, _ columns: Int, _ depth: Int) throws {
    try expectAlike(.matMul, [numbers([rows, depth]), numbers([depth, columns], 2)])
    try expectAlike(.matMul, [numbers([2, 3, rows, depth]), numbers([3, depth, columns], 2)])
    try expectAlike(.matMul, [numbers([2, rows, depth]), numbers([depth, columns], 2)])
    try expectAlike(
      .gemm, [numbers([rows, depth]), numbers([depth, columns], 2), numbers([columns], 3)],
      ["beta": .float(0.5)])
    try expectAlike(
      .gemm, [numbers([depth, rows]), numbers([columns, depth], 2), nil],
      ["transA": .int(1), "transB": .int(1), "alpha": .float(2)])
  }

  @Test func productsOfNothingAreZero() throws {
    try expectAlike(.matMul, [numbers([3, 0]), numbers([0, 4])])
    try expectAlike(.matMul, [numbers([0, 3]), numbers([3, 4])])
  }

  @Test(
    arguments: [
      [:], ["pads": .ints([1, 2, 0, 1]), "strides": .ints([2, 1])],
      ["pads": .ints([3, 3, 3, 3]), "dilations": .ints([2, 3]), "strides": .ints([1, 2])],
      ["auto_pad": .string("SAME_UPPER"), "strides": .ints([2, 2])],
    ] as [[String: AttributeValue]])
  func convolutions(_ window: [String: AttributeValue]) throws {
    for (channels, filters, groups) in [(3, 7, 1), (6, 4, 2), (4, 4, 4), (4, 8, 4)] {
      let given = window.merging(["group": .int(Int64(groups))]) { $1 }
      let weight = try numbers([filters, channels / groups, 3, 3], 2)
      try expectAlike(
        .conv, [numbers([2, channels, 9, 11]), weight, numbers([filters], 3)], given)
    }
  }

  /// Three rows of four positions end as far behind where they begin as one row of as many lanes would.
  @Test func positionsOfSeveralRowsAreNoRow() throws {
    for (rows, columns) in [(5, 6), (9, 6), (4, 6), (6, 7)] {
      try expectAlike(.conv, [numbers([2, 3, rows, columns]), numbers([4, 3, 3, 3], 2)])
    }
  }

  @Test func paddingBeyondReasonIsLeftToTheExactKernel() throws {
    let far: Int64 = 900_000
    let given: Attributes = ["pads": .ints([far, far, far, far]), "strides": .ints([1 << 20, 1 << 20])]
    let y = try evaluate(
      .conv, [numbers([1, 1, 2, 2]), numbers([1, 1, 1, 1])], given, budget: .running(bytes: 1 << 20, threads: 2))
    #expect(try y[0]?.floats == [0, 0, 0, 0])
  }

  @Test func convolutionsOverOneAxisAndOfSinglePixels() throws {
    try expectAlike(
      .conv, [numbers([2, 3, 20]), numbers([5, 3, 4], 2)], ["pads": .ints([2, 1])])
    try expectAlike(.conv, [numbers([2, 5, 6, 7]), numbers([9, 5, 1, 1], 2), numbers([9], 3)])
    try expectAlike(
      .conv, [numbers([1, 5, 6, 7]), numbers([9, 5, 1, 1], 2)], ["strides": .ints([2, 2])])
  }

  @Test(arguments: [
    ([2, 3, 4], [2, 3, 4]), ([2, 3, 4], [4]), ([3, 1], [2, 1, 5]), ([], [2, 3]),
    ([2, 3, 4], [3, 1]),
  ])
  func operandsBroadcast(_ a: [Int], _ b: [Int]) throws {
    for definition in [OpDefinition.add, .sub, .mul, .div] {
      try expectAlike(definition, [numbers(a), numbers(b, 2)])
      try expectAlike(definition, [numbers(b, 2), numbers(a)])
    }
  }

  @Test func functionsOfOneNumber() throws {
    let x = try TensorLiteral.f32(
      [14], [-200, -20, -5, -2.9, -1, -1e-4, -0.0, 0, 1e-4, 0.3, 1, 2.5, 6, 30])
    for definition in [
      OpDefinition.relu, .erf, .tanh, .sigmoid, .hardSwish, .gelu, .leakyRelu, .hardSigmoid,
    ] {
      try expectAlike(definition, [x])
    }
    try expectAlike(.exp, [.f32([4], [-100, -0.7, 0, 60])])
    try expectAlike(.sqrt, [.f32([3], [0, 2, 1e30])])
    try expectAlike(.pow, [numbers([5]), .f32([], [2])])
    try expectAlike(.clip, [numbers([5]), .f32([], [-0.25]), nil])
  }

  @Test func whatIsNoNumberStaysSo() throws {
    let x = try TensorLiteral.f32([1], [.nan])
    for definition in [OpDefinition.relu, .erf, .tanh, .sigmoid, .exp, .gelu, .hardSwish] {
      #expect(
        try evaluate(definition, [x], budget: .running(bytes: 64, threads: 1))[0]?.floats[0].isNaN
          == true)
    }
    let pool = try evaluate(
      .maxPool, [.f32([1, 1, 3], [.nan, 1, 2])], attributes("kernel_shape", [2]),
      budget: .running(bytes: 64, threads: 1))
    #expect(try pool[0]?.floats.map(\.isNaN) == [true, false])
  }

  private func attributes(_ name: ByteString, _ values: [Int64]) -> Attributes {
    var attributes = Attributes()
    attributes[name] = .ints(values)
    return attributes
  }

  @Test func normalizations() throws {
    let parameters = try (2...5).map { try numbers([5], $0).shifted }
    try expectAlike(.batchNormalization, [numbers([2, 5, 3, 4])] + parameters)
    try expectAlike(.layerNormalization, [numbers([3, 37]), numbers([37], 2), numbers([37], 3)])
    try expectAlike(.layerNormalization, [numbers([3, 8]), numbers([8], 2)])
    try expectAlike(.softmax, [numbers([3, 37])])
  }

  @Test func pools() throws {
    let x = try numbers([2, 3, 9, 11])
    try expectAlike(
      .maxPool, [x],
      ["kernel_shape": .ints([3, 2]), "pads": .ints([1, 1, 0, 1]), "strides": .ints([2, 2])])
    try expectAlike(.averagePool, [x], ["kernel_shape": .ints([3, 2]), "strides": .ints([1, 2])])
    try expectAlike(.globalAveragePool, [x])
    try expectAlike(.reduceMean, [x, .i64([2, 3])], ["keepdims": .int(0)])
    try expectAlike(.reduceMean, [x, .i64([-1])])
  }
}

extension TensorLiteral {
  /// One more for each element.
  fileprivate var shifted: TensorLiteral {
    get throws { try .f32(dimensions, floats.map { $0 + 1.5 }) }
  }
}
