extension OpCatalog {
  static let textFamily: [OpDefinition] = [
    .regexFullMatch, .stringConcat, .stringNormalizer, .stringSplit, .tfIdfVectorizer,
  ]
}

extension OpDefinition {
  /// Whether each string matches a regular expression from end to end. ONNX RegexFullMatch-20.
  package static let regexFullMatch = OpDefinition(
    "RegexFullMatch", versions: [20], "Whether each string matches a regular expression from end to end.",
    operands: [.required("X", .string)], results: [.required("Y", .bool)], attributes: [.string("pattern")],
    infer: { $0.set(.tensor(.bool, $0.shape(0))) })

  /// Joins the strings of two tensors, which are broadcast. ONNX StringConcat-20.
  package static let stringConcat = OpDefinition(
    "StringConcat", versions: [20], "Joins the strings of two tensors, which are broadcast.",
    operands: [.required("X", .string), .required("Y", sameElementTypeAs: "X")], results: [.required("Z", .string)],
    infer: { $0.set(.tensor(.string, try $0.broadcastShape(0..<2))) })

  /// Changes the case of words and leaves stop words out. ONNX StringNormalizer-10.
  package static let stringNormalizer = OpDefinition(
    "StringNormalizer", versions: [10], "Changes the case of words and leaves stop words out.",
    operands: [.required("X", .string)], results: [.required("Y", .string)],
    attributes: [
      .string("case_change_action", default: "NONE"), .int("is_case_sensitive", default: 0), .string("locale"),
      .strings("stopwords"),
    ],
    infer: { inference in
      inference.set(.tensor(.string, inference.shape(0).map { $0.dropLast() + [.unknown] }))
    }, verify: oneOf("case_change_action", ["LOWER", "UPPER", "NONE"]))

  /// The parts of each string between delimiters, and how many there are. ONNX StringSplit-20.
  package static let stringSplit = OpDefinition(
    "StringSplit", versions: [20], "The parts of each string between delimiters, and how many there are.",
    operands: [.required("X", .string)], results: [.required("Y", .string), .required("Z", .int64)],
    attributes: [.string("delimiter"), .optional("maxsplit", .int)],
    infer: { inference in
      inference.set(0, .tensor(.string, inference.shape(0).map { $0 + [.unknown] }))
      inference.set(1, .tensor(.int64, inference.shape(0)))
    })

  /// Counts n-grams, and weighs the counts. ONNX TfIdfVectorizer-9.
  package static let tfIdfVectorizer = OpDefinition(
    "TfIdfVectorizer", versions: [9], "Counts n-grams, and weighs the counts.",
    operands: [.required("X", [.string, .indices])], results: [.required("Y", .float32)],
    attributes: [
      .required("max_gram_length", .int), .required("max_skip_count", .int), .required("min_gram_length", .int),
      .required("mode", .string), .required("ngram_counts", .ints), .required("ngram_indexes", .ints),
      .ints("pool_int64s"), .strings("pool_strings"), .floats("weights"),
    ],
    infer: { inference in
      guard let x = inference.shape(0) else { return inference.set(.tensor(.float32, nil)) }
      guard x.count == 1 || x.count == 2 else {
        throw ModelError(.invalidModel, "an input of shape \(x) is not of rank 1 or 2")
      }
      let largest = inference.operation.ints("ngram_indexes")?.max()
      let width = largest.map { .known($0) + .known(1) } ?? Dimension.unknown
      inference.set(.tensor(.float32, x.dropLast() + [width]))
    }, verify: oneOf("mode", ["TF", "IDF", "TFIDF"]))
}
