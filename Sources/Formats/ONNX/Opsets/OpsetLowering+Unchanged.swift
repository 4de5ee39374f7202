import IR

/// Modules whose operations have the forms of their target already: there is nothing to lower, and no need of a clone.
extension OpsetLowering {
  /// Whether lowering is certain to leave every operation as it is.
  mutating func leavesUnchanged(_ module: Module) -> Bool {
    guard module.functions.isEmpty else { return false }
    var isUnchanged = true
    module.main.forEachGraph { graph in
      for operation in graph.operations where isUnchanged { isUnchanged = leavesUnchanged(operation) }
    }
    return isUnchanged
  }

  private mutating func leavesUnchanged(_ operation: Operation) -> Bool {
    guard operation.definition.form != .opaque, let opset = target[operation.definition.domain] else { return true }
    if operation.isConstant { return leavesConstantUnchanged(operation, opset) }
    switch knownPlan(for: operation.definition, opset) {
    case .keep: return true
    case .refuse, .lower(_, _?): return false
    case .lower(let lacking, nil):
      return !axes.isNeeded && OpsetVocabulary.unknownWord(operation, opset) == nil
        && lacking.allSatisfy { addition in
          if case .attribute(let name) = addition.feature { return operation.attributes[name] == nil }
          return !operation.uses(addition.feature) || isWritten(addition, operation)
        }
    }
  }

  private func leavesConstantUnchanged(_ constant: Operation, _ opset: Int) -> Bool {
    guard constant.constantForm == .operation else { return true }
    return opset >= Self.sinceAnyAttribute
      && constantAdditions.allSatisfy { addition in
        addition.version <= opset || !constant.uses(addition.feature) || isWritten(addition, constant)
      }
  }
}
