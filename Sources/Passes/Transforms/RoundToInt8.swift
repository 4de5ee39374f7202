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

  static func == (a: RoundToInt8, b: RoundToInt8) -> Bool {
    a.elementType == b.elementType && a.layout == b.layout && a.scales == b.scales
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(elementType)
    hasher.combine(layout)
    hasher.combine(scales)
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
    scales.withUnsafeBytes { scales in
      guard let scales = scales.baseAddress else { return }
      layout.forEachRun(in: range) { start, count, channel in
        let offset = start - range.lowerBound
        let run = Run(source: source + offset * 4, count: count, target: target + offset)
        let step = layout.inner == 1 ? 4 : 0
        run.round(scales + channel * 4, scaleStep: step, &error)
      }
    }
  }
}

/// Neighboring weights, and where their integers go.
private struct Run {
  typealias Vector = SIMD4<Float>

  let source: UnsafeRawPointer
  let count: Int
  let target: UnsafeMutableRawPointer

  /// Adding 1.5 * 2^23 leaves a float's integer part in its low bits, rounded half to even by the addition itself.
  private static let magic: Float = 12_582_912

  /// Sums of so many squares are taken in single precision before they are added up in double.
  private static let sumElements = 1 << 10

  /// - Parameter scaleStep: the bytes from one element's scale to the next's: 0 where all have the same.
  func round(_ scales: UnsafeRawPointer, scaleStep: Int, _ error: inout ErrorMeter.Reading) {
    var index = 0
    while index + 16 <= count {
      let end = min(index + Self.sumElements, count & ~15)
      if scaleStep == 0 {
        let scale = Vector(repeating: scales.loadUnaligned(as: Float.self))
        roundVectors(index..<end, &error) { _ in scale }
      } else {
        roundVectors(index..<end, &error) { scales.loadUnaligned(fromByteOffset: $0 * 4, as: Vector.self) }
      }
      index = end
    }
    while index < count {
      roundOne(index, scales.loadUnaligned(fromByteOffset: index * scaleStep, as: Float.self), &error)
      index += 1
    }
  }

  @inline(__always)
  private func roundVectors(_ range: Range<Int>, _ error: inout ErrorMeter.Reading, _ scale: (Int) -> Vector) {
    var signal = Vector(repeating: 0)
    var noise = signal
    let magic = Vector(repeating: Self.magic)
    @inline(__always) func quarter(_ index: Int) -> SIMD4<Int32> {
      let weight = source.loadUnaligned(fromByteOffset: index * 4, as: Vector.self)
      let scale = scale(index)
      let shifted = weight / scale + magic
      let difference = weight - (shifted - magic) * scale
      signal += weight * weight
      noise += difference * difference
      return unsafeBitCast(shifted, to: SIMD4<Int32>.self)
    }
    for index in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
      let low = SIMD8(lowHalf: quarter(index), highHalf: quarter(index + 4))
      let high = SIMD8(lowHalf: quarter(index + 8), highHalf: quarter(index + 12))
      let bytes = SIMD16<Int8>(truncatingIfNeeded: SIMD16(lowHalf: low, highHalf: high))
      target.storeBytes(of: bytes, toByteOffset: index, as: SIMD16<Int8>.self)
    }
    error.signal += Double(signal.sum())
    error.noise += Double(noise.sum())
  }

  private func roundOne(_ index: Int, _ scale: Float, _ error: inout ErrorMeter.Reading) {
    let weight = source.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
    let shifted = weight / scale + Self.magic
    let difference = Double(weight - (shifted - Self.magic) * scale)
    target.storeBytes(
      of: Int8(truncatingIfNeeded: Int32(bitPattern: shifted.bitPattern)), toByteOffset: index, as: Int8.self)
    error.signal += Double(weight) * Double(weight)
    error.noise += difference * difference
  }
}
