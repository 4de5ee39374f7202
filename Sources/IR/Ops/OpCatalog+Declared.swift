extension OpCatalog {
  /// The operators of ONNX's domains, sorted by name within their family. A test compares this list with the declarations.
  static let declared: [OpDefinition] = [
    .relu
  ]
}
