extension OpCatalog {
  static let featureEncodingFamily: [OpDefinition] = [
    .arrayFeatureExtractor, .categoryMapper, .featureVectorizer, .labelEncoder, .oneHotEncoder,
  ]
}

extension OpDefinition {
  /// The domain of ONNX's operators for what is not a neural network.
  static let classicalDomain: ByteString = "ai.onnx.ml"

  /// Chosen elements along the last axis. ONNX ArrayFeatureExtractor-1.
  package static let arrayFeatureExtractor = OpDefinition(
    "ArrayFeatureExtractor", domain: classicalDomain, versions: [1], "Chosen elements along the last axis.",
    operands: [.required("X", [.features, .string]), .required("Y", .int64)],
    results: [.required("Z", sameElementTypeAs: "X")], traits: [.pure, .dataMovement],
    infer: { inference in
      guard let shape = inference.shape(0) else { return inference.set(elementTypeOf: 0, nil) }
      let count = inference.shape(1)?.elementCount ?? .unknown
      inference.set(elementTypeOf: 0, shape.count < 2 ? [.known(1), count] : shape.dropLast() + [count])
    })

  /// Turns strings into the numbers of a list of categories, and numbers into strings. ONNX CategoryMapper-1.
  package static let categoryMapper = OpDefinition(
    "CategoryMapper", domain: classicalDomain, versions: [1],
    "Turns strings into the numbers of a list of categories, and numbers into strings.",
    operands: [.required("X", [.string, .int64])], results: [.required("Y")],
    attributes: [
      .ints("cats_int64s"), .strings("cats_strings"), .int("default_int64", default: -1),
      .string("default_string", default: "_Unused"),
    ],
    infer: { inference in
      guard let type = inference.tensor(0) else { return }
      inference.set(.tensor(type.elementType == .string ? .int64 : .string, type.shape))
    })

  /// Joins features side by side, as single-precision numbers. ONNX FeatureVectorizer-1.
  package static let featureVectorizer = OpDefinition(
    "FeatureVectorizer", domain: classicalDomain, versions: [1],
    "Joins features side by side, as single-precision numbers.", operands: [.variadic("X", .features)],
    results: [.required("Y", .float32)], attributes: [.ints("inputdimensions")],
    infer: { inference in
      let widths = inference.operation.ints("inputdimensions").map { $0.map { Dimension.known($0) } }
      inference.set(.tensor(.float32, inference.samples().map { [$0, widths?.sum ?? .unknown] }))
    })

  /// Replaces each element by what a table has for it. ONNX LabelEncoder-4.
  package static let labelEncoder = OpDefinition(
    "LabelEncoder", domain: classicalDomain, versions: [1, 2, 4], "Replaces each element by what a table has for it.",
    operands: [.required("X", .labels)], results: [.required("Y")],
    attributes: [
      .float("default_float", default: -0.0), .int("default_int64", default: -1),
      .string("default_string", default: "_Unused"), .tensor("default_tensor"), .floats("keys_floats"),
      .ints("keys_int64s"), .strings("keys_strings"), .tensor("keys_tensor"), .floats("values_floats"),
      .ints("values_int64s"), .strings("values_strings"), .tensor("values_tensor"),
    ],
    infer: { inference in
      let operation = inference.operation
      let written: [(name: ByteString, type: ElementType)] = [
        ("values_floats", .float32), ("values_int64s", .int64), ("values_strings", .string),
      ]
      let listed = written.first { operation.attributes[$0.name] != nil }?.type
      guard let type = listed ?? operation.tensor("values_tensor")?.elementType else { return }
      inference.set(.tensor(type, inference.shape(0)))
    })

  /// A row of zeros with a 1 for each element. ONNX OneHotEncoder-1.
  package static let oneHotEncoder = OpDefinition(
    "OneHotEncoder", domain: classicalDomain, versions: [1], "A row of zeros with a 1 for each element.",
    operands: [.required("X", [.features, .string])], results: [.required("Y", .float32)],
    attributes: [.ints("cats_int64s"), .strings("cats_strings"), .int("zeros", default: 1)],
    infer: { inference in
      let count = inference.operation.categoryCount("cats_int64s", "cats_strings")
      inference.set(.tensor(.float32, inference.shape(0).map { $0 + [count.map { .known($0) } ?? .unknown] }))
    })
}

extension ElementTypes {
  /// What the operators of the classical domain take as features.
  static let features = ElementTypes(.float32, .float64, .int64, .int32)
  /// What labels may be encoded from and to.
  fileprivate static let labels = ElementTypes(.string, .int64, .float32, .int32, .int16, .float64)
}

extension Operation {
  /// How many categories one of two attributes lists; `nil` where neither does.
  func categoryCount(_ numbers: ByteString, _ strings: ByteString) -> Int? {
    if let list = ints(numbers), !list.isEmpty { return list.count }
    if case .strings(let list)? = attribute(strings), !list.isEmpty { return list.count }
    return nil
  }
}

extension TypeInference {
  /// How many samples the features of the first operand are of: a tensor of rank 1 is one sample. `nil` where its rank
  /// is not known, or neither 1 nor 2.
  func samples() -> Dimension? {
    guard let shape = shape(0), shape.count == 1 || shape.count == 2 else { return nil }
    return shape.count == 1 ? .known(1) : shape[0]
  }
}

extension [Dimension] {
  fileprivate var sum: Dimension { reduce(.known(0)) { $0 + $1 } }
}
