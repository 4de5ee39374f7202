import IR

/// What lowerings of any source build with. Whatever it takes to build the IR's operations is said once for all of them,
/// in extensions.
protocol LoweringContext {
  var builder: GraphBuilder { get }

  /// Appends an operation and returns its results.
  func ops(
    _ definition: OpDefinition, _ operands: [Value?], _ attributes: Attributes, results: Int,
    regions: [Operation.Region]
  ) throws -> [Value]

  /// One that builds a graph inside of an operation.
  func inside(_ region: GraphBuilder) throws -> Self

  // MARK: Types, where they are known

  func rank(_ value: Value) throws -> Int
  func shape(_ value: Value) throws -> Shape
  func elementType(_ value: Value) throws -> ElementType
}
