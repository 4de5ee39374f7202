import IR

/// Takes the operations of a clone to the forms that they have in a target.
struct OpsetLowering {
  private let target: OpsetVersions
  /// Whether the target is the opset that the file was written in.
  private let isSource: Bool
  private let rewriter: Rewriter
  private let axes: AxisLowering
  private let constantAdditions: [OperatorHistory.Addition]
  private var plans: [ObjectIdentifier: Plan] = [:]

  init(_ module: Module, _ target: OpsetVersions) {
    self.target = target
    rewriter = Rewriter(module, pass: "lower")
    isSource = target[""].map { Int64($0) } == module.annotations?.integer(ONNXProperty.sourceOpset)
    axes = AxisLowering(module, target[""])
    let additions = OperatorHistory.of(domain: "", name: "Constant")?.additions ?? []
    constantAdditions = additions.filter(\.feature.isType)
  }

  /// What is to be done with every operation of a definition.
  private enum Plan {
    /// Nothing: the target has it as it is.
    case keep
    /// Refuse it.
    case refuse(reason: String)
    /// Check the features that the target lacks, let the adapter rewrite it where there is one, and call it what it is
    /// now.
    case lower(lacking: [OperatorHistory.Addition], Step?)
  }

  private struct Step {
    let adapter: OpsetAdapter
    let form: OpsetAdapter.Form
    let definition: OpDefinition
  }

  /// - Throws: `ModelError` where the operation says what the target cannot, in no words.
  mutating func lower(_ operation: Operation) throws {
    do {
      try lowerAlone(operation)
    } catch let refusal as ModelError where refusal.kind == .invalidModel {
      do {
        guard let parts = try inOlderWords(operation) else { throw refusal }
        for part in parts { try lower(part) }
      } catch {
        throw refusal
      }
    }
  }

  /// Says by older operators what the operation's own says in later opsets; `nil` where nothing does.
  private func inOlderWords(_ operation: Operation) throws -> [Operation]? {
    guard let opset = target[operation.definition.domain], !operation.refersToFunctionAttributes,
      let expansion = OperatorExpansion.of(operation.definition, inOpset: opset)
    else { return nil }
    let body = try expansion.instantiate(for: operation).main
    let constants = operation.operands.compactMap { $0?.definingOperation }.filter(\.isConstant)
    let parts = try rewriter.inline(body, inPlaceOf: operation, attributes: operation.attributes)
    for constant in constants where constant.parent != nil && !constant.hasUsedResults { rewriter.erase(constant) }
    return parts
  }

  private mutating func lowerAlone(_ operation: Operation) throws {
    guard operation.definition.form != .opaque, let opset = target[operation.definition.domain] else { return }
    if operation.isConstant { return try lowerConstant(operation, opset) }
    let key = ObjectIdentifier(operation.definition)
    let plan = plans[key] ?? plan(for: operation.definition, opset)
    plans[key] = plan
    switch plan {
    case .keep: break
    case .refuse(let reason): throw ModelError(.invalidModel, place: operation.place, reason)
    case .lower(let lacking, let step):
      let editor = OpsetEditor(operation, operation.definition, rewriter, target: opset)
      for addition in lacking where operation.uses(addition.feature) && !isWritten(addition, operation) {
        throw editor.unsayable(operation.description(of: addition.feature), since: addition.version)
      }
      try OpsetVocabulary.check(operation, opset, editor)
      dropDefaults(operation, lacking, editor)
      if let step {
        try step.adapter.lower(editor, step.form)
        editor.setDefinition(to: step.definition)
      }
      try axes.lower(editor)
    }
  }

  /// Whether a feature is of types, and the file has the operation with those in this very opset: its author's runtime
  /// took them.
  private func isWritten(_ addition: OperatorHistory.Addition, _ operation: Operation) -> Bool {
    // Of other domains no version but the source's is ever asked for.
    (isSource || !operation.definition.domain.isEmpty) && operation.location.passes.isEmpty && addition.feature.isType
  }

  private func plan(for definition: OpDefinition, _ opset: Int) -> Plan {
    switch definition.form {
    case .opaque, .builtin: return .keep
    case .legacy(let version):
      guard let history = OperatorHistory.of(domain: definition.domain, name: definition.name) else { return .keep }
      let opsets = history.opsets(of: version)
      guard !opsets.contains(opset) else { return .keep }
      let last = opsets.upperBound == Int.max ? "on" : "to \(opsets.upperBound)"
      return .refuse(
        reason: "is in a form that opsets from \(opsets.lowerBound) \(last) have, and opset \(opset) does not"
          + Opsets.remedy(for: definition))
    case .declared:
      guard let form = form(of: definition, opset) else {
        return .refuse(reason: refusal(of: definition, opset))
      }
      let adapter = OpsetAdapter.adapter(for: definition)
      let isNewest = form.name == definition.name && form.version == definition.since
      guard !isNewest else { return .keep }
      let history = OperatorHistory.of(domain: definition.domain, name: definition.name)
      let additions = history?.additions ?? []
      let lacking = additions.filter { $0.version > form.version && adapter?.lowers($0.feature) != true }
      guard let adapter, form.name != definition.name || form.version < adapter.since else {
        return .lower(lacking: lacking, nil)
      }
      let older = form.name == definition.name ? definition : .opaque(domain: definition.domain, name: form.name)
      return .lower(
        lacking: lacking, Step(adapter: adapter, form: form, definition: .legacy(older, version: form.version)))
    }
  }

  /// What to say of an operator that an opset has not yet, or no longer.
  private func refusal(of definition: OpDefinition, _ opset: Int) -> String {
    let since = definition.versions.first ?? 1
    let other = definition.domain.isEmpty ? "opset" : "version"
    let place = definition.domain.isEmpty ? "opset \(opset)" : "version \(opset) of \(definition.domain.text)"
    guard since > opset else { return "cannot be written in \(place), which has given it up" }
    let hint = definition.domain.isEmpty ? " (-opset=\(since))" : ""
    return "cannot be written in \(place), but from \(other) \(since) on\(hint)\(Opsets.remedy(for: definition))"
  }

  /// Under which name and in which version the target has an operator.
  private func form(of definition: OpDefinition, _ opset: Int) -> OpsetAdapter.Form? {
    let names = [definition.name] + (OpsetAdapter.adapter(for: definition)?.formerNames ?? [])
    for name in names {
      guard let history = OperatorHistory.of(domain: definition.domain, name: name),
        let version = history.version(inOpset: opset),
        !history.isDeprecated(version)
      else { continue }
      return .init(name: name, version: version)
    }
    return nil
  }

  /// Attributes that the target lacks and that say what their absence says go away.
  private func dropDefaults(_ operation: Operation, _ lacking: [OperatorHistory.Addition], _ editor: OpsetEditor) {
    for addition in lacking {
      if case .attribute(let name) = addition.feature { editor.setAttribute(name, to: nil) }
    }
  }

  // MARK: Constants

  /// Constant operations had no attribute but `value` before version 12, `sparse_value` before 11, and fewer types the
  /// older. Initializers are no operations: they take what their file's format does, and stand in where they can.
  private func lowerConstant(_ constant: Operation, _ opset: Int) throws {
    guard constant.constantForm == .operation, let attribute = constant.attributes.all.first else { return }
    let editor = OpsetEditor(constant, .constant, rewriter, target: opset)
    let literal = try TensorLiteral(attribute.value)
    for addition in constantAdditions where addition.version > opset && constant.uses(addition.feature) {
      guard !isWritten(addition, constant) else { continue }
      guard let literal, !editor.isInFunction else {
        throw editor.unsayable(
          "a Constant operation of type \(constant.result()?.type ?? .unknown)", since: addition.version)
      }
      let initializer = try rewriter.insertConstant(literal, name: constant.result()?.name ?? "", before: constant)
      return try rewriter.replace(constant, with: [initializer])
    }
    guard opset < 12, attribute.name != "value" else { return }
    guard let literal else {
      guard case .sparseTensor = attribute.value, opset >= 11 else {
        throw editor.unsayable("such a constant", since: 11)
      }
      return
    }
    editor.setAttribute(attribute.name, to: nil)
    editor.setAttribute("value", to: .tensor(literal))
  }

  // MARK: Functions

  /// Makes a function import the target's versions, except where its own mean the same for all of its operators.
  func lowerImports(of function: Function) {
    for entry in function.opsets.entries {
      guard let version = target[entry.domain], version != entry.version,
        entry.version > version || !function.meansTheSame(in: entry.version, and: version, of: entry.domain)
      else { continue }
      function.opsets[entry.domain] = version
    }
  }
}

extension Function {
  /// Whether each operator of `domain` in the body has one version in both opsets.
  fileprivate func meansTheSame(in one: Int, and other: Int, of domain: ByteString) -> Bool {
    var same = true
    body.forEachGraph { graph in
      for operation in graph.operations where operation.definition.domain == domain {
        let name = operation.isConstant ? "Constant" : operation.definition.name
        let history = OperatorHistory.of(domain: domain, name: name)
        same = same && history?.version(inOpset: one) == history?.version(inOpset: other)
      }
    }
    return same
  }
}

extension Operation {
  /// What an error calls a feature.
  fileprivate func description(of feature: OperatorHistory.Feature) -> String {
    switch feature {
    case .attribute(let name): return "attribute '\(name.text)'"
    case .operand(let index): return "operand '\(operandName(index))'"
    case .absentOperand(let index): return "no operand '\(operandName(index))'"
    case .differentElementTypes(let index, let other):
      return "operand '\(operandName(index))' of another element type than '\(operandName(other))'"
    case .operandTypes(let index, _), .operandKind(let index, _):
      return "operand '\(operandName(index))' of type \(operand(index)?.type ?? .unknown)"
    case .result(let index): return "result '\(resultName(index))'"
    case .resultTypes(let index, _), .resultKind(let index, _):
      return "result '\(resultName(index))' of type \(result(index)?.type ?? .unknown)"
    }
  }

  private func operandName(_ index: Int) -> String {
    definition.operands.indices.contains(index) ? definition.operands[index].name : "\(index)"
  }

  private func resultName(_ index: Int) -> String {
    definition.results.indices.contains(index) ? definition.results[index].name : "\(index)"
  }
}

/// Words that a string attribute took only from some version on.
enum OpsetVocabulary {
  private struct Word {
    let definition: OpDefinition
    let attribute: ByteString
    let value: ByteString
    let since: Int
  }

  private static let words: [Word] = [
    Word(definition: .pad, attribute: "mode", value: "wrap", since: 19),
    Word(definition: .resize, attribute: "mode", value: "cubic", since: 11),
    Word(definition: .resize, attribute: "coordinate_transformation_mode", value: "half_pixel_symmetric", since: 19),
    Word(definition: .scatterElements, attribute: "reduction", value: "max", since: 18),
    Word(definition: .scatterElements, attribute: "reduction", value: "min", since: 18),
    Word(definition: .scatterND, attribute: "reduction", value: "max", since: 18),
    Word(definition: .scatterND, attribute: "reduction", value: "min", since: 18),
  ]

  /// - Throws: `editor.unsayable` where an attribute of the operation has a word that the opset does not know.
  static func check(_ operation: Operation, _ opset: Int, _ editor: OpsetEditor) throws {
    for word in words where word.since > opset && operation.is(word.definition) {
      guard operation.string(word.attribute) == word.value else { continue }
      throw editor.unsayable("\(word.attribute) '\(word.value.text)'", since: word.since)
    }
  }
}
