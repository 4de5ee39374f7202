extension ElementType {
  /// The types in the order of the numbers that ONNX's `TensorProto.DataType` gives them, from 1 on.
  ///
  /// Operators say types by these numbers too: Cast's `to`, RandomNormal's `dtype`.
  private static let byDataType: [ElementType] = ElementType.allCases.sorted { $0.dataType < $1.dataType }

  /// The type that ONNX numbers `dataType`; `nil` where it numbers none so.
  package init?(dataType: Int) {
    guard dataType >= 1, dataType <= Self.byDataType.count else { return nil }
    self = Self.byDataType[dataType - 1]
  }

  /// The number that ONNX gives the type.
  package var dataType: Int {
    switch self {
    case .float32: 1
    case .uint8: 2
    case .int8: 3
    case .uint16: 4
    case .int16: 5
    case .int32: 6
    case .int64: 7
    case .string: 8
    case .bool: 9
    case .float16: 10
    case .float64: 11
    case .uint32: 12
    case .uint64: 13
    case .complex64: 14
    case .complex128: 15
    case .bfloat16: 16
    case .float8e4m3fn: 17
    case .float8e4m3fnuz: 18
    case .float8e5m2: 19
    case .float8e5m2fnuz: 20
    case .uint4: 21
    case .int4: 22
    case .float4e2m1: 23
    case .float8e8m0: 24
    case .uint2: 25
    case .int2: 26
    case .float6e2m3: 27
    case .float6e3m2: 28
    }
  }
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
