import IR

/// Loops, whose steps are graphs.
extension Call {
  private typealias Binding = ProgramGraphLowering.Binding

  /// The lists of tensors that follow the graphs.
  private func lists(_ count: Int) throws -> [[Binding]] {
    let lists = try node.inputs.compactMap { input -> [Binding]? in
      guard case .tensors(let names) = input.argument else { return nil }
      return try names.map { try $0.map { try lowering.binding($0) } ?? .missing }
    }
    let isList = node.inputs.dropFirst(graphs.count).allSatisfy {
      if case .tensors = $0.argument {
        true
      } else if case .integers(let list) = $0.argument {
        list.isEmpty
      } else {
        false
      }
    }
    guard isList, lists.count <= count else { throw UnsupportedForm("passes other than tensors to its steps") }
    return lists + Array(repeating: [], count: count - lists.count)
  }

  private func value(_ binding: Binding) throws -> Value {
    switch binding {
    case .tensor(let tensor): try tensor.read()
    case .missing: throw MissingOperand()
    case .integer, .float, .bool: throw UnsupportedForm("carries a number that is no tensor")
    }
  }

  private func bindings(_ values: [Value]) -> [Binding] {
    values.map { .tensor(Tensor("", $0, owner: "a value of a loop")) }
  }

  /// The outputs of a step: none of them is an operand, nor another output.
  private func outputs(_ step: ProgramGraphLowering) throws -> [Value] {
    try step.outputBindings().map { try step.call().op(.identity, value($0)) }
  }

  /// A step for each slice of tensors along their first axis.
  ///
  /// - Parameter hasStates: whether steps leave something to the next.
  fileprivate func loopOverSlices(hasStates: Bool) throws -> [Value] {
    guard graphs.count == 1, let graph = graphs.first else { throw UnsupportedForm("calls other than one graph") }
    let lists = try lists(hasStates ? 3 : 2)
    let states = try hasStates ? lists[0].map { try value($0) } : []
    let sequences = try lists[hasStates ? 1 : 0].map { try value($0) }
    let others = try captured(lists[hasStates ? 2 : 1])
    guard !sequences.isEmpty, graph.outputs.count >= states.count else { throw UnsupportedForm("has no slices") }
    let result = try scan(
      states, over: sequences.map { ($0, 0) }, outputs: (graph.outputs.count - states.count, 0)
    ) { call, states, slices in
      let step = try lower(graph, call.builder, bindings(states + slices) + others)
      let results = try outputs(step)
      return (Array(results.prefix(states.count)), Array(results.dropFirst(states.count)))
    }
    return result.states + result.sequences
  }

  func scanned(hasStates: Bool) throws -> [ProgramGraphLowering.Binding] {
    try loopOverSlices(hasStates: hasStates).map { .tensor(Tensor("", $0)) }
  }

  /// A step as long as a condition on what the last one left holds.
  func repeated() throws -> [ProgramGraphLowering.Binding] {
    guard graphs.count == 2 else { throw UnsupportedForm("has other than a condition and a step") }
    let lists = try lists(2)
    let states = try lists[0].map { try value($0) }
    let others = try captured(lists[1])
    func decision(_ builder: GraphBuilder, _ states: [Value]) throws -> Value {
      let condition = try lower(graphs[0], builder, bindings(states) + others)
      guard let first = try condition.outputBindings().first else { throw UnsupportedForm("decides by nothing") }
      return try condition.call().reshape(value(first), [] as [Int])
    }
    let first = try decision(builder, states)
    builder.location = ByteString(node.name)
    let region = Graph(name: builder.module.freshName("body"))
    let body = GraphBuilder(builder.module, region)
    body.location = builder.location
    _ = body.addArgument("iteration", .tensor(.int64, []))
    _ = body.addArgument("condition", .tensor(.bool, []))
    let carried = states.map { body.addArgument($0.name, $0.type) }
    let step = try lower(graphs[1], body, bindings(carried) + others)
    let next = try outputs(step)
    guard next.count == states.count else { throw ModelError(.invalidModel, "leaves other values than it takes") }
    let again = try decision(body, next)
    body.finish(([again] + next).map { (builder.module.freshName($0.name), $0) })
    return try ops(
      .loop, [nil, first] + states, [:], results: states.count, regions: [Operation.Region(name: "body", graph: region)]
    ).map { .tensor(Tensor("", $0)) }
  }
}
