extension OpCatalog {
  /// The operators of ONNX's domains, family by family. A test compares this list with the declarations.
  static let declared: [OpDefinition] = {
    let families: [[OpDefinition]] = [
      activationFamily,
      arithmeticFamily,
      attentionFamily,
      controlFlowFamily,
      convolutionFamily,
      detectionFamily,
      logicFamily,
      lossFamily,
      matrixProductFamily,
      normalizationFamily,
      poolingFamily,
      quantizationFamily,
      randomFamily,
      recurrentFamily,
      resamplingFamily,
      sequenceFamily,
      signalFamily,
      textFamily,
      trigonometryFamily,
      unaryFamily,
    ]
    return families.flatMap { $0 }
  }()
}
