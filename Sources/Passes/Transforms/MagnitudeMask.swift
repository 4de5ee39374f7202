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

  /// Calls `body` with the parts of the elements `range`, at most two, and for each the magnitude, as bits, below which
  /// its elements go: among equals at the cut, the positions before it go and the others stay.
  func forEachPart(of range: Range<Int>, _ body: (Range<Int>, Int32) -> Void) {
    let magnitude = Int32(truncatingIfNeeded: cut.magnitude)
    let tie = min(max(cut.position - start, range.lowerBound), range.upperBound)
    if range.lowerBound < tie { body(range.lowerBound..<tie, magnitude &+ 1) }
    if tie < range.upperBound { body(tie..<range.upperBound, magnitude) }
  }

  private func mask(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ count: Int, _ first: Int) {
    forEachPart(of: first..<first + count) { part, bound in
      let offset = (part.lowerBound - first) * 4
      mask(source + offset, target + offset, part.count, below: bound)
    }
  }

  private func mask(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ count: Int, below bound: Int32) {
    typealias Bits = SIMD4<Int32>
    let withoutSign = Bits(repeating: 0x7fff_ffff)
    let bounds = Bits(repeating: bound)
    var index = 0
    while index + 4 <= count {
      let bits = source.loadUnaligned(fromByteOffset: index * 4, as: Bits.self)
      let goes = unsafeBitCast((bits & withoutSign) .< bounds, to: Bits.self)
      target.storeBytes(of: bits & ~goes, toByteOffset: index * 4, as: Bits.self)
      index += 4
    }
    while index < count {
      let bits = source.loadUnaligned(fromByteOffset: index * 4, as: Int32.self)
      target.storeBytes(of: bits & 0x7fff_ffff < bound ? 0 : bits, toByteOffset: index * 4, as: Int32.self)
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
