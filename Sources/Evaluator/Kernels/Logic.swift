import IR

/// Operators whose results are truths.
enum Logic {
  static let kernels: [Kernel] = [
    comparison(.greater, ComparisonRule(real: { $0 > $1 }, signed: { $0 > $1 }, unsigned: { $0 > $1 })),
    comparison(.greaterOrEqual, ComparisonRule(real: { $0 >= $1 }, signed: { $0 >= $1 }, unsigned: { $0 >= $1 })),
    comparison(.less, ComparisonRule(real: { $0 < $1 }, signed: { $0 < $1 }, unsigned: { $0 < $1 })),
    comparison(.lessOrEqual, ComparisonRule(real: { $0 <= $1 }, signed: { $0 <= $1 }, unsigned: { $0 <= $1 })),
    equal(ComparisonRule(real: { $0 == $1 }, signed: { $0 == $1 }, unsigned: { $0 == $1 })),
    comparison(.and, ComparisonRule(real: nil, signed: nil, unsigned: { $0 & $1 != 0 })),
    comparison(.or, ComparisonRule(real: nil, signed: nil, unsigned: { $0 | $1 != 0 })),
    comparison(.xor, ComparisonRule(real: nil, signed: nil, unsigned: { $0 != $1 })),
    Kernel(.isNaN) { invocation in [try test(invocation) { $0.isNaN }] },
    Kernel(.isInf) { invocation in
      let positive = invocation.operation.int("detect_positive") ?? 1 != 0
      let negative = invocation.operation.int("detect_negative") ?? 1 != 0
      return [try test(invocation) { $0.isInfinite && ($0 > 0 ? positive : negative) }]
    },
  ]

  private static func comparison(_ definition: OpDefinition, _ rule: ComparisonRule) -> Kernel {
    Kernel(definition) { [try rule.apply($0, $0.operand(0), $0.operand(1))] }
  }

  /// Of numbers, or of strings by the numbers of those that are the same.
  private static func equal(_ rule: ComparisonRule) -> Kernel {
    Kernel(.equal) { invocation in
      try StringCarrier.numbered(invocation) { [try rule.apply($0, $0.operand(0), $0.operand(1))] }
    }
  }

  private static func test(_ invocation: Invocation, _ isTrue: (Double) -> Bool) throws -> TensorLiteral {
    let operand = try invocation.operand(0)
    guard operand.elementType.numberKind == .real else {
      throw Refusal(.unsupported, "a test of \(operand.elementType.rawValue)")
    }
    return try Elementwise.map(invocation, operand, to: .bool) { (x: Double) in UInt64(isTrue(x) ? 1 : 0) }
  }
}
