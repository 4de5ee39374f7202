extension Graph {
  /// What `values` of this graph need: the operations that compute them from the values of `boundary`, and arguments.
  fileprivate func slice(
    from boundary: Set<Value>, to values: [Value]
  ) -> (operations: Set<Operation>, arguments: Set<Value>) {
    var operations: Set<Operation> = []
    var arguments: Set<Value> = []
    var waiting: [Value] = []
    func visit(_ value: Value?) {
      guard let value, value.parent === self, !boundary.contains(value) else { return }
      waiting.append(value)
    }
    values.forEach(visit)
    while let value = waiting.popLast() {
      guard let operation = value.definingOperation else {
        arguments.insert(value)
        continue
      }
      guard operations.insert(operation).inserted else { continue }
      operation.operands.forEach(visit)
      for region in operation.regions {
        region.graph.forEachGraph { inner in
          for operation in inner.operations { operation.operands.forEach(visit) }
        }
      }
    }
    return (operations, arguments)
  }
}

extension Rewriter {
  /// Makes the main graph a part of itself, which takes `inputs` and returns `outputs`. Values keep their names.
  ///
  /// - Parameters:
  ///   - inputs: the arguments, in order; `nil` for those that it has and that are needed. Others that have a default
  ///     stay where they are needed.
  ///   - outputs: what is returned, each with its place in the signature.
  /// - Throws: `ModelError` where an output depends on an argument that is not among the inputs.
  package func extract(from inputs: [Value]?, to outputs: [(signature: Graph.Output, value: Value)]) throws {
    let graph = module.main
    guard let terminator = graph.terminator else {
      throw ModelError(.internalFailure, "the main graph returns nothing")
    }
    let needed = graph.slice(from: Set(inputs ?? []), to: outputs.map(\.value))
    let implied = graph.arguments.filter { needed.arguments.contains($0) }
    if inputs != nil, let missing = implied.first(where: { $0.defaultLiteral == nil }) {
      throw ModelError(.usage, "the outputs need the input '\(missing.name.text)', which is not among the inputs")
    }
    setOperands(of: terminator, to: outputs.map(\.value))
    graph.outputs = outputs.map(\.signature)
    let arguments = try (inputs ?? []).map { try argument(for: $0, in: graph) } + implied
    let kept = Set(arguments)
    erase(from: graph) { value in
      value.definingOperation.map { needed.operations.contains($0) } ?? kept.contains(value)
    }
    graph.arguments = arguments
    for (index, argument) in arguments.enumerated() { argument.index = index }
    noteMutation()
  }

  /// An argument in the place of a value that some operation computes.
  private func argument(for value: Value, in graph: Graph) throws -> Value {
    guard value.definingOperation != nil else { return value }
    let argument = Value(argumentOf: graph, index: graph.arguments.count, name: value.name, type: value.type)
    argument.declaredType = value.type
    argument.annotations = value.annotations
    try replace(value, with: argument)
    value.name = module.freshName(value.name)
    return argument
  }

  /// Erases the operations none of whose values are kept, last ones first, and the statements about values that are not.
  private func erase(from graph: Graph, keeping isKept: (Value) -> Bool) {
    var current = graph.last?.previous
    while let operation = current {
      current = operation.previous
      let values = operation.is(.annotate) ? operation.operands.compactMap(\.self) : Array(operation.presentResults)
      let stays = operation.is(.annotate) ? values.allSatisfy(isKept) : values.contains(where: isKept)
      if !stays { erase(operation) }
    }
  }
}
