import Evaluator
import IR
import Testing

/// The outputs of the main graph for `arguments`, by the reference kernels.
func outputs(of module: Module, for arguments: [TensorLiteral]) throws -> [TensorLiteral] {
  var known: [Value: TensorLiteral] = [:]
  for (argument, literal) in zip(module.main.arguments, arguments) { known[argument] = literal }
  let budget = Evaluator.Budget(resultBytes: 1 << 24, work: .init(1 << 30))
  for operation in module.main.operations {
    if operation.is(.return) { return try operation.operands.map { try #require($0.flatMap { known[$0] }) } }
    if let literal = operation.literal {
      if let result = operation.result() { known[result] = literal }
      continue
    }
    let results = try Evaluator.evaluate(
      operation, operands: operation.operands.map { $0.flatMap { known[$0] } }, budget: budget)
    for case (let value?, let literal?) in zip(operation.results, results) { known[value] = literal }
  }
  return []
}

extension TensorLiteral {
  /// Numbers between -1 and 1 that look random and are always the same.
  static func noise(_ dimensions: [Int], seed: UInt64 = 1) throws -> TensorLiteral {
    var state = seed
    let numbers = (0..<dimensions.reduce(1, *)).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(Int64(bitPattern: state) >> 33) / Double(1 << 30)
    }
    return try of(numbers, .float32, dimensions)
  }
}

/// The largest difference between the outputs of two modules for noise, relative to the largest output.
func largestDifference(between a: Module, and b: Module) throws -> Double {
  let arguments = try a.main.arguments.enumerated().map { index, argument in
    try TensorLiteral.noise(try #require(argument.tensorType?.shape?.knownDimensions), seed: UInt64(index + 7))
  }
  var (difference, largest) = (0.0, 0.0)
  for (x, y) in zip(try outputs(of: a, for: arguments), try outputs(of: b, for: arguments)) {
    #expect(x.dimensions == y.dimensions)
    for (p, q) in zip(try #require(try x.realNumbers()), try #require(try y.realNumbers())) {
      difference = max(difference, abs(p - q))
      largest = max(largest, abs(p))
    }
  }
  return difference / largest
}
