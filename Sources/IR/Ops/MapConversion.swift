extension OpCatalog {
  static let mapConversionFamily: [OpDefinition] = [.castMap, .dictVectorizer, .zipMap]
}

extension OpDefinition {
  /// A tensor of the values of a map, in the order of its keys. ONNX CastMap-1.
  package static let castMap = OpDefinition(
    "CastMap", domain: classicalDomain, versions: [1], "A tensor of the values of a map, in the order of its keys.",
    operands: [mapOperand], results: [.required("Y")],
    attributes: [
      .string("cast_to", default: "TO_FLOAT"), .string("map_form", default: "DENSE"), .int("max_map", default: 1),
    ],
    infer: { inference in
      let types: [ByteString: ElementType] = ["TO_FLOAT": .float32, "TO_INT64": .int64, "TO_STRING": .string]
      guard let type = inference.operation.string("cast_to").flatMap({ types[$0] }) else { return }
      inference.set(.tensor(type, nil))
    },
    verify: { operation in
      try oneOf("cast_to", ["TO_FLOAT", "TO_INT64", "TO_STRING"])(operation)
      try oneOf("map_form", ["DENSE", "SPARSE"])(operation)
    })

  /// A tensor of the values that a map has for the keys of a vocabulary. ONNX DictVectorizer-1.
  package static let dictVectorizer = OpDefinition(
    "DictVectorizer", domain: classicalDomain, versions: [1],
    "A tensor of the values that a map has for the keys of a vocabulary.", operands: [mapOperand],
    results: [.required("Y")], attributes: [.ints("int64_vocabulary"), .strings("string_vocabulary")],
    infer: { inference in
      guard case .map(_, .tensor(let value)) = inference.type(0) else { return }
      inference.set(.tensor(value.elementType, nil))
    })

  /// A map of labels to scores for each sample. ONNX ZipMap-1.
  package static let zipMap = OpDefinition(
    "ZipMap", domain: classicalDomain, versions: [1], "A map of labels to scores for each sample.",
    operands: [.required("X", .float32)], results: [.required("Z")],
    attributes: [.ints("classlabels_int64s"), .strings("classlabels_strings")],
    infer: { inference in
      let operation = inference.operation
      guard operation.categoryCount("classlabels_int64s", "classlabels_strings") != nil else { return }
      let isNumber = operation.ints("classlabels_int64s")?.isEmpty == false
      inference.set(.sequence(.map(key: isNumber ? .int64 : .string, value: .tensor(.float32, []))))
    })

  private static let mapOperand = OperandDefinition.required("X", []).ofAnyKind
}
