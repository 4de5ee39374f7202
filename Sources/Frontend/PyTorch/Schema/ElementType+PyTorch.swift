import IR

extension ElementType {
  private static let byScalarType: [Int: ElementType] = [
    1: .uint8, 2: .int8, 3: .int16, 4: .int32, 5: .int64, 6: .float16, 7: .float32, 8: .float64, 10: .complex64,
    11: .complex128, 12: .bool, 13: .bfloat16, 28: .uint16, 29: .float8e4m3fn, 30: .float8e5m2, 31: .float8e4m3fnuz,
    32: .float8e5m2fnuz, 33: .float8e8m0, 34: .uint32, 35: .uint64,
  ]

  /// The type that the schema of exported programs numbers so.
  ///
  /// - Throws: `ModelError` where it is none of those that the IR has.
  init(scalarType: Int) throws {
    guard let type = Self.byScalarType[scalarType] else {
      throw ModelError(
        .invalidModel, "uses the element type \(scalarType) of PyTorch's schema, which mcc does not know")
    }
    self = type
  }

  var isFloat: Bool { ElementTypes.float.contains(self) || ElementTypes.float8.contains(self) }
  var isComplex: Bool { ElementTypes.complex.contains(self) }
  var isInteger: Bool { ElementTypes.integer.contains(self) }
  /// An integer or a truth value.
  /// The type of the real and the imaginary part of complex numbers, and of real ones themselves.
  var ofParts: ElementType { self == .complex64 ? .float32 : self == .complex128 ? .float64 : self }

  var isIntegral: Bool { isInteger || self == .bool }
}
