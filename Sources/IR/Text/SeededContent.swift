/// Pseudo-random elements that depend on a seed and on their position alone: weights for a reproducer that must not
/// carry the real ones.
package struct SeededContent: ElementwiseTransform {
  /// Where the elements lie, both ends included.
  package enum Bounds: Hashable, Sendable {
    case integers(ClosedRange<Int64>)
    case reals(ClosedRange<Double>)
  }

  package let elementType: ElementType
  package let elementCount: Int
  package let seed: UInt64
  package let bounds: Bounds

  /// A literal of such elements.
  ///
  /// - Throws: `ModelError` where the type has no such elements, or the dimensions are refused.
  package static func literal(_ elementType: ElementType, _ dimensions: [Int], seed: UInt64, bounds: Bounds) throws
    -> TensorLiteral
  {
    guard let width = elementType.byteCount(elements: 1) else {
      throw ModelError(.invalidModel, "strings cannot be made from a seed")
    }
    let base = try TensorLiteral(elementType, dimensions, .splat(Array(repeating: 0, count: width)))
    let content = SeededContent(elementType: elementType, elementCount: base.elementCount, seed: seed, bounds: bounds)
    return try TensorLiteral(elementType, dimensions, .elementwise(content, base))
  }

  /// All numbers of an integer type; -1 to 1 for floats.
  package static func defaultBounds(of elementType: ElementType) -> Bounds {
    switch elementType {
    case .int64: .integers(.min ... .max)
    case .int32: .integers(Int64(Int32.min)...Int64(Int32.max))
    case .int16: .integers(Int64(Int16.min)...Int64(Int16.max))
    case .int8: .integers(-128...127)
    case .int4: .integers(-8...7)
    case .int2: .integers(-2...1)
    case .uint64: .integers(0 ... .max)
    case .uint32: .integers(0...Int64(UInt32.max))
    case .uint16: .integers(0...65_535)
    case .uint8: .integers(0...255)
    case .uint4: .integers(0...15)
    case .uint2: .integers(0...3)
    case .bool: .integers(0...1)
    case .float64, .float32, .float16, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
      .float6e2m3, .float6e3m2,
      .float4e2m1, .complex64, .complex128:
      .reals(-1...1)
    case .float8e8m0: .reals(0.5...2)
    case .string: .integers(0...0)
    }
  }

  package func apply(to input: UnsafeRawBufferPointer, first: Int, output: UnsafeMutableRawBufferPointer) {
    guard let width = elementType.bitWidth else { return }
    let component = ElementBits.component(of: elementType)
    if width < 8 {
      output.initializeMemory(as: UInt8.self, repeating: 0)
      for index in 0..<min(output.count * 8 / width, max(elementCount - first, 0)) {
        PackedBits.store(
          UInt8(truncatingIfNeeded: bits(component, at: first + index)), output, index, width: width)
      }
      return
    }
    let perElement = component == elementType ? 1 : 2
    let bytes = width / 8 / perElement
    for index in 0..<output.count / bytes {
      let bits = bits(component, at: first * perElement + index)
      for byte in 0..<bytes { output[index * bytes + byte] = UInt8(truncatingIfNeeded: bits >> UInt64(8 * byte)) }
    }
  }

  private func bits(_ type: ElementType, at index: Int) -> UInt64 {
    switch bounds {
    case .integers(let range):
      let width = UInt64(bitPattern: range.upperBound &- range.lowerBound)
      let random = random(at: index)
      let offset = width == .max ? random : random.multipliedFullWidth(by: width + 1).high
      return UInt64(bitPattern: range.lowerBound) &+ offset & (.max >> UInt64(64 - (type.bitWidth ?? 64)))
    case .reals(let range):
      let unit = Double(random(at: index) >> 11) * 0x1p-53
      let value = range.lowerBound + (range.upperBound - range.lowerBound) * unit
      if type == .float64 { return value.bitPattern }
      if type == .float32 { return UInt64(Float(value).bitPattern) }
      return UInt64(FloatFormat(type)?.encode(value) ?? 0)
    }
  }

  /// SplitMix64: any position on its own, so that windows can be made in any order.
  private func random(at index: Int) -> UInt64 {
    var z = seed &+ (UInt64(truncatingIfNeeded: index) &+ 1) &* 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

extension SeededContent.Bounds {
  /// Whether elements of the type can have all numbers between.
  func fit(_ elementType: ElementType) -> Bool {
    switch (self, SeededContent.defaultBounds(of: elementType)) {
    case (.integers(let range), .integers(let all)):
      return all.lowerBound <= range.lowerBound && range.upperBound <= all.upperBound
    case (.reals(let range), .reals):
      guard (range.upperBound - range.lowerBound).isFinite else { return false }
      return [range.lowerBound, range.upperBound].allSatisfy { Self.holds(ElementBits.component(of: elementType), $0) }
    case (.integers, .reals), (.reals, .integers): return false
    }
  }

  private static func holds(_ type: ElementType, _ value: Double) -> Bool {
    guard let format = FloatFormat(type) else { return type == .float64 || Float(value).isFinite }
    return format.encode(value).map { format.decode($0).isFinite } ?? false
  }
}
