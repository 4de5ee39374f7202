extension ElementType {
  /// The element types at the numbers by which attributes such as Cast's `to` name them. ONNX TensorProto.DataType.
  private static let byCode: [ElementType?] = [
    nil, .float32, .uint8, .int8, .uint16, .int16, .int32, .int64, .string, .bool, .float16, .float64, .uint32, .uint64,
    .complex64, .complex128, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .uint4, .int4,
    .float4e2m1, .float8e8m0, .uint2, .int2, .float6e2m3, .float6e3m2,
  ]

  /// The element type that attributes call `code`; `nil` where there is none.
  package init?(code: Int) {
    guard Self.byCode.indices.contains(code), let type = Self.byCode[code] else { return nil }
    self = type
  }

  /// The number by which attributes name this element type.
  package var code: Int { Self.byCode.firstIndex(of: self) ?? 0 }
}
