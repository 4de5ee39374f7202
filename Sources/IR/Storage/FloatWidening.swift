/// Half-precision elements as floats, exactly, over raw bytes.
///
/// The bits are moved by integer arithmetic: the processor's own conversions are not part of baseline x86-64, and a
/// call an element would cost ten times as much.
package enum FloatWidening {
  /// The element types that `widen` takes: those whose values are all floats.
  package static let sources = ElementTypes(.float32, .float16, .bfloat16)

  /// Writes the elements of `input` as floats.
  ///
  /// - Parameters:
  ///   - type: `float32`, `float16` or `bfloat16`; others leave `output` as it is.
  ///   - output: room for as many floats as `input` has elements.
  package static func widen(
    _ input: UnsafeRawBufferPointer, _ type: ElementType, into output: UnsafeMutablePointer<Float>
  ) {
    guard let source = input.baseAddress else { return }
    if type == .float32 {
      UnsafeMutableRawPointer(output).copyMemory(from: source, byteCount: input.count)
    } else if type == .bfloat16 {
      for index in 0..<input.count / 2 {
        let bits = source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
        output[index] = Float(bitPattern: UInt32(bits) << 16)
      }
    } else if type == .float16 {
      for index in 0..<input.count / 2 {
        output[index] = float(half: source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
      }
    }
  }

  /// The value of IEEE binary16 bits.
  ///
  /// Shifted into a float's place the exponent is 112 too small; a multiplication by 2^112 mends it, subnormals
  /// included. Infinity and NaN get the largest exponent by hand.
  @inline(__always)
  package static func float(half bits: UInt16) -> Float {
    let magnitude = UInt32(bits & 0x7fff) << 13
    let scaled = Float(bitPattern: magnitude) * Float(bitPattern: 0x7780_0000)
    let special: UInt32 = magnitude >= 0x0f80_0000 ? 0x7f80_0000 : 0
    return Float(bitPattern: scaled.bitPattern | special | UInt32(bits & 0x8000) << 16)
  }
}
