import IR

extension TensorFlowLowerings {
  /// Functions that are called by condition, or again and again.
  static let controlFlow: OperatorTable.Family = [
    "If": conditional, "StatelessIf": conditional, "While": loop, "StatelessWhile": loop, "Case": choice,
    "StatelessCase": choice, "Merge": merge, "RefMerge": merge,
    "Exit": exit, "RefExit": exit,
  ]

  private static let loop = NodeLowering(outputs: nil) { node in
    guard let body = node.node.function("body"), let condition = node.node.function("cond") else {
      throw ModelError(.invalidModel, "names no functions")
    }
    let library = node.lowering.library
    return try LoopLowering(node, body: library.body(body), condition: library.body(condition)).lower()
  }

  private static let conditional = NodeLowering(outputs: nil) { node in
    guard let first = node.node.function("then_branch"), let second = node.node.function("else_branch") else {
      throw ModelError(.invalidModel, "names no functions")
    }
    var condition = try node.operand(0)
    if try node.rank(condition) != 0 { throw UnsupportedForm("a condition that is no scalar") }
    condition = try node.cast(condition, .bool)
    return try node.branch(condition, { try $0.call(first) }, { try $0.call(second) })
  }

  private static let choice = NodeLowering(outputs: nil) { node in
    let branches = node.node.functions("branches")
    guard !branches.isEmpty else { throw ModelError(.invalidModel, "names no functions") }
    // Whatever is no branch's number chooses the last.
    func choose(_ index: Int, _ node: NodeContext) throws -> [TensorFlowValue] {
      if index == branches.count - 1 { return try node.call(branches[index]) }
      let number = try node.build.constant(try TensorLiteral.scalar(Double(index), .int32))
      let isChosen = try node.build(.equal, try node.operand(0), number)
      return try node.branch(isChosen, { try $0.call(branches[index]) }, { try choose(index + 1, $0) })
    }
    return try choose(0, node)
  }
}

extension NodeContext {
  /// The results of a function of all operands but the first.
  fileprivate func call(_ function: ByteString) throws -> [TensorFlowValue] {
    let body = try lowering.library.body(function)
    let scope = LoweringScope(
      body, build, arguments: operands.dropFirst().map { .value($0) }, depth: depth + 1)
    let results = try lowering.lower(body.results, in: scope)
    build.location = node.name
    return results
  }

  /// An If between what `first` and what `other` makes, each in its own region.
  func branch(
    _ condition: Value, _ first: (NodeContext) throws -> [TensorFlowValue],
    _ other: (NodeContext) throws -> [TensorFlowValue]
  ) throws -> [TensorFlowValue] {
    let builders = [
      GraphBuilder(lowering.module, Graph(name: "then_branch")),
      GraphBuilder(lowering.module, Graph(name: "else_branch")),
    ]
    let first = try first(inside(builders[0]))
    let second = try other(inside(builders[1]))
    guard first.count == second.count else { throw ModelError(.invalidModel, "its branches return different things") }
    for (builder, results) in zip(builders, [first, second]) {
      var tensors: [(name: ByteString, value: Value)] = []
      for result in results {
        if case .unsupported = result { return [.unsupported] }
        guard case .tensor(let value) = result else { throw UnsupportedForm("a branch that returns no tensors") }
        tensors.append((name: lowering.module.freshName(value.name), value: value))
      }
      builder.finish(tensors)
    }
    guard !first.isEmpty else { return [] }
    let regions = builders.map { Operation.Region(name: $0.graph.name, graph: $0.graph) }
    return try build.insert(.if, [condition], resultCount: first.count, regions: regions).map { .tensor($0) }
  }
}
