/// Whether one operation fits its declaration.
extension Operation {
  // MARK: Operands and results

  /// - Throws: `ModelError` that names the operand or result that is missing, or is one too many.
  func verifyArity() throws {
    try verifyOperandCount()
    try verifyResultCount()
  }

  private func verifyOperandCount() throws {
    for (index, operand) in definition.operands.enumerated() {
      switch operand.arity {
      case .optional: break
      case .required:
        guard self.operand(index) != nil else { throw ModelError(.invalidModel, "has no operand '\(operand.name)'") }
      case .variadic(let minimum):
        let given = operands.dropFirst(index)
        guard given.count >= minimum else {
          throw ModelError(.invalidModel, "has \(given.count) operands '\(operand.name)', but needs \(minimum)")
        }
        guard given.allSatisfy({ $0 != nil }) || definition.form != .declared else {
          throw ModelError(.invalidModel, "has an absent operand among '\(operand.name)'")
        }
        return
      }
    }
    guard operandCount <= definition.operands.count else {
      throw ModelError(.invalidModel, "has \(operandCount) operands, but takes \(definition.operands.count) at most")
    }
  }

  private func verifyResultCount() throws {
    for (index, result) in definition.results.enumerated() {
      switch result.arity {
      case .optional: break
      case .required:
        guard self.result(index) != nil else { throw ModelError(.invalidModel, "has no result '\(result.name)'") }
      case .variadic: return
      }
    }
    guard results.count <= definition.results.count else {
      throw ModelError(.invalidModel, "has \(results.count) results, but gives \(definition.results.count) at most")
    }
  }

  // MARK: Attributes and regions

  /// - Throws: `ModelError` that names the attribute or region that is missing, unknown or of the wrong kind.
  func verifyAttributes() throws {
    guard !isConstant || attributes.all.count == 1 else {
      throw ModelError(.invalidModel, "a constant has one value, but \(attributes.all.count) are written")
    }
    guard definition.form == .declared else { return }
    for attribute in attributes.all {
      guard let declared = definition.attributes.first(where: { $0.name == attribute.name }) else {
        // ONNX leaves names with two underscores to those who use them.
        guard attribute.name.bytes.starts(with: "__".utf8) else {
          throw ModelError(.invalidModel, "attribute '\(attribute.name.text)' is not known")
        }
        continue
      }
      guard attribute.value.kind == declared.kind else {
        throw ModelError(
          .invalidModel,
          "attribute '\(attribute.name.text)' is of kind \(attribute.value.kind.rawValue), not \(declared.kind.rawValue)"
        )
      }
    }
    for region in regions {
      guard definition.attributes.contains(where: { $0.name == region.name && $0.kind == .graph }) else {
        throw ModelError(.invalidModel, "a graph '\(region.name.text)' is not known")
      }
    }
    for declared in definition.attributes where declared.isRequired || declared.kind == .graph {
      let graphs = declared.kind == .graph ? regions.count { $0.name == declared.name } : 0
      guard graphs <= 1 else { throw ModelError(.invalidModel, "has \(graphs) graphs '\(declared.name.text)'") }
      guard !declared.isRequired || graphs == 1 || attributes[declared.name] != nil else {
        throw ModelError(.invalidModel, "has no attribute '\(declared.name.text)', which it needs")
      }
    }
  }

  // MARK: Types

  /// - Throws: `ModelError` where an operand is of a type that the operator does not take, or a result's type is not
  ///   what the operator gives. What cannot run at all may stand in a branch, which perhaps never does.
  func verifyTypes(infersAll: Bool) throws {
    guard definition.form == .declared || definition.form == .builtin else { return }
    try verifyOperandTypes()
    try definition.verify?(self)
    guard infersAll || mayInferMore else { return }
    do {
      try verifyResultTypes()
    } catch let error as ModelError {
      guard isInBranch else { throw error }
    }
  }

  private func verifyResultTypes() throws {
    guard let infer = definition.infer, !refersToFunctionAttributes else { return }
    var inference = TypeInference(self)
    try infer(&inference)
    for (result, type) in zip(results, inference.resultTypes) {
      guard let result, !type.isCompatible(with: result.type) else { continue }
      throw ModelError(.invalidModel, "\(result) is \(result.type), but the operator gives \(type)")
    }
  }

  private func verifyOperandTypes() throws {
    for (index, use) in operandUses.enumerated() {
      guard let value = use.value, let declared = definition.operands.dropFirst(index).first ?? definition.operands.last
      else {
        continue
      }
      try verifyType(of: value, declared)
      let isRepeated = index >= definition.operands.count
      guard !(isRepeated && declared.isHeterogeneous) else { continue }
      guard let type = value.tensorType?.elementType, let source = source(of: declared, isRepeated),
        let expected = source.value.tensorType?.elementType, type != expected
      else { continue }
      throw ModelError(
        .invalidModel,
        "operand '\(declared.name)' is of \(type.rawValue), but '\(source.name)' of \(expected.rawValue), and both must agree"
      )
    }
  }

  /// The operand whose element type a declared one must have: the one that it names, or the first of a variadic one's.
  private func source(of declared: OperandDefinition, _ isRepeated: Bool) -> (name: String, value: Value)? {
    let name = isRepeated ? declared.name : declared.elementTypeSource
    guard let index = definition.operands.firstIndex(where: { $0.name == name }), let value = operand(index) else {
      return nil
    }
    return (definition.operands[index].name, value)
  }

  private func verifyType(of value: Value, _ declared: OperandDefinition) throws {
    switch value.type {
    case .unknown: return
    case .tensor(let type):
      guard !declared.elementTypes.contains(type.elementType) else { return }
    case .sparseTensor, .sequence, .optional, .map, .opaque:
      guard !declared.acceptsNonTensors else { return }
    }
    throw ModelError(.invalidModel, "operand '\(declared.name)' is \(value.type), which the operator does not take")
  }
}
