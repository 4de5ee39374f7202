import IR

/// Counts the zeros of weights, as far as that takes no time worth mentioning.
enum ZeroCount {
  /// All weights of a module together: what is larger is not read for the sake of a number.
  static let budget = 64 << 20

  /// The zeros among the elements of `literal`, of either sign; `nil` where the type has no plain zero.
  static func count(_ literal: TensorLiteral) -> Int? {
    guard let width = literal.elementType.bitWidth else { return nil }
    let isFloat = ElementTypes.float.contains(literal.elementType)
    var total = 0
    do {
      try literal.forEachWindow { bytes, _ in
        switch width {
        case 8: total += count(bytes, UInt8.max)
        case 16: total += count(bytes, isFloat ? UInt16.max >> 1 : UInt16.max)
        case 32: total += count(bytes, isFloat ? UInt32.max >> 1 : UInt32.max)
        default: total += count(bytes, isFloat ? UInt64.max >> 1 : UInt64.max)
        }
      }
    } catch {
      return nil
    }
    return [8, 16, 32, 64].contains(width) && literal.elementType != .complex64 ? total : nil
  }

  /// The elements of which the bits in `mask` are all clear.
  private static func count<Element: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, _ mask: Element) -> Int {
    var total = 0
    for offset in stride(from: 0, to: bytes.count - MemoryLayout<Element>.size + 1, by: MemoryLayout<Element>.size) {
      total += bytes.loadUnaligned(fromByteOffset: offset, as: Element.self) & mask == 0 ? 1 : 0
    }
    return total
  }
}
