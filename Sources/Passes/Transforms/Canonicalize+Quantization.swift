import Evaluator
import IR

extension Canonicalize {
  /// Values that are encoded, decoded and encoded again.
  static let quantizationPatterns: [any RewritePattern] = [CancelRequantization()]
}

/// `QuantizeLinear(DequantizeLinear(%q, %s, %z), %s, %z)` is `%q`.
///
/// Conditions: both have the same constant scale, zero point, axis and type; single precision, in which dividing by the
/// scale gives back the integer that was multiplied by it.
struct CancelRequantization: ForwardingPattern {
  static let roots: [OpDefinition] = [.quantizeLinear]

  /// Between these nothing overflows, nor is a product with an integer of 16 bits subnormal.
  private static let scales = 1e-30...1e30

  func source(of operation: Operation) -> Value? {
    guard let decoding = operation.producer(0, .dequantizeLinear), let source = decoding.operand(0),
      let type = source.tensorType?.elementType, type == operation.result()?.tensorType?.elementType,
      ElementTypes(.int8, .uint8, .int16, .uint16, .int4, .uint4).contains(type),
      let scales = operation.operand(1)?.constantLiteral, scales.elementType == .float32,
      operation.int("block_size") == 0, decoding.int("block_size") == 0, operation.int("precision") == 0,
      Self.areEqual(operation.operand(1), decoding.operand(1)),
      Self.areEqual(operation.operand(2), decoding.operand(2)),
      scales.elementCount == 1 || operation.axis(rankOf: source) == decoding.axis(rankOf: source),
      let numbers = try? scales.realNumbers(), numbers.allSatisfy({ Self.scales.contains($0) })
    else { return nil }
    return source
  }

  private static func areEqual(_ a: Value?, _ b: Value?) -> Bool {
    if a === b { return true }
    guard let a = a?.constantLiteral, let b = b?.constantLiteral, a.type == b.type,
      let numbers = try? a.realNumbers()
    else { return false }
    return numbers == (try? b.realNumbers())
  }
}
