import IR

extension ElementType {
  /// The types that TensorFlow's `DataType` numbers and ONNX has, too. Quantized types are stored as plain integers.
  private static let byTensorFlowNumber: [Int: ElementType] = [
    1: .float32, 2: .float64, 3: .int32, 4: .uint8, 5: .int16, 6: .int8, 7: .string, 8: .complex64, 9: .int64,
    10: .bool, 14: .bfloat16, 17: .uint16, 18: .complex128, 19: .float16, 22: .uint32, 23: .uint64,
    24: .float8e5m2, 25: .float8e4m3fn,
  ]

  /// The type that TensorFlow numbers `number`; variables of its first version number theirs from 100 on.
  ///
  /// - Throws: `ModelError` where it is no type of dense tensors, or one that ONNX has not.
  package init(tensorFlow number: Int) throws {
    guard let type = Self.byTensorFlowNumber[number > 100 ? number - 100 : number] else {
      let name = [20: "resource", 21: "variant"][number] ?? "type \(number) of TensorFlow"
      throw ModelError(.invalidModel, "is of \(name), which is no tensor that ONNX knows")
    }
    self = type
  }
}
