import IR

/// Runs graphs: operation by operation in their order, each value let go after its last use.
package final class Interpreter {
  /// Told of every result once it is known.
  package typealias Observer = (Value, RuntimeValue) -> Void
  /// What an outer value is that the graph does not define itself.
  package typealias Capture = (Value) -> RuntimeValue?

  private let module: Module?
  let budget: Evaluator.Budget
  /// Whether only what rounds alike everywhere is computed.
  private let isExact: Bool
  private let capture: Capture
  private let observe: Observer?

  private var values: [Value: RuntimeValue] = [:]
  /// Operations whose results are known already.
  private var finished: Set<Operation> = []
  private var liveBytes = 0
  /// The most bytes that values took at once.
  package private(set) var peakBytes = 0
  private var lastUses: [ObjectIdentifier: LastUses] = [:]
  /// The functions' bodies as calls made them. Kept, so that an identifier stays one graph's.
  private var bodies: [ObjectIdentifier: Graph] = [:]

  /// - Parameters:
  ///   - module: whose functions operations may call.
  ///   - budget: what one operation may make; what is live at once may have as many bytes as one value may be held with.
  package init(
    _ module: Module?, budget: Evaluator.Budget, isExact: Bool = false, capture: @escaping Capture = { _ in nil },
    observe: Observer? = nil
  ) {
    self.module = module
    self.budget = budget
    self.isExact = isExact
    self.capture = capture
    self.observe = observe
  }

  /// What the main graph of `module` returns for `inputs`, one an argument; `nil` takes the argument's default.
  ///
  /// - Throws: `ModelError` that names the operation that could not be run.
  package static func run(
    _ module: Module, _ inputs: [RuntimeValue?], budget: Evaluator.Budget, observe: Observer? = nil
  ) throws -> [RuntimeValue?] {
    try Interpreter(module, budget: budget, observe: observe).run(module.main, inputs)
  }

  /// What `graph` returns for `inputs`, one an argument.
  package func run(_ graph: Graph, _ inputs: [RuntimeValue?]) throws -> [RuntimeValue?] {
    let plan = lastUses(of: graph)
    for (argument, input) in zip(graph.arguments, inputs) {
      guard let input = input ?? argument.defaultLiteral.map({ .tensor($0) }) else { continue }
      define(argument, input)
    }
    for argument in plan.unusedArguments { release(argument) }
    for operation in graph.operations where !operation.isConstant && !operation.is(.annotate) {
      if operation.is(.return) {
        let results = operation.operands.map { $0.flatMap(value(of:)) }
        for value in plan.values[operation] ?? [] { release(value) }
        return results
      }
      if finished.remove(operation) == nil { try run(operation) }
      for value in plan.values[operation] ?? [] { release(value) }
    }
    throw ModelError(.invalidModel, "graph '\(graph.name)' returns nothing")
  }

  private func run(_ operation: Operation) throws {
    let results: [RuntimeValue?]
    do {
      let operands = try operation.operands.map { try $0.map { try defined($0, for: operation) } }
      if try runWithFollowers(operation, operands) { return }
      results = try evaluate(operation, operands)
    } catch let refusal as Refusal where module != nil {
      throw ModelError(.invalidModel, place: operation.place, "cannot be computed: \(refusal)")
    }
    for (value, result) in zip(operation.results, results) {
      guard let value, let result else { continue }
      observe?(value, result)
      if value.hasUses { define(value, result) }
    }
  }

  /// Runs a convolution together with what follows it, unless somebody watches; whether it did.
  private func runWithFollowers(_ operation: Operation, _ operands: [RuntimeValue?]) throws -> Bool {
    guard observe == nil, budget.threads != nil, let fused = FusedConvolution(operation),
      let result = try Evaluator.evaluate(
        operation, operands: operands.map { $0?.tensor }, budget: budget, finish: fused.finish)
    else { return false }
    finished.formUnion(fused.followers)
    if fused.result.hasUses { define(fused.result, .tensor(result)) }
    return true
  }

  private func defined(_ value: Value, for operation: Operation) throws -> RuntimeValue {
    guard let found = self.value(of: value) else {
      throw Refusal(.undefined, "%\(value.name) has no value")
    }
    return found
  }

  /// The results of one operation, whatever it is.
  private func evaluate(_ operation: Operation, _ operands: [RuntimeValue?]) throws -> [RuntimeValue?] {
    if !operation.regions.isEmpty { return try runRegions(of: operation, operands) }
    if let body = body(calledBy: operation) { return try run(body, operands) }
    if let kernel = SequenceOperators.kernel(of: operation.definition),
      !operation.is(.identity) || operands[0]?.isTensor == false
    {
      return try kernel(ValueInvocation(operation, operands: operands, budget: budget))
    }
    let literals = try operands.map { operand -> TensorLiteral? in
      guard let operand else { return nil }
      guard let literal = operand.tensor else { throw Refusal(.undefined, "an operand is no tensor") }
      return literal
    }
    if isExact, Evaluator.exactness(of: operation, operands: literals) == .rounding {
      throw Refusal(.unsupported, "implementations round \(operation.definition.name) differently")
    }
    return try Evaluator.evaluate(operation, operands: literals, budget: budget).map { $0.map { .tensor($0) } }
  }

  // MARK: Values

  private func value(of value: Value) -> RuntimeValue? {
    if let known = values[value] { return known }
    if let literal = value.constantLiteral { return .tensor(literal) }
    return capture(value)
  }

  private func define(_ value: Value, _ result: RuntimeValue) {
    release(value)
    values[value] = result
    liveBytes &+= result.byteCount
    peakBytes = max(peakBytes, liveBytes)
  }

  private func release(_ value: Value) {
    guard let old = values.removeValue(forKey: value) else { return }
    liveBytes &-= old.byteCount
  }

  /// The values that each operation of a graph is the last to use.
  private struct LastUses {
    var values: [Operation: [Value]] = [:]
    var unusedArguments: [Value] = []
  }

  private func lastUses(of graph: Graph) -> LastUses {
    if let known = lastUses[ObjectIdentifier(graph)] { return known }
    var last: [Value: Operation] = [:]
    func note(_ inner: Graph, _ operation: Operation) {
      for nested in inner.operations {
        for case let value? in nested.operands where value.parent === graph { last[value] = operation }
        for region in nested.regions { note(region.graph, operation) }
      }
    }
    for operation in graph.operations {
      for case let value? in operation.operands where value.parent === graph { last[value] = operation }
      for region in operation.regions { note(region.graph, operation) }
    }
    var plan = LastUses()
    for (value, operation) in last { plan.values[operation, default: []].append(value) }
    plan.unusedArguments = graph.arguments.filter { last[$0] == nil }
    lastUses[ObjectIdentifier(graph)] = plan
    return plan
  }

  /// The body of the function that `operation` calls, with the attributes of the call; `nil` where it calls none.
  private func body(calledBy operation: Operation) -> Graph? {
    if let known = bodies[ObjectIdentifier(operation)] { return known }
    guard operation.definition.form == .opaque,
      let function = module?.functions.first(where: {
        $0.domain == operation.definition.domain && $0.name == operation.definition.name
          && $0.overload == operation.overload
      })
    else { return nil }
    let body = function.body(with: operation.attributes)
    bodies[ObjectIdentifier(operation)] = body
    return body
  }
}

extension RuntimeValue {
  fileprivate var isTensor: Bool { if case .tensor = self { true } else { false } }
}
