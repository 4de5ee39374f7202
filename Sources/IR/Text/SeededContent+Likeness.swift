extension SeededContent {
  /// Elements between the smallest and the largest of `literal`; `nil` for strings.
  ///
  /// - Throws: `ModelError` where the literal's bytes cannot be made.
  init?(like literal: TensorLiteral, seed: UInt64) throws {
    guard literal.elementType != .string else { return nil }
    let bounds: Bounds? =
      switch Self.defaultBounds(of: literal.elementType) {
      case .integers: try Self.integerRange(of: literal).map { .integers($0) }
      case .reals: try Self.realRange(of: literal).map { .reals($0) }
      }
    self.init(
      elementType: literal.elementType, elementCount: literal.elementCount, seed: seed,
      bounds: bounds ?? Self.defaultBounds(of: literal.elementType))
  }

  private static func integerRange(of literal: TensorLiteral) throws -> ClosedRange<Int64>? {
    var range: ClosedRange<Int64>?
    try literal.forEachWindow { window, first in
      for index in 0..<min(literal.elementsPerWindow, literal.elementCount - first) {
        let value = integer(literal.elementType, ElementBits.load(literal.elementType, window, index))
        range = min(range?.lowerBound ?? value, value)...max(range?.upperBound ?? value, value)
      }
    }
    return range
  }

  /// Numbers above `Int64`'s count as its largest.
  private static func integer(_ type: ElementType, _ bits: UInt64) -> Int64 {
    let width = UInt64(type.bitWidth ?? 64)
    guard ElementTypes.signedInteger.contains(type) || type == .int4 || type == .int2 else {
      return Int64(clamping: bits)
    }
    return Int64(bitPattern: bits << (64 - width)) >> Int64(64 - width)
  }

  /// The range of the finite elements; of complex ones, of both parts.
  private static func realRange(of literal: TensorLiteral) throws -> ClosedRange<Double>? {
    let component = ElementBits.component(of: literal.elementType)
    let perElement = component == literal.elementType ? 1 : 2
    let format = FloatFormat(component)
    var range: ClosedRange<Double>?
    try literal.forEachWindow { window, first in
      for index in 0..<min(literal.elementsPerWindow, literal.elementCount - first) * perElement {
        let bits = ElementBits.load(component, window, index)
        let value =
          component == .float64
          ? Double(bitPattern: bits)
          : component == .float32
            ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
            : format?.decode(UInt16(truncatingIfNeeded: bits)) ?? 0
        guard value.isFinite else { continue }
        range = min(range?.lowerBound ?? value, value)...max(range?.upperBound ?? value, value)
      }
    }
    guard let range, (range.upperBound - range.lowerBound).isFinite else { return nil }
    return range
  }
}
