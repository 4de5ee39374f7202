import IR
import Passes
import Testing

/// `Relu(Relu x)` -> `Relu x`
private struct MergeRelu: RewritePattern {
  static let roots = [OpDefinition.relu]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let inner = operation.operand(0)?.definingOperation, inner.is(.relu), let result = operation.result() else {
      return .noMatch
    }
    guard let value = inner.result(), value.hasOneUse else { return .blocked("the inner Relu has another use") }
    try context.rewriter.replace(result, with: value)
    return .rewritten
  }
}

/// Replaces an operation by another of its kind, forever.
private struct Restless: RewritePattern {
  static let roots = [OpDefinition.relu]
  static let numerics = Numerics.fast

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let result = try context.rewriter.insert(.relu, operation.operands, before: operation).result() else {
      return .noMatch
    }
    try context.rewriter.replace(operation, with: [result])
    return .rewritten
  }
}

/// Changes the model and says that it did not.
private struct Liar: RewritePattern {
  static let roots = [OpDefinition.relu]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    _ = try context.rewriter.insert(.relu, operation.operands, before: operation)
    return .noMatch
  }
}

/// `Add(x, x)` -> `x`. Wrong, and good enough here; fails where it meets an operation that is erased.
private struct DropAdd: RewritePattern {
  static let roots = [OpDefinition.add]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard operation.parent != nil else { throw ModelError(.internalFailure, "offered an erased operation") }
    guard let result = operation.result(), let value = operation.operand(0) else { return .noMatch }
    try context.rewriter.replace(result, with: value)
    return .rewritten
  }
}

/// Takes the value that an If has been given as its result elsewhere: erases the If with its branches.
private struct DropIf: RewritePattern {
  static let roots = [OpDefinition.if]
  static let numerics = Numerics.exact

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard let result = operation.result(), let relu = operation.parent?.first?.result() else { return .noMatch }
    try context.rewriter.replace(result, with: relu)
    context.rewriter.erase(operation)
    return .rewritten
  }
}

@Suite struct GreedyDriverTests {
  /// A chain of `count` Relus, each result returned if `returningAll`.
  private func chain(_ count: Int, returningAll: Bool = false) -> Module {
    let module = Module(name: "chain")
    let builder = Builder(module, at: .end(of: module.main))
    var values = [builder.addArgument(to: module.main, name: "x", type: .tensor(.float32, [.known(4)]))]
    for index in 1...count {
      let operation = builder.insert(.relu, operands: [values.last], results: [.init(ByteString("y\(index)"))])
      values += operation.presentResults
    }
    let returned = returningAll ? Array(values.dropFirst()) : Array(values.suffix(1))
    for value in returned { builder.addOutput(to: module.main, .init(name: value.name, type: value.type)) }
    builder.insertReturn(returned)
    return module
  }

  private func operationNames(_ module: Module) -> [String] {
    module.main.operations.map { $0.result()?.name.text ?? $0.definition.name.text }
  }

  @Test func rewritesUntilNothingMatches() throws {
    let module = chain(5)
    let context = PassContext(module, pass: "test", isStrict: true)
    try GreedyDriver([MergeRelu()]).run(on: module, context)
    #expect(operationNames(module) == ["y1", "return"])
    #expect(context.remarks.filter { $0.kind == .applied }.count == 4)
    #expect(context.statistics.map(\.count) == [4])
  }

  @Test func aSecondRunChangesNothing() throws {
    let module = chain(5)
    try GreedyDriver([MergeRelu()]).run(on: module, PassContext(module, pass: "test", isStrict: true))
    let again = PassContext(module, pass: "test", isStrict: true)
    try GreedyDriver([MergeRelu()]).run(on: module, again)
    #expect(again.rewriter.mutationCount == 0)
  }

  @Test func anErasedOperationIsNotOfferedAgain() throws {
    let module = chain(1)
    let relu = try #require(module.main.first?.result())
    let end = try #require(module.main.terminator)
    let context = PassContext(module, pass: "test", isStrict: true)
    let add = try context.rewriter.insert(.add, [relu, relu], before: end)
    context.rewriter.setOperand(0, of: end, to: add.result())
    try GreedyDriver([DropAdd()]).run(on: module, context)
    #expect(operationNames(module) == ["y1", "return"])
  }

  /// Near misses and waiting operations inside the regions of an erased operation go with it.
  @Test func theInsideOfAnErasedOperationIsForgotten() throws {
    let module = Module(name: "m")
    let builder = Builder(module, at: .end(of: module.main))
    let type = ValueType.tensor(.float32, [.known(4)])
    let x = builder.addArgument(to: module.main, name: "x", type: type)
    let condition = builder.addArgument(to: module.main, name: "c", type: .tensor(.bool, []))
    builder.insert(.relu, operands: [x], results: [.init("outer", type)])
    let regions = ["then_branch", "else_branch"].map { (name: ByteString) in
      let graph = Graph(name: name)
      let inside = Builder(module, at: .end(of: graph))
      let first = inside.insert(.relu, operands: [x], results: [.init(ByteString("\(name) a"), type)])
      let second = inside.insert(.relu, operands: first.operands, results: [.init(ByteString("\(name) b"), type)])
      let third = inside.insert(
        .relu, operands: [second.result()], results: [.init(ByteString("\(name) c"), type)])
      for value in [second, third].compactMap({ $0.result() }) {
        inside.addOutput(to: graph, .init(name: value.name, type: type))
      }
      inside.insertReturn([second, third].compactMap { $0.result() })
      return Operation.Region(name: name, graph: graph)
    }
    let branch = builder.insert(
      .if, operands: [condition], results: [.init("y", type), nil], regions: regions)
    builder.addOutput(to: module.main, .init(name: "y", type: type))
    builder.insertReturn([branch.result()].compactMap { $0 })
    let context = PassContext(module, pass: "test", isStrict: true)
    try GreedyDriver([MergeRelu(), DropIf()]).run(on: module, context)
    #expect(operationNames(module) == ["outer", "return"])
    #expect(context.remarks.filter { $0.kind == .missed }.isEmpty)
  }

  @Test func aNearMissIsARemark() throws {
    let module = chain(2, returningAll: true)
    let context = PassContext(module, pass: "test", isStrict: true)
    try GreedyDriver([MergeRelu()]).run(on: module, context)
    #expect(operationNames(module) == ["y1", "y2", "return"])
    #expect(
      context.remarks == [
        Remark(
          kind: .missed, pass: "test", place: "node 'y2' (Relu)", message: "MergeRelu: the inner Relu has another use")
      ])
  }

  @Test func patternsBeyondTheNumericsAreLeftOut() throws {
    let module = chain(2)
    let context = PassContext(module, pass: "test", numerics: .rounding, isStrict: true)
    try GreedyDriver([Restless()]).run(on: module, context)
    #expect(context.rewriter.mutationCount == 0)
  }

  @Test func patternsThatNeverSettleAreStopped() throws {
    let module = chain(2)
    let lenient = PassContext(module, pass: "test", numerics: .fast)
    try GreedyDriver([Restless()]).run(on: module, lenient)
    #expect(lenient.remarks.last?.kind == .warning)
    #expect(throws: ModelError.self) {
      try GreedyDriver([Restless()]).run(
        on: module, PassContext(module, pass: "test", numerics: .fast, isStrict: true))
    }
  }

  @Test func aPatternThatChangesWithoutAMatchIsADefect() {
    let module = chain(1)
    #expect(throws: ModelError.self) {
      try GreedyDriver([Liar()]).run(on: module, PassContext(module, pass: "test"))
    }
  }
}
