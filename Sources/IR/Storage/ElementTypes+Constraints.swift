/// The sets that many operators' constraints have in common.
extension ElementTypes {
  /// All but the formats that only casts and quantization know.
  package static let storable = any.subtracting(ElementTypes(.float6e2m3, .float6e3m2))
  /// The types that data movement has taken since ONNX began: no eight-bit floats, nothing below a byte.
  package static let classic: ElementTypes = [.float, .integer, .complex, .bool, .string]
  /// Floats, and the integers that sums and products are taken of.
  package static let accumulable: ElementTypes = [.float, ElementTypes(.int64, .int32, .uint64, .uint32)]
  /// `numeric` without bfloat16.
  package static let numericBeforeBFloat16 = numeric.subtracting(ElementTypes(.bfloat16))
}

/// The sets that quantization is made of.
extension ElementTypes {
  package static let float32 = ElementTypes(.float32)
  package static let int32 = ElementTypes(.int32)
  /// What eight-bit integer arithmetic takes.
  package static let byte = ElementTypes(.int8, .uint8)
  /// The floats that scales, and operators made for accelerators, take.
  package static let halfOrSingle = ElementTypes(.float32, .float16, .bfloat16)
  /// What a tensor may be quantized to.
  package static let quantized: ElementTypes = [.byte, .float8, .subByte, ElementTypes(.int16, .uint16)]
}
