import IR

/// One operation and the changes that adapters make to it.
struct OpsetEditor {
  let operation: Operation
  /// The operator in the IR's form.
  let definition: OpDefinition
  /// The opset that is to be written; `nil` while raising.
  let target: Int?
  private let rewriter: Rewriter

  init(_ operation: Operation, _ definition: OpDefinition, _ rewriter: Rewriter, target: Int? = nil) {
    self.operation = operation
    self.definition = definition
    self.rewriter = rewriter
    self.target = target
  }

  /// The error of an operation that says `what`, which only opsets from `since` on can.
  func unsayable(_ what: String, since: Int) -> ModelError {
    guard definition.domain.isEmpty else {
      return ModelError(
        .invalidModel, place: operation.place,
        "\(what) cannot be written in this version of \(definition.domain.text), but from \(since) on")
    }
    let written = target.map { "opset \($0)" } ?? "this opset"
    return ModelError(
      .invalidModel, place: operation.place,
      "\(what) cannot be written in \(written), but from opset \(since) on (-opset=\(since))"
        + Opsets.remedy(for: definition))
  }

  /// Whether the operation is part of a function, where constants are operations.
  var isInFunction: Bool { operation.parent.map { !rewriter.module.main.encloses($0) } ?? false }

  // MARK: Attributes

  /// Whether the attribute is absent or written as a list of numbers that is not empty. Anything else an adapter leaves
  /// alone.
  func isPlainList(_ name: ByteString) -> Bool {
    switch operation.attributes[name] {
    case nil: true
    case .ints(let values)?: !values.isEmpty
    default: false
    }
  }

  func setAttribute(_ name: ByteString, to value: AttributeValue?) {
    rewriter.setAttribute(name, of: operation, to: value)
  }

  func setDefinition(to definition: OpDefinition) {
    rewriter.setDefinition(of: operation, to: definition)
  }

  // MARK: Operands

  /// Makes a new constant the operand at `index`; those before it that are missing become absent.
  func setOperand(_ index: Int, to literal: TensorLiteral) throws {
    let constant = try constant(literal, index)
    var operands = operation.operands
    while operands.count <= index { operands.append(nil) }
    operands[index] = constant
    setOperands(to: operands)
  }

  /// A new constant that is to be the operand at `index` of the IR's form.
  func constant(_ literal: TensorLiteral, _ index: Int) throws -> Value {
    let root = operation.presentResults.first?.name ?? definition.name
    let constant = try Builder(rewriter.module, at: .before(operation)).insertConstant(
      .tensor(literal), name: rewriter.module.freshName(ByteString(root.bytes + "_\(operandName(index))".utf8)),
      form: isInFunction ? .operation : .initializer(slot: nil), location: Location(passes: [rewriter.pass]))
    guard let result = constant.result() else { throw ModelError(.internalFailure, "a constant has no result") }
    return result
  }

  /// Replaces all operands. A constant that nothing uses any more goes away.
  func setOperands(to operands: [Value?]) {
    let before = operation.operands.compactMap { $0?.definingOperation }
    rewriter.setOperands(of: operation, to: operands)
    for constant in before where constant.isConstant && constant.parent != nil { rewriter.erase(constant) }
  }

  /// The literal of the operand at `index`; `nil` where the operand is absent.
  ///
  /// - Throws: the error that only opsets from `since` on take operands there that are not constant.
  func literal(_ index: Int, since: Int) throws -> TensorLiteral? {
    guard let operand = operation.operand(index) else { return nil }
    guard let literal = operand.literal else {
      throw unsayable("an operand '\(operandName(index))' that is not constant", since: since)
    }
    return literal
  }

  /// The elements of the constant integer operand at `index`; `nil` where the operand is absent.
  func integers(_ index: Int, since: Int) throws -> [Int64]? {
    guard let literal = try literal(index, since: since) else { return nil }
    guard let values = SmallIntegers.values(of: literal) else {
      throw unsayable("an operand '\(operandName(index))' that is no short list of integers", since: since)
    }
    return values.map { Int64($0) }
  }

  private func operandName(_ index: Int) -> String {
    definition.operands.indices.contains(index) ? definition.operands[index].name : "\(index)"
  }

  /// Infers what holds of the results in the operation's older forms alone.
  func inferOlderForm() throws {
    try operation.inferTypes(by: definition.inferLegacy)
  }

  // MARK: What the source said otherwise

  /// Sets an attribute that the source's form implies.
  func imply(_ name: ByteString, _ value: AttributeValue) {
    setAttribute(name, to: value)
    note(.bytes(name), in: ONNXProperty.impliedAttributes)
  }

  /// Whether the source's form implied the attribute; forgets it.
  func takeImplied(_ name: ByteString) -> Bool {
    take(in: ONNXProperty.impliedAttributes) { $0 == .bytes(name) } != nil
  }

  /// Moves an attribute that the IR's form does not have into the annotations.
  func keep(_ name: ByteString) {
    let value: Annotations.Property
    switch operation.attributes[name] {
    case .int(let number)?: value = .integer(number)
    case .ints(let numbers)?: value = .list(numbers.map { .integer($0) })
    default: return
    }
    setAttribute(name, to: nil)
    note(.list([.bytes(name), value]), in: ONNXProperty.keptAttributes)
  }

  /// Writes a kept attribute again.
  func restoreKept(_ name: ByteString) {
    let entry = take(in: ONNXProperty.keptAttributes) { property in
      if case .list(let parts) = property { parts.first == .bytes(name) } else { false }
    }
    guard case .list(let parts)? = entry, parts.count == 2 else { return }
    switch parts[1] {
    case .integer(let number): setAttribute(name, to: .int(number))
    case .list(let numbers):
      setAttribute(name, to: .ints(numbers.compactMap { if case .integer(let number) = $0 { number } else { nil } }))
    case .bytes: break
    }
  }

  private func note(_ property: Annotations.Property, in key: String) {
    var annotations = operation.annotations ?? Annotations()
    let others: [Annotations.Property] = if case .list(let list)? = annotations[key] { list } else { [] }
    annotations[key] = .list(others + [property])
    operation.annotations = annotations
  }

  private func take(in key: String, where matches: (Annotations.Property) -> Bool) -> Annotations.Property? {
    guard var annotations = operation.annotations, case .list(var list)? = annotations[key],
      let index = list.firstIndex(where: matches)
    else { return nil }
    let found = list.remove(at: index)
    annotations[key] = list.isEmpty ? nil : .list(list)
    operation.annotations = annotations.isEmpty ? nil : annotations
    return found
  }
}
