extension OpCatalog {
  /// The operators of ONNX's domains, family by family. A test compares this list with the declarations.
  static let declared: [OpDefinition] = {
    let families: [[OpDefinition]] = [
      activationFamily,
      arithmeticFamily,
      attentionFamily,
      controlFlowFamily,
      conversionFamily,
      convolutionFamily,
      creationFamily,
      detectionFamily,
      einsumFamily,
      featureEncodingFamily,
      featureScalingFamily,
      indexingFamily,
      linearModelFamily,
      logicFamily,
      lossFamily,
      mapConversionFamily,
      matrixProductFamily,
      movementFamily,
      normalizationFamily,
      orderingFamily,
      poolingFamily,
      quantizationFamily,
      randomFamily,
      recurrentFamily,
      reductionFamily,
      resamplingFamily,
      sequenceFamily,
      shapeFamily,
      signalFamily,
      slicingFamily,
      textFamily,
      treeEnsembleFamily,
      trigonometryFamily,
      unaryFamily,
    ]
    return families.flatMap { $0 }
  }()
}
