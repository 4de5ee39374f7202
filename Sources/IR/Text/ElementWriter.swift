/// Packs elements one after the other.
struct ElementWriter {
  private(set) var bytes: [UInt8] = []
  /// The elements written, a complex one counted once.
  var count: Int { components / componentsPerElement }

  private var components = 0
  private let componentsPerElement: Int
  private let width: Int

  init(_ type: ElementType) {
    let component = ElementBits.component(of: type)
    width = component.bitWidth ?? 8
    componentsPerElement = component == type ? 1 : 2
  }

  /// Appends an element, or a part of a complex one.
  mutating func append(_ bits: UInt64) {
    if width >= 8 {
      for byte in 0..<width / 8 { bytes.append(UInt8(truncatingIfNeeded: bits >> UInt64(8 * byte))) }
    } else {
      while bytes.count * 8 < (components + 1) * width { bytes.append(0) }
      bytes.withUnsafeMutableBytes {
        PackedBits.store(UInt8(truncatingIfNeeded: bits), $0, components, width: width)
      }
    }
    components += 1
  }
}
