/// The value of a constant tensor: its type and where its bytes come from. Weights are never copied: a literal is a
/// description.
package struct TensorLiteral: Hashable, Sendable {
  package let elementType: ElementType
  package let dimensions: [Int]
  package let source: TensorSource
  /// The product of the dimensions.
  package let elementCount: Int

  /// The largest part of a literal that any reader holds at once: fits a second-level cache beside its results.
  package static let windowBytes = 1 << 20

  /// - Throws: `ModelError` where a dimension is negative, the product overflows, or the source does not have exactly
  ///   the bytes that the type asks for.
  package init(_ elementType: ElementType, _ dimensions: [Int], _ source: TensorSource) throws {
    let count = try Self.elementCount(of: dimensions)
    try Self.check(source, elementType, dimensions, count)
    self.elementType = elementType
    self.dimensions = dimensions
    self.source = source
    self.elementCount = count
  }

  /// The literal whose packed elements are `bytes`.
  package init(_ elementType: ElementType, _ dimensions: [Int], bytes: [UInt8]) throws {
    try self.init(elementType, dimensions, .bytes(ByteSlice(bytes)))
  }

  /// A vector of integers, as shapes and axes are.
  package init(int64s values: [Int]) throws {
    try self.init(.int64, [values.count], bytes: values.map { Int64($0) }.withUnsafeBytes { Array($0) })
  }

  package var type: TensorType { TensorType(elementType, dimensions) }

  /// The bytes of the packed elements; 0 for strings.
  package var byteCount: Int { elementType.byteCount(elements: elementCount) ?? 0 }

  private static func elementCount(of dimensions: [Int]) throws -> Int {
    var count = 1
    for dimension in dimensions {
      guard dimension >= 0 else { throw ModelError(.invalidModel, "dimension \(dimension) is negative") }
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      guard !overflow else { throw ModelError(.invalidModel, "has more elements than can be counted: \(dimensions)") }
      count = product
    }
    return count
  }

  private static func check(_ source: TensorSource, _ type: ElementType, _ dimensions: [Int], _ count: Int) throws {
    if case .strings(let strings) = source {
      guard type == .string, strings.count == count else {
        throw ModelError(.invalidModel, "needs \(count) strings, the file holds \(strings.count)")
      }
      return
    }
    guard let needed = type.byteCount(elements: count) else {
      throw ModelError(.invalidModel, "has more elements than can be counted: \(dimensions)")
    }
    switch source {
    case .bytes(let slice):
      guard slice.count == needed else {
        throw ModelError(
          .invalidModel, "needs \(needed) bytes for \(type.rawValue)\(dimensions), the file holds \(slice.count) there")
      }
    case .splat(let bytes):
      guard bytes.count == type.byteCount(elements: 1) else {
        throw ModelError(.internalFailure, "a splat of \(type.rawValue) has \(bytes.count) bytes")
      }
    case .elementwise(_, let base):
      guard base.elementCount == count else {
        throw ModelError(.internalFailure, "a transform makes \(count) elements of \(base.elementCount)")
      }
    case .blocks(let blocks):
      guard blocks.byteCount == needed else {
        throw ModelError(
          .invalidModel,
          "needs \(needed) bytes for \(type.rawValue)\(dimensions), the file holds \(blocks.byteCount) there")
      }
    case .strings, .whole: break
    }
  }
}

/// A sparse tensor as ONNX has it: values, and where they are. ONNX SparseTensorProto.
package struct SparseLiteral: Hashable, Sendable {
  package let values: TensorLiteral
  package let indices: TensorLiteral
  package let dimensions: [Int]

  package init(values: TensorLiteral, indices: TensorLiteral, dimensions: [Int]) {
    self.values = values
    self.indices = indices
    self.dimensions = dimensions
  }

  package var type: TensorType { TensorType(values.elementType, dimensions) }
}
