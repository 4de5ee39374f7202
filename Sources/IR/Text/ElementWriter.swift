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
      let place = components % (8 / width) * width
      if place == 0 { bytes.append(0) }
      bytes[bytes.count - 1] |= UInt8(truncatingIfNeeded: bits & (1 << UInt64(width) - 1)) << UInt8(place)
    }
    components += 1
  }
}
