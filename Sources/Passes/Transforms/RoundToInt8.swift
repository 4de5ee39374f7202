import IR

/// Weights as int8: `w / scale`, rounded half to even. Symmetric, so that 0 stays 0.
///
/// With `scale = largest magnitude / 127` a channel, every result lies in [-127, 127], and `|w - scale * q| <= scale *
/// (1/2 + 2^-16)`.
struct RoundToInt8: ElementwiseTransform {
  /// Of the weights: float32, float16 or bfloat16.
  let elementType: ElementType
  let layout: ChannelLayout
  /// One a channel.
  let scales: [Float]
  /// Told of the rounding errors. What is measured does not make two transforms different.
  let meter: ErrorMeter
  /// What sets weights to zero before they are rounded.
  var mask: MagnitudeMask?

  static func == (a: RoundToInt8, b: RoundToInt8) -> Bool {
    a.elementType == b.elementType && a.layout == b.layout && a.scales == b.scales && a.mask == b.mask
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(elementType)
    hasher.combine(layout)
    hasher.combine(scales)
    hasher.combine(mask)
  }

  func merged(after inner: any ElementwiseTransform) -> (any ElementwiseTransform)? {
    guard mask == nil, let inner = inner as? MagnitudeMask else { return nil }
    var merged = self
    merged.mask = inner
    return merged
  }

  private static let blockElements = 1 << 12

  func apply(to input: UnsafeRawBufferPointer, first: Int, output: UnsafeMutableRawBufferPointer) {
    guard let source = input.baseAddress, let target = output.baseAddress else { return }
    var error = ErrorMeter.Reading()
    let width = elementType == .float32 ? 4 : 2
    let count = min(input.count / width, output.count)
    if elementType == .float32 {
      round(source, first..<first + count, target, &error)
    } else {
      withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.blockElements) { scratch in
        guard let floats = scratch.baseAddress else { return }
        for start in stride(from: 0, to: count, by: Self.blockElements) {
          let part = min(Self.blockElements, count - start)
          let halves = UnsafeRawBufferPointer(start: source + start * width, count: part * width)
          FloatWidening.widen(halves, elementType, into: floats)
          round(UnsafeRawPointer(floats), first + start..<first + start + part, target + start, &error)
        }
      }
    }
    meter.record(error, first: first)
  }

  /// Rounds the floats at `source`, which are the elements `range` of the weight.
  private func round(
    _ source: UnsafeRawPointer, _ range: Range<Int>, _ target: UnsafeMutableRawPointer,
    _ error: inout ErrorMeter.Reading
  ) {
    guard let mask else { return round(source, range, below: 0, target, &error) }
    mask.forEachPart(of: range) { part, bound in
      let offset = part.lowerBound - range.lowerBound
      round(source + offset * 4, part, below: bound, target + offset, &error)
    }
  }

  /// - Parameter bound: magnitudes below it, as bits, become 0.
  private func round(
    _ source: UnsafeRawPointer, _ range: Range<Int>, below bound: Int32, _ target: UnsafeMutableRawPointer,
    _ error: inout ErrorMeter.Reading
  ) {
    scales.withUnsafeBytes { scales in
      guard let scales = scales.baseAddress else { return }
      layout.forEachRun(in: range) { start, count, channel in
        let offset = start - range.lowerBound
        let run = RoundingRun(
          source: source + offset * 4, count: count, bound: bound, scales: scales + channel * 4,
          scaleStep: layout.inner == 1 ? 4 : 0, target: target + offset)
        run.round()
        meter.forEachSample(in: start..<start + count) {
          run.measure($0.lowerBound - start..<$0.upperBound - start, &error)
        }
      }
    }
  }
}

/// Neighboring weights, and where their integers go.
private struct RoundingRun {
  typealias Vector = SIMD4<Float>
  typealias Bits = SIMD4<Int32>

  let source: UnsafeRawPointer
  let count: Int
  /// Magnitudes below it, as bits, count as 0.
  let bound: Int32
  let scales: UnsafeRawPointer
  /// The bytes from one element's scale to the next's: 0 where all have the same.
  let scaleStep: Int
  let target: UnsafeMutableRawPointer

  /// Adding 1.5 * 2^23 leaves a float's integer part in its low bits, rounded half to even by the addition itself.
  private static let magic: Float = 12_582_912

  func round() {
    let vectors = count & ~15
    if scaleStep == 0 {
      let scale = Vector(repeating: scales.loadUnaligned(as: Float.self))
      roundVectors(vectors) { _ in scale }
    } else {
      roundVectors(vectors) { scales.loadUnaligned(fromByteOffset: $0 &* 4, as: Vector.self) }
    }
    for index in vectors..<count {
      let shifted = weight(at: index) / scale(at: index) + Self.magic
      target.storeBytes(
        of: Int8(truncatingIfNeeded: Int32(bitPattern: shifted.bitPattern)), toByteOffset: index, as: Int8.self)
    }
  }

  @inline(__always)
  private func roundVectors(_ count: Int, _ scale: (Int) -> Vector) {
    let magic = Vector(repeating: Self.magic)
    let withoutSign = Bits(repeating: 0x7fff_ffff)
    let bound = Bits(repeating: bound)
    @inline(__always) func quarter(_ index: Int) -> Bits {
      let bits = source.loadUnaligned(fromByteOffset: index &* 4, as: Bits.self)
      let goes = unsafeBitCast((bits & withoutSign) .< bound, to: Bits.self)
      return unsafeBitCast(unsafeBitCast(bits & ~goes, to: Vector.self) / scale(index) + magic, to: Bits.self)
    }
    var index = 0
    while index < count {
      let low = SIMD8(lowHalf: quarter(index), highHalf: quarter(index &+ 4))
      let high = SIMD8(lowHalf: quarter(index &+ 8), highHalf: quarter(index &+ 12))
      let bytes = SIMD16<Int8>(truncatingIfNeeded: SIMD16(lowHalf: low, highHalf: high))
      target.storeBytes(of: bytes, toByteOffset: index, as: SIMD16<Int8>.self)
      index &+= 16
    }
  }

  /// Adds up the squares of weights that were rounded, and of their errors.
  func measure(_ range: Range<Int>, _ error: inout ErrorMeter.Reading) {
    for index in range {
      let weight = Double(weight(at: index))
      let integer = target.loadUnaligned(fromByteOffset: index, as: Int8.self)
      let difference = weight - Double(integer) * Double(scale(at: index))
      error.signal += weight * weight
      error.noise += difference * difference
    }
  }

  @inline(__always)
  private func weight(at index: Int) -> Float {
    let bits = source.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self)
    return Int32(bitPattern: bits & 0x7fff_ffff) < bound ? 0 : Float(bitPattern: bits)
  }

  @inline(__always)
  private func scale(at index: Int) -> Float {
    scales.loadUnaligned(fromByteOffset: index &* scaleStep, as: Float.self)
  }
}
