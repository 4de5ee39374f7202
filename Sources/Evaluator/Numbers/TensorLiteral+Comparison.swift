import IR

extension Evaluator {
  /// The decimal logarithm.
  package static func log10(_ x: Double) -> Double { RealMath.log(x) / 2.30258509299404568402 }
}

extension TensorLiteral {
  /// Calls `body` with the elements at each position of this and `other`, which has the same type and dimensions, as
  /// numbers. The parts of complex elements are elements here.
  ///
  /// - Throws: `ModelError` where bytes cannot be had.
  package func forEachPair(with other: TensorLiteral, _ body: (Double, Double) -> Void) throws {
    let parts: (ElementType, Int) =
      switch elementType {
      case .complex64: (.float32, 2)
      case .complex128: (.float64, 2)
      default: (elementType, 1)
      }
    for range in windows() {
      try withWindow(range) { mine in
        try other.withWindow(range) { others in
          for index in 0..<range.count * parts.1 {
            body(Self.number(mine, index, parts.0), Self.number(others, index, parts.0))
          }
        }
      }
    }
  }

  private static func number(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ type: ElementType) -> Double {
    switch type.numberKind {
    case .signed: Double(Int64.load(bytes, index, type))
    case .unsigned: Double(UInt64.load(bytes, index, type))
    case .real, nil: Double.load(bytes, index, type)
    }
  }

  /// A literal of whole numbers, each as an element of the integer type `type`.
  package static func ofWhole(_ numbers: [Double], _ type: ElementType, _ dimensions: [Int]) throws -> TensorLiteral {
    let buffer = Buffer(count: type.byteCount(elements: numbers.count) ?? 0) { output in
      output.initializeMemory(as: UInt8.self, repeating: 0)
      for (index, number) in numbers.enumerated() {
        Int64.store(type == .bool ? (number == 0 ? 0 : 1) : Int64(limiting: number), output, index, type)
      }
    }
    return try TensorLiteral(type, dimensions, .bytes(ByteSlice(buffer)))
  }
}
