extension OpCatalog {
  static let conversionFamily: [OpDefinition] = [
    .bitCast, .cast, .castLike,
  ]
}

extension OpDefinition {
  /// The same bits as elements of the type `to`, which is as wide. ONNX BitCast-26.
  package static let bitCast = OpDefinition(
    "BitCast", versions: [26], "The same bits, taken for elements of another type of the same width.",
    operands: [.required("input", bitCastable)], results: [.required("output")], attributes: [.required("to", .int)],
    traits: [.pure, .elementwise],
    infer: { try $0.inferBitCast() })

  /// Converts elements to the type `to`. ONNX Cast-28.
  package static let cast = OpDefinition(
    "Cast", versions: [1, 6, 9, 13, 19, 21, 23, 24, 25, 28], "Converts each element to another type.",
    operands: [.required("input", ElementTypes.any.subtracting(.complex))], results: [.required("output")],
    attributes: [
      .string("round_mode", default: "up"), .int("saturate", default: 1), .required("to", .int),
    ],
    traits: [.pure, .elementwise],
    infer: { try $0.inferCast() }, verify: oneOf("round_mode", roundModes))

  /// Converts elements to the element type of `target_type`. ONNX CastLike-25.
  package static let castLike = OpDefinition(
    "CastLike", versions: [15, 19, 21, 23, 24, 25], "Converts each element to the type of another tensor's elements.",
    operands: [
      .required("input", ElementTypes.storable.subtracting(.complex)),
      .required("target_type", ElementTypes.storable.subtracting(.complex)),
    ],
    results: [.required("output", sameElementTypeAs: "target_type")],
    attributes: [.string("round_mode", default: "up"), .int("saturate", default: 1)], traits: [.pure, .elementwise],
    infer: { inference in
      guard let elementType = inference.tensor(1)?.elementType else { return }
      inference.setConverted(to: elementType)
    },
    verify: oneOf("round_mode", roundModes))

  private static let bitCastable = ElementTypes.storable.subtracting(.string)
  private static let roundModes: [ByteString] = ["up", "down", "nearest"]
}

extension TypeInference {
  fileprivate mutating func inferCast() throws {
    guard let target = try targetType(ElementTypes.any.subtracting(.complex)) else { return }
    setConverted(to: target)
  }

  /// Integers keep their value as long as it fits, so that shapes survive the way through int32 and back; a condition
  /// asks whether they are 0.
  fileprivate mutating func setConverted(to elementType: ElementType) {
    set(.tensor(elementType, shape(0)))
    setContents(elementType == .bool ? contents(0)?.map { Dimension($0.truth) } : contents(0))
  }

  fileprivate mutating func inferBitCast() throws {
    guard let target = try targetType(ElementTypes.storable.subtracting(.string)) else { return }
    if let source = tensor(0)?.elementType, source.bitWidth != target.bitWidth {
      throw ModelError(.invalidModel, "\(source.rawValue) and \(target.rawValue) are not of one width")
    }
    set(.tensor(target, shape(0)))
  }

  /// What the attribute `to` says; 0, which elsewhere leaves the choice open, is refused.
  private func targetType(_ types: ElementTypes) throws -> ElementType? {
    if operation.int("to") == 0 { throw ModelError(.invalidModel, "attribute 'to' is 0, which is no element type") }
    return try elementType(attribute: "to", types)
  }
}
