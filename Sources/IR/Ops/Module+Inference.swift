extension Operation {
  /// Infers the types and contents of the results from those of the operands; what was known before is refined, never
  /// forgotten.
  ///
  /// - Parameter diagnostics: told where a declared shape contradicts what is inferred; inference wins.
  /// - Throws: `ModelError` at this operation's place where the operation is certainly wrong, or an element type
  ///   contradicts the declared one. Within a branch of an If that is a remark only: exporters leave branches that are
  ///   never taken, and that would be wrong for the shapes at hand.
  package func inferTypes(_ diagnostics: Diagnostics? = nil) throws {
    try inferTypes(by: definition.infer, diagnostics)
  }

  /// Infers the results as `inference` says, another version's than the definition's perhaps; `nil` says nothing.
  package func inferTypes(by inference: OpDefinition.Inference?, _ diagnostics: Diagnostics? = nil) throws {
    guard let infer = inference, !refersToFunctionAttributes else { return }
    var inference = TypeInference(self)
    do {
      try infer(&inference)
      for (index, result) in results.enumerated() {
        guard let result else { continue }
        try result.refine(inference.resultTypes[index], diagnostics)
        result.contents = inference.resultContents(index) ?? result.contents
      }
      mayInferMore = false
    } catch let error as ModelError {
      guard isInBranch else { throw error.at(place) }
      diagnostics?.remark("cannot run with these shapes: \(error.message)", at: place)
    }
  }

  /// Whether this runs only if some condition holds.
  var isInBranch: Bool {
    var around = parent?.parentOperation
    while let operation = around {
      if operation.is(.if) { return true }
      around = operation.parent?.parentOperation
    }
    return false
  }
}

extension Operation {
  /// Infers the types of the results and of all values inside, the regions first.
  package func inferTypesWithRegions(
    _ diagnostics: Diagnostics? = nil, preparing prepare: (Operation) throws -> Void = { _ in }
  ) throws {
    try inferArguments()
    for region in regions { try region.graph.inferTypes(diagnostics, preparing: prepare) }
    try inferTypes(diagnostics)
  }

  /// Passes what is known of the operands to the arguments of the regions. Declared types are refined, never replaced.
  fileprivate func inferArguments() throws {
    guard let regionArguments = definition.regionArguments, !refersToFunctionAttributes else { return }
    do {
      let types = try regionArguments(self)
      for region in regions {
        guard region.graph.arguments.count == types.count else {
          throw ModelError(
            .invalidModel,
            "its '\(region.name)' takes \(region.graph.arguments.count) arguments, but gets \(types.count)")
        }
        for (argument, type) in zip(region.graph.arguments, types) {
          guard let merged = argument.type.merged(with: type) else {
            throw ModelError(
              .invalidModel, "passes \(type) to the argument \(argument), which is declared as \(argument.type)")
          }
          argument.type = merged
        }
      }
    } catch let error as ModelError {
      throw error.at(place)
    }
  }
}

extension Value {
  fileprivate func refine(_ inferred: ValueType, _ diagnostics: Diagnostics?) throws {
    if let merged = inferred.merged(with: type) {
      type = merged
      return
    }
    if case .tensor(let declared) = type, case .tensor(let found) = inferred, declared.elementType == found.elementType
    {
      diagnostics?.remark("the file declares \(type) for \(self), which is \(inferred)", at: "value '\(name.text)'")
      type = inferred
      return
    }
    throw ModelError(.invalidModel, "\(self) is \(inferred), but the file declares \(type)")
  }
}

extension Module {
  /// Infers the types of all values, in order.
  ///
  /// - Parameter prepare: called with each operation when the types of its operands are known, before its own are
  /// inferred.
  /// - Throws: the first `ModelError` of an operation that is certainly wrong.
  package func inferTypes(
    _ diagnostics: Diagnostics? = nil, preparing prepare: (Operation) throws -> Void = { _ in }
  ) throws {
    for body in bodies { try body.inferTypes(diagnostics, preparing: prepare) }
  }
}

extension Graph {
  /// Infers the types in this graph and in the regions of its operations, an operation's regions first.
  package func inferTypes(
    _ diagnostics: Diagnostics? = nil, preparing prepare: (Operation) throws -> Void = { _ in }
  ) throws {
    for operation in operations {
      try prepare(operation)
      try operation.inferTypesWithRegions(diagnostics, preparing: prepare)
    }
  }
}
