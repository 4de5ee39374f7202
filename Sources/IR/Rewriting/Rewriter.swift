/// The only way in which a pass changes a module. It counts what it does, so that "changed" is measured and never
/// claimed.
package final class Rewriter {
  package let module: Module
  /// Recorded in the location of everything that is built.
  package let pass: String
  /// How often the module was changed.
  package private(set) var mutationCount = 0
  /// Told of every operation that is new, changed, or about to be erased: the greedy driver keeps its worklist by this.
  package var observer: (any RewriteObserver)?

  package init(_ module: Module, pass: String) {
    self.module = module
    self.pass = pass
  }

  // MARK: Building

  /// Inserts an operation before `anchor` and infers its results' types.
  ///
  /// - Parameters:
  ///   - names: the results' names; where there is none, a fresh name from `anchor`'s first result is taken.
  ///   - resultCount: how many results the operation has.
  /// - Throws: `ModelError` where the operands do not fit the operator.
  package func insert(
    _ definition: OpDefinition, _ operands: [Value?], _ attributes: Attributes = Attributes(), before anchor: Operation,
    names: [ByteString] = [], resultCount: Int = 1, regions: [Operation.Region] = []
  ) throws -> Operation {
    let root = anchor.result()?.name ?? definition.name
    let results = (0..<resultCount).map { index in
      Builder.ResultSpecification(module.freshName(names.indices.contains(index) ? names[index] : root))
    }
    let operation = Builder(module, at: .before(anchor)).insert(
      definition, operands: operands, results: results, attributes: attributes, regions: regions,
      location: Location(passes: anchor.location.rewritten(by: pass).passes))
    do {
      try operation.inferTypes()
    } catch {
      discard(operation)
      throw error
    }
    noteInsertion(operation)
    return operation
  }

  /// Inserts an operation with one result before `anchor`, and returns that result, called `name` or freshly after it.
  ///
  /// - Throws: as `insert` does.
  package func insertValue(
    _ definition: OpDefinition, _ operands: [Value?], _ attributes: Attributes = Attributes(), before anchor: Operation,
    name: ByteString
  ) throws -> Value {
    let operation = try insert(definition, operands, attributes, before: anchor, names: [name])
    guard let result = operation.result() else {
      throw ModelError(.internalFailure, "\(definition.qualifiedName) has no result")
    }
    return result
  }

  /// Inserts a constant before `anchor`, called `name` or freshly after it.
  package func insertConstant(_ literal: TensorLiteral, name: ByteString, before anchor: Operation) throws -> Value {
    let operation = try Builder(module, at: .before(anchor)).insertConstant(
      .tensor(literal), name: module.freshName(name), location: anchor.location.rewritten(by: pass))
    noteInsertion(operation)
    guard let result = operation.result() else { throw ModelError(.internalFailure, "a constant has no result") }
    return result
  }

  // MARK: Changing

  /// Makes every use of `value` a use of `replacement`. Where the replacement was freshly built, `takingName` gives it
  /// the replaced value's name.
  ///
  /// - Throws: `ModelError` where the types contradict each other: such a rewrite is a defect, and nothing is changed.
  package func replace(_ value: Value, with replacement: Value, takingName: Bool = false) throws {
    guard let merged = replacement.type.merged(with: value.type) else {
      throw ModelError(
        .internalFailure,
        "pass '\(pass)' replaces \(value) of type \(value.type) by \(replacement) of type \(replacement.type)")
    }
    if replacement.argumentGraph == nil { replacement.type = merged }
    for use in Array(value.uses) {
      observer?.didChange(use.owner)
      use.set(replacement)
    }
    if let operation = value.definingOperation { observer?.didChange(operation) }
    if takingName { exchangeNames(value, replacement) }
    mutationCount += 1
  }

  /// Replaces the results of `operation` by `values` and erases it. Freshly built values take the results' names, and
  /// the operation that defines the first of them takes the place of `operation` in the source.
  package func replace(_ operation: Operation, with values: [Value], takingNames: Bool = true) throws {
    for (result, value) in zip(operation.results, values) {
      guard let result else { continue }
      let isNew = value.definingOperation?.location.passes.last == pass && !value.hasUses
      try replace(result, with: value, takingName: takingNames && isNew)
      if takingNames, isNew, result.index == 0, value.index == 0 {
        value.definingOperation?.location.name = operation.location.name
      }
    }
    erase(operation)
  }

  /// Removes an operation that nothing uses, with its regions.
  package func erase(_ operation: Operation) {
    guard !operation.hasUsedResults else { return }
    observer?.willErase(operation)
    discard(operation)
    mutationCount += 1
  }

  /// Makes `value` the operand at `index` of `operation`.
  package func setOperand(_ index: Int, of operation: Operation, to value: Value?) {
    guard operation.operandUses.indices.contains(index), operation.operandUses[index].value !== value else { return }
    let old = operation.operandUses[index].value?.definingOperation
    operation.operandUses[index].set(value)
    if let old { observer?.didLoseUse(old) }
    noteChange(operation)
  }

  /// Replaces all operands of `operation`.
  package func setOperands(of operation: Operation, to values: [Value?]) {
    for use in operation.operandUses {
      let old = use.value?.definingOperation
      use.detach()
      if let old { observer?.didLoseUse(old) }
    }
    operation.operandUses = values.enumerated().map { Use(owner: operation, index: $0.offset, value: $0.element) }
    noteChange(operation)
  }

  /// Sets or removes an attribute.
  package func setAttribute(_ name: ByteString, of operation: Operation, to value: AttributeValue?) {
    guard operation.attributes[name] != value else { return }
    operation.attributes[name] = value
    noteChange(operation)
  }

  /// Makes `operation` one of another operator (an opset adapter's work: results stay).
  package func setDefinition(of operation: Operation, to definition: OpDefinition) {
    guard operation.definition !== definition else { return }
    operation.definition = definition
    noteChange(operation)
  }

  /// Appends absent results, or removes trailing ones that nothing uses, until there are `count`.
  package func setResultCount(of operation: Operation, to count: Int) {
    while operation.results.count > count, operation.results.last.map({ $0?.hasUses ?? false }) == false {
      operation.results.removeLast()
    }
    while operation.results.count < count { operation.results.append(nil) }
    noteChange(operation)
  }

  /// Gives a constant another value; its type follows.
  package func setLiteral(of constant: Operation, to literal: TensorLiteral) throws {
    guard constant.isConstant, constant.attributes["value"] != .tensor(literal) else { return }
    constant.attributes["value"] = .tensor(literal)
    constant.location = constant.location.rewritten(by: pass)
    constant.result()?.declaredType = nil
    constant.result()?.type = .unknown
    try constant.inferTypes()
    noteChange(constant)
    for use in constant.result()?.uses ?? Uses(first: nil) { observer?.didChange(use.owner) }
  }

  /// Moves an operation to just before another of any graph.
  package func move(_ operation: Operation, before anchor: Operation) {
    guard operation !== anchor, operation.next !== anchor || operation.parent !== anchor.parent else { return }
    operation.parent?.remove(operation)
    anchor.parent?.insert(operation, before: anchor)
    noteChange(operation)
  }

  /// Records the inferred type of a value as one to be written to the file.
  package func declareType(of value: Value) {
    guard value.declaredType != value.type, value.type != .unknown else { return }
    value.declaredType = value.type
    mutationCount += 1
  }

  /// Makes an argument that has a default the constant of that value: callers can no longer pass another.
  ///
  /// - Throws: `ModelError` where the default is not of the argument's type.
  package func freezeDefault(of argument: Value) throws {
    guard let graph = argument.argumentGraph, let literal = argument.defaultLiteral else { return }
    let point = graph.first.map { Builder.InsertionPoint.before($0) } ?? .end(of: graph)
    let constant = try Builder(module, at: point).insertConstant(
      .tensor(literal), name: argument.name, location: Location(name: argument.name, passes: [pass]))
    guard let value = constant.result() else { throw ModelError(.internalFailure, "a constant has no result") }
    do {
      try replace(argument, with: value)
    } catch {
      discard(constant)
      throw error
    }
    value.annotations = argument.annotations
    graph.arguments.remove(at: argument.index)
    for (index, other) in graph.arguments.enumerated() { other.index = index }
    noteInsertion(constant)
  }

  /// Raises the operator set that the module is to be written in.
  package func setTarget(domain: ByteString, to version: Int) {
    guard module.target[domain] != version else { return }
    module.target[domain] = version
    mutationCount += 1
  }

  /// Removes an unused function.
  package func erase(_ function: Function) {
    guard let index = module.functions.firstIndex(where: { $0 === function }) else { return }
    module.functions.remove(at: index)
    mutationCount += 1
  }

  // MARK: Bookkeeping

  /// Records an operation that was built by copying.
  func didInline(_ operation: Operation) { noteInsertion(operation) }

  /// Counts a change that is of the module, not of one operation.
  func noteMutation() { mutationCount += 1 }

  private func noteInsertion(_ operation: Operation) {
    mutationCount += 1
    observer?.didInsert(operation)
  }

  private func noteChange(_ operation: Operation) {
    mutationCount += 1
    observer?.didChange(operation)
  }

  private func discard(_ operation: Operation) {
    for region in operation.regions {
      // Backwards: a value lives until nothing uses it.
      var current = region.graph.last
      while let inner = current {
        current = inner.previous
        observer?.willErase(inner)
        discard(inner)
      }
    }
    for use in operation.operandUses {
      let definition = use.value?.definingOperation
      use.detach()
      if let definition { observer?.didLoseUse(definition) }
    }
    operation.parent?.remove(operation)
  }

  private func exchangeNames(_ old: Value, _ new: Value) {
    guard new.argumentGraph == nil, old.argumentGraph == nil else { return }
    (old.name, new.name) = (new.name, old.name)
    new.declaredType = new.declaredType ?? old.declaredType
    new.annotations = new.annotations ?? old.annotations
  }
}

/// What the greedy driver wants to know of a rewrite.
package protocol RewriteObserver: AnyObject {
  func didInsert(_ operation: Operation)
  func didChange(_ operation: Operation)
  /// One use fewer is made of a result of `operation`.
  func didLoseUse(_ operation: Operation)
  func willErase(_ operation: Operation)
}
