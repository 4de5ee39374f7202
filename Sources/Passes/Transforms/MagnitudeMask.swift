import IR

/// Sets the elements that a cut takes to zero; the others keep their bits.
struct MagnitudeMask: ElementwiseTransform {
  let elementType: ElementType
  let cut: MagnitudeCut
  /// The position of the literal's first element among all that the cut was made of.
  let start: Int

  func apply(to input: UnsafeRawBufferPointer, first: Int, output: UnsafeMutableRawBufferPointer) {
    guard let source = input.baseAddress, let target = output.baseAddress else { return }
    if elementType == .float32 {
      mask(source, target, input.count / 4, first)
    } else {
      maskHalves(source, target, input.count / 2, first)
    }
  }

  /// Whether the cut takes the element with that magnitude at that position of the literal.
  @inline(__always)
  private func takes(_ magnitude: UInt32, _ position: Int) -> Bool {
    magnitude < cut.magnitude || (magnitude == cut.magnitude && start + position < cut.position)
  }

  private func mask(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ count: Int, _ first: Int) {
    typealias Bits = SIMD4<Int32>
    let withoutSign = Bits(repeating: 0x7fff_ffff)
    // Among equals at the cut, the positions before it go and the others stay: a window is on one side, but for one
    // window.
    let tiesGo = start + first + count <= cut.position
    let tiesStay = start + first >= cut.position
    let bound = Bits(repeating: Int32(truncatingIfNeeded: cut.magnitude) + (tiesGo ? 1 : 0))
    var index = 0
    while tiesGo || tiesStay, index + 4 <= count {
      let bits = source.loadUnaligned(fromByteOffset: index * 4, as: Bits.self)
      let goes = unsafeBitCast((bits & withoutSign) .< bound, to: Bits.self)
      target.storeBytes(of: bits & ~goes, toByteOffset: index * 4, as: Bits.self)
      index += 4
    }
    while index < count {
      let bits = source.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
      target.storeBytes(
        of: takes(bits & 0x7fff_ffff, first + index) ? 0 : bits, toByteOffset: index * 4, as: UInt32.self)
      index += 1
    }
  }

  private func maskHalves(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ count: Int, _ first: Int) {
    for index in 0..<count {
      let bits = source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
      let float = elementType == .float16 ? FloatWidening.float(half: bits).bitPattern : UInt32(bits) << 16
      target.storeBytes(
        of: takes(float & 0x7fff_ffff, first + index) ? 0 : bits, toByteOffset: index * 2, as: UInt16.self)
    }
  }
}
