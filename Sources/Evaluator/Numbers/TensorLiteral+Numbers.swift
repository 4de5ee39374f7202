import IR

extension TensorLiteral {
  /// Longer literals are weights: nobody holds their numbers all at once.
  private static let largestList = 1 << 18

  /// The elements as `Double`, which holds each exactly; `nil` where they are no floating-point numbers, or too many.
  package func realNumbers() throws -> [Double]? {
    guard elementType.numberKind == .real, elementCount <= Self.largestList else { return nil }
    return try withWindow(0..<elementCount) { bytes in
      (0..<elementCount).map { Double.load(bytes, $0, elementType) }
    }
  }

  /// A literal of `numbers`, each rounded to the nearest element.
  package static func of(
    _ numbers: [Double], _ type: ElementType, _ dimensions: [Int]
  ) throws -> TensorLiteral {
    let count = type.byteCount(elements: numbers.count) ?? 0
    let buffer = Buffer(count: count) { output in
      if type.bitWidth ?? 8 < 8 { output.initializeMemory(as: UInt8.self, repeating: 0) }
      for (index, number) in numbers.enumerated() { Double.store(number, output, index, type) }
    }
    return try TensorLiteral(type, dimensions, .bytes(ByteSlice(buffer)))
  }

  /// The number that all elements are, of whatever numeric type; `nil` where they differ (-0 and 0 do), where there is
  /// none, or where there are too many to look at.
  package func uniformNumber() throws -> Double? {
    guard elementCount > 0, let kind = elementType.numberKind else { return nil }
    let count = if case .splat = source { 1 } else { elementCount }
    guard count <= Self.largestList else { return nil }
    let first = try withWindow(0..<count) { bytes -> UInt64? in
      let first = Bits.load(bytes, 0, width: elementType.bitWidth ?? 8)
      let isUniform = (1..<count).allSatisfy { Bits.load(bytes, $0, width: elementType.bitWidth ?? 8) == first }
      return isUniform ? first : nil
    }
    guard let first else { return nil }
    return withUnsafeBytes(of: first) { bytes in
      switch kind {
      case .real: Double.load(bytes, 0, elementType)
      case .signed: Double(exactly: Int64.load(bytes, 0, elementType))
      case .unsigned: Double(exactly: UInt64.load(bytes, 0, elementType))
      }
    }
  }
}
