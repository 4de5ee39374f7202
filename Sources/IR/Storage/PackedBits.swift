/// Elements of less than a byte. They lie one after the other in the bits of a literal's bytes, lowest bits first, and
/// one of six bits may begin in one byte and end in the next.
package enum PackedBits {
  /// The element at `index`.
  package static func load(_ bytes: UnsafeRawBufferPointer, _ index: Int, width: Int) -> UInt8 {
    let (byte, shift) = (index * width).quotientAndRemainder(dividingBy: 8)
    var pattern = UInt16(bytes[byte])
    if shift + width > 8 { pattern |= UInt16(bytes[byte + 1]) << 8 }
    return UInt8(truncatingIfNeeded: pattern >> UInt16(shift)) & mask(width)
  }

  /// Sets the element at `index` to the lowest bits of `value`.
  package static func store(_ value: UInt8, _ bytes: UnsafeMutableRawBufferPointer, _ index: Int, width: Int) {
    let (byte, shift) = (index * width).quotientAndRemainder(dividingBy: 8)
    let pattern = UInt16(value & mask(width)) << UInt16(shift)
    let kept = ~(UInt16(mask(width)) << UInt16(shift))
    bytes[byte] = bytes[byte] & UInt8(truncatingIfNeeded: kept) | UInt8(truncatingIfNeeded: pattern)
    guard shift + width > 8 else { return }
    bytes[byte + 1] = bytes[byte + 1] & UInt8(kept >> 8) | UInt8(pattern >> 8)
  }

  private static func mask(_ width: Int) -> UInt8 { UInt8((1 << width) - 1) }
}
