import IR

/// int8 elements as uint8 with zero point 128: the same numbers.
///
/// Runtimes multiply two uint8 exactly on every processor. uint8 by int8 is faster on some that have no instruction
/// for it, at the price of sums that saturate at 16 bits: wrong results for large weights.
struct OffsetToUInt8: ElementwiseTransform {
  static let zeroPoint: UInt8 = 128

  func apply(to input: UnsafeRawBufferPointer, first: Int, output: UnsafeMutableRawBufferPointer) {
    for index in 0..<min(input.count, output.count) { output[index] = input[index] ^ Self.zeroPoint }
  }
}

extension TensorLiteral {
  /// This int8 literal as uint8 with `OffsetToUInt8.zeroPoint`; made when it is written.
  func offsetToUInt8() throws -> TensorLiteral {
    try TensorLiteral(.uint8, dimensions, .elementwise(OffsetToUInt8(), self))
  }
}
