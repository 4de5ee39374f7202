import IR
import Testing

@testable import Evaluator

/// The results of one operation, built for the occasion.
func evaluate(
  _ definition: OpDefinition, _ operands: [TensorLiteral?], _ attributes: Attributes = Attributes(), results: Int = 1,
  budget: Evaluator.Budget = .init(resultBytes: 1 << 20)
) throws -> [TensorLiteral?] {
  let module = Module(name: "m")
  let operation = Builder(module, at: .end(of: module.main)).insert(
    definition, operands: [], results: (0..<results).map { Builder.ResultSpecification(ByteString("r\($0)")) },
    attributes: attributes)
  return try Evaluator.evaluate(operation, operands: operands, budget: budget)
}

/// The one result of an operation with one.
func result(
  of definition: OpDefinition, _ operands: TensorLiteral?..., attributes: Attributes = Attributes(),
  budget: Evaluator.Budget = .init(resultBytes: 1 << 20)
) throws -> TensorLiteral {
  try #require(try evaluate(definition, operands, attributes, budget: budget)[0])
}

/// Why an operation is not evaluated.
func refusal(
  of definition: OpDefinition, _ operands: TensorLiteral?..., attributes: Attributes = Attributes(),
  budget: Evaluator.Budget = .init(resultBytes: 1 << 20)
) -> Refusal.Reason? {
  do {
    _ = try evaluate(definition, operands, attributes, budget: budget)
    return nil
  } catch {
    return (error as? Refusal)?.reason
  }
}

extension TensorLiteral {
  static func of<T: BitwiseCopyable>(_ type: ElementType, _ dimensions: [Int], _ values: [T]) throws -> TensorLiteral {
    try TensorLiteral(type, dimensions, bytes: values.withUnsafeBytes { Array($0) })
  }

  static func f32(_ dimensions: [Int], _ values: [Float]) throws -> TensorLiteral {
    try of(.float32, dimensions, values)
  }
  static func i64(_ dimensions: [Int], _ values: [Int64]) throws -> TensorLiteral { try of(.int64, dimensions, values) }
  static func i64(_ values: [Int64]) throws -> TensorLiteral { try i64([values.count], values) }
  static func i64(_ value: Int64) throws -> TensorLiteral { try i64([], [value]) }
  static func bools(_ dimensions: [Int], _ values: [Bool]) throws -> TensorLiteral { try of(.bool, dimensions, values) }

  /// The numbers 0, 1, 2 ...
  static func counting(_ dimensions: [Int]) throws -> TensorLiteral {
    try f32(dimensions, (0..<dimensions.reduce(1, *)).map { Float($0) })
  }

  func values<T: BitwiseCopyable>(_ type: T.Type) throws -> [T] {
    try withWindow(0..<elementCount) { bytes in
      (0..<elementCount).map { bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self) }
    }
  }

  var floats: [Float] { get throws { try values(Float.self) } }
  var ints: [Int64] { get throws { try values(Int64.self) } }
  var truths: [Bool] { get throws { try values(Bool.self) } }
}

/// Whether two floats are the same bits.
func same(_ a: [Float], _ b: [Float]) -> Bool { a.map(\.bitPattern) == b.map(\.bitPattern) }
