extension ElementType {
  /// The types in the order of the numbers that ONNX's `TensorProto.DataType` gives them, from 1 on.
  ///
  /// Operators say types by these numbers too: Cast's `to`, RandomNormal's `dtype`.
  private static let byDataType: [ElementType] = [
    .float32, .uint8, .int8, .uint16, .int16, .int32, .int64, .string, .bool, .float16, .float64, .uint32, .uint64,
    .complex64, .complex128, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .uint4, .int4,
    .float4e2m1, .float8e8m0, .uint2, .int2, .float6e2m3, .float6e3m2,
  ]

  private static let dataTypes: [ElementType: Int] = Dictionary(
    uniqueKeysWithValues: zip(byDataType, 1...))

  /// The type that ONNX numbers `dataType`; `nil` where it numbers none so.
  package init?(dataType: Int) {
    guard dataType >= 1, dataType <= Self.byDataType.count else { return nil }
    self = Self.byDataType[dataType - 1]
  }

  /// The number that ONNX gives the type.
  package var dataType: Int { Self.dataTypes[self] ?? 0 }
}

extension TypeInference {
  /// The element type that the integer attribute `name` says; `nil` where the attribute is absent or 0.
  ///
  /// - Throws: `ModelError` where ONNX has no such type, or it is not one of `types`.
  package func elementType(attribute name: ByteString, _ types: ElementTypes = .any) throws -> ElementType? {
    guard let number = operation.int(name), number != 0 else { return nil }
    guard let type = ElementType(dataType: number), types.contains(type) else {
      throw ModelError(.invalidModel, "attribute '\(name.text)' is \(number): no element type that is allowed there")
    }
    return type
  }
}
