import IR

/// What the functions of a While say without being lowered: which of its states stay as they are, which count, and how
/// often it runs.
struct LoopPlan {
  /// The states that the body returns as it was given them.
  private(set) var invariants: Set<Int> = []
  /// The states to which each iteration adds 1, and where they begin.
  private(set) var counters: [Int: Int] = [:]
  /// The states from which each iteration takes 1.
  private(set) var descents: Set<Int> = []
  /// What the number of iterations is the least of; `nil` where the condition is another one.
  private(set) var bounds: [Bound]?

  enum Bound {
    case known(Int)
    /// The state of that index, less where the counter begins.
    case state(Int, start: Int)
    /// From where the state of that index begins to above a number.
    case descent(Int, past: Int)
  }

  init(_ node: NodeContext, body: GraphBody, condition: GraphBody) throws {
    let lowering = node.lowering
    let probe = LoweringScope(
      body, node.build, arguments: body.arguments.indices.map { .value(.list(.carried($0))) }, depth: node.depth)
    for (index, result) in body.results.enumerated() {
      let source = try lowering.source(of: result, in: probe, throughBranches: false)
      if Self.state(source) == index {
        invariants.insert(index)
      } else if case .output(let difference, let place, _) = source, difference.operation == "Sub",
        difference.inputs.count == 2, Self.isInteger(node, index)
      {
        let terms = try difference.inputs.map { try lowering.source(of: $0, in: place, throughBranches: false) }
        if try Self.state(terms[0]) == index && Self.isOne(terms[1], node, body, probe) { descents.insert(index) }
      } else if case .output(let sum, let place, _) = source, sum.operation == "AddV2" || sum.operation == "Add",
        sum.inputs.count == 2, let start = Self.start(node, index)
      {
        let terms = try sum.inputs.map { try lowering.source(of: $0, in: place, throughBranches: false) }
        let isCounter = try [terms, terms.reversed()].contains { terms in
          try Self.state(terms[0]) == index && Self.isOne(terms[1], node, body, probe)
        }
        if isCounter { counters[index] = start }
      }
    }
    let conditionProbe = LoweringScope(
      condition, node.build, arguments: condition.arguments.indices.map { .value(.list(.carried($0))) },
      depth: node.depth)
    guard let result = condition.results.first else { throw ModelError(.invalidModel, "its condition returns nothing") }
    bounds = try bounds(result, conditionProbe, lowering)
  }

  /// What bounds the iterations, where a condition is only a comparison of a counter or several of them.
  private func bounds(_ tensor: ByteString, _ scope: LoweringScope, _ lowering: GraphLowering) throws -> [Bound]? {
    var bounds: [Bound] = []
    var pending = [(tensor, scope)]
    while let (tensor, scope) = pending.popLast() {
      guard bounds.count + pending.count < 16,
        case .output(let node, let place, _) = try lowering.source(of: tensor, in: scope, throughBranches: false),
        node.inputs.count == 2
      else { return nil }
      if node.operation == "LogicalAnd" {
        pending += node.inputs.map { ($0, place) }
        continue
      }
      guard let counter = Self.state(try lowering.source(of: node.inputs[0], in: place, throughBranches: false)) else {
        return nil
      }
      let limit = try lowering.source(of: node.inputs[1], in: place, throughBranches: false)
      if descents.contains(counter), let last = Self.integer(limit, lowering) {
        guard node.operation == "Greater" || node.operation == "GreaterEqual" else { return nil }
        bounds.append(.descent(counter, past: node.operation == "Greater" ? last : last &- 1))
        continue
      }
      guard node.operation == "Less", let start = counters[counter] else { return nil }
      if let known = Self.integer(limit, lowering) {
        bounds.append(.known(max(known &- start, 0)))
      } else if let state = Self.state(limit), invariants.contains(state) {
        bounds.append(.state(state, start: start))
      } else {
        return nil
      }
    }
    return bounds
  }

  private static func isInteger(_ node: NodeContext, _ index: Int) -> Bool {
    guard node.operands.indices.contains(index), case .tensor(let value) = node.operands[index] else { return false }
    return value.tensorType?.rank == 0 && [.int32, .int64].contains(value.tensorType?.elementType)
  }

  private static func start(_ node: NodeContext, _ index: Int) -> Int? {
    guard isInteger(node, index), case .tensor(let value) = node.operands[index] else { return nil }
    return value.contents?.first?.value
  }

  /// Whether a term of a sum is 1: a constant, or a state that begins so and stays.
  private static func isOne(
    _ term: GraphLowering.Source, _ node: NodeContext, _ body: GraphBody, _ probe: LoweringScope
  ) throws -> Bool {
    guard let index = state(term) else { return integer(term, node.lowering) == 1 }
    let after = try node.lowering.source(of: body.results[index], in: probe, throughBranches: false)
    return state(after) == index && start(node, index) == 1
  }

  /// The state that a tensor of a function is.
  private static func state(_ source: GraphLowering.Source) -> Int? {
    if case .value(.list(.carried(let index))) = source { index } else { nil }
  }

  /// The integer that a constant is.
  private static func integer(_ source: GraphLowering.Source, _ lowering: GraphLowering) -> Int? {
    guard case .output(let node, _, _) = source, node.operation == "Const", let tensor = node.tensor("value"),
      let literal = try? lowering.constants.literal(tensor), literal.elementCount == 1
    else { return nil }
    return SmallIntegers.values(of: literal)?.first
  }
}
