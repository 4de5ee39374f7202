import Evaluator
import IR

/// Multiplies each channel of a weight by a factor; each product is rounded once.
struct ScaleChannels: ElementwiseTransform {
  /// One of `FloatWidening.sources`.
  let elementType: ElementType
  let layout: ChannelLayout
  /// One a channel.
  let factors: [Double]

  func apply(to input: UnsafeRawBufferPointer, first: Int, output: UnsafeMutableRawBufferPointer) {
    guard let source = input.baseAddress, let target = output.baseAddress, let bits = elementType.bitWidth else {
      return
    }
    let width = bits / 8
    factors.withUnsafeBufferPointer { factors in
      layout.forEachRun(in: first..<first + input.count / width) { start, count, channel in
        let offset = (start - first) * width
        let run = Run(source: source + offset, target: target + offset, count: count)
        if layout.inner == 1 {
          run.scale(elementType) { factors[channel + $0] }
        } else {
          let factor = factors[channel]
          run.scale(elementType) { _ in factor }
        }
      }
    }
  }

  /// The largest magnitudes of the scaled channels, where `magnitudes` are those of the input: rounding keeps the order.
  func largest(_ magnitudes: [Float]) -> [Float] {
    zip(magnitudes, factors).map { magnitude, factor in
      let product = Double(magnitude) * abs(factor)
      guard elementType != .float32 else { return Float(product) }
      return Float(NarrowFloat.decode(NarrowFloat.encode(product, elementType, saturates: false), elementType))
    }
  }

  /// Elements that lie next to each other.
  private struct Run {
    let source: UnsafeRawPointer
    let target: UnsafeMutableRawPointer
    let count: Int

    @inline(__always)
    func scale(_ type: ElementType, by factor: (Int) -> Double) {
      switch type {
      case .float32:
        for index in 0..<count {
          let element = source.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
          target.storeBytes(of: Float(Double(element) * factor(index)), toByteOffset: index * 4, as: Float.self)
        }
      case .float16, .bfloat16:
        for index in 0..<count {
          let element = NarrowFloat.decode(source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self), type)
          let scaled = NarrowFloat.encode(element * factor(index), type, saturates: false)
          target.storeBytes(of: scaled, toByteOffset: index * 2, as: UInt16.self)
        }
      case .float64, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float6e2m3,
        .float6e3m2, .float4e2m1, .int64, .int32, .int16, .int8, .int4, .int2, .uint64, .uint32, .uint16, .uint8,
        .uint4,
        .uint2, .bool, .complex64, .complex128, .string:
        break
      }
    }
  }
}

extension TensorLiteral {
  /// The literal with each channel multiplied by its factor when it is written. Nothing is copied; a literal that was
  /// scaled before along the same channels is scaled once, by the products.
  ///
  /// - Precondition: the elements are f32, f16 or bf16.
  func scaled(by factors: [Double], along layout: ChannelLayout) throws -> TensorLiteral {
    if case .elementwise(let transform, let base) = source, let earlier = transform as? ScaleChannels,
      earlier.layout == layout
    {
      return try base.scaled(by: zip(earlier.factors, factors).map { $0 * $1 }, along: layout)
    }
    let transform = ScaleChannels(elementType: elementType, layout: layout, factors: factors)
    return try TensorLiteral(elementType, dimensions, .elementwise(transform, self))
  }
}
