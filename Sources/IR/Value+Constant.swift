extension Value {
  /// The elements, where a constant of any form defines this value: a tensor, or one of the numbers and texts that
  /// ONNX's Constant also takes.
  package var constantLiteral: TensorLiteral? {
    guard let constant = definingOperation, constant.isConstant, let value = constant.attributes.all.first?.value else {
      return nil
    }
    switch value {
    case .tensor(let literal): return literal
    case .int(let value): return try? TensorLiteral(.int64, [], bytes: Self.bytes(of: [value]))
    case .ints(let values): return try? TensorLiteral(.int64, [values.count], bytes: Self.bytes(of: values))
    case .float(let value): return try? TensorLiteral(.float32, [], bytes: Self.bytes(of: [value]))
    case .floats(let values): return try? TensorLiteral(.float32, [values.count], bytes: Self.bytes(of: values))
    case .string(let value): return try? TensorLiteral(.string, [], .strings([value]))
    case .strings(let values): return try? TensorLiteral(.string, [values.count], .strings(values))
    case .sparseTensor, .type, .types, .tensors, .sparseTensors, .reference: return nil
    }
  }

  private static func bytes(of elements: [some BitwiseCopyable]) -> [UInt8] { elements.withUnsafeBytes { Array($0) } }

  /// The elements of a constant of integers, as numbers.
  package var constantIntegers: [Int]? { constantLiteral.flatMap { SmallIntegers.values(of: $0) } }

  /// The literal that what is known of the elements amounts to, where all of them are known.
  package var knownLiteral: TensorLiteral? {
    guard let elements = contents?.knownDimensions, let type = tensorType,
      let dimensions = type.shape?.knownDimensions, dimensions.reduce(1, *) == elements.count
    else { return nil }
    return TensorLiteral.of(elements, type.elementType, dimensions)
  }
}

extension TensorLiteral {
  /// An int64 literal of rank 1.
  package static func integers(_ elements: [Int]) throws -> TensorLiteral {
    try TensorLiteral(.int64, [elements.count], bytes: elements.map { Int64($0) }.withUnsafeBytes { Array($0) })
  }

  /// A small literal of integers or truths; `nil` for another element type, and for an element that does not fit.
  package static func of(_ elements: [Int], _ type: ElementType, _ dimensions: [Int]) -> TensorLiteral? {
    guard let width = type.bitWidth, width >= 8 else { return nil }
    let fits: (Int) -> Bool
    switch type {
    case .int64: fits = { _ in true }
    case .int32: fits = { Int32(exactly: $0) != nil }
    case .bool: fits = { $0 == 0 || $0 == 1 }
    case .float64, .float32, .float16, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
      .float8e8m0, .float6e2m3, .float6e3m2, .float4e2m1, .int16, .int8, .int4, .int2, .uint64, .uint32, .uint16,
      .uint8,
      .uint4, .uint2, .complex64, .complex128, .string:
      return nil
    }
    guard elements.allSatisfy(fits) else { return nil }
    let bytes = elements.flatMap { element in (0..<width / 8).map { UInt8(truncatingIfNeeded: element >> ($0 * 8)) } }
    return try? TensorLiteral(type, dimensions, bytes: bytes)
  }
}
