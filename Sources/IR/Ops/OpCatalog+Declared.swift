extension OpCatalog {
  /// The operators of ONNX's domains, family by family. A test compares this list with the declarations.
  static let declared: [OpDefinition] = {
    let families: [[OpDefinition]] = [
      activationFamily,
      arithmeticFamily,
      logicFamily,
      trigonometryFamily,
      unaryFamily,
    ]
    return families.flatMap { $0 }
  }()
}
