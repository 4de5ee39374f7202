import IR

extension Lowering {
  /// Operations that call a graph once, on numbers of any kind. What `torch.autocast` converts inside, the types of
  /// results tell.
  static let wrappers: [String: Lowering] = [
    "higher_order.wrap_with_set_grad_enabled": .graphs { try $0.inlined() },
    "higher_order.wrap_with_autocast": .graphs { try $0.inlined() },
    "higher_order.invoke_subgraph": .graphs { try $0.inlined() },
    "higher_order.strict_mode": .graphs { try $0.inlined() },
  ]

  /// Operations that choose or repeat graphs.
  static let higherOrder: [String: Lowering] = [
    "higher_order.cond": .graphs { try $0.conditional() },
    "higher_order.while_loop": .graphs { try $0.repeated() },
    "higher_order.scan": .graphs { try $0.scanned(hasStates: true) },
    "higher_order.map_impl": .graphs { try $0.scanned(hasStates: false) },
  ]
}

extension Call {
  private static let maximumNesting = 16

  var graphs: [ProgramGraph] {
    node.inputs.compactMap { if case .graph(let graph) = $0.argument { graph } else { nil } }
  }

  /// What the operands after the last graph stand for.
  private func passed() throws -> [ProgramGraphLowering.Binding] {
    let last = node.inputs.lastIndex { if case .graph = $0.argument { true } else { false } } ?? -1
    return try node.inputs[(last + 1)...].flatMap { input -> [ProgramGraphLowering.Binding] in
      switch input.argument {
      case .tensors(let names): return try names.map { try $0.map { try lowering.binding($0) } ?? .missing }
      case .integer(.number(let value)): return [.integer(try constant([value]))]
      default: return try input.argument.name.map { [try lowering.binding($0)] } ?? []
      }
    }
  }

  func lower(
    _ graph: ProgramGraph, _ builder: GraphBuilder, _ passed: [ProgramGraphLowering.Binding]
  ) throws -> ProgramGraphLowering {
    guard lowering.nesting < Self.maximumNesting else { throw ModelError(.invalidModel, "nests graphs too deep") }
    let inner = ProgramGraphLowering(lowering.reader, builder, graph, nesting: lowering.nesting + 1)
    let names = graph.inputs.map(\.name)
    guard names.count <= passed.count else { throw UnsupportedForm("passes fewer values than its graph takes") }
    for (name, binding) in zip(names, passed) {
      if let name { inner.bind(name, binding) }
    }
    try inner.lowerNodes()
    return inner
  }

  /// The graph in the place of the call.
  fileprivate func inlined() throws -> [ProgramGraphLowering.Binding] {
    guard graphs.count == 1, let graph = graphs.first else { throw UnsupportedForm("calls other than one graph") }
    let bindings = try lower(graph, builder, passed()).outputBindings()
    builder.location = ByteString(node.name)
    return bindings
  }

  /// What an inner graph sees of the outer one. Constants belong to the graph around: made there, all inner graphs may use
  /// them, and none may write.
  func captured(_ bindings: [ProgramGraphLowering.Binding]) throws -> [ProgramGraphLowering.Binding] {
    try bindings.map { binding in
      guard case .tensor(let tensor) = binding else { return binding }
      return .tensor(Tensor(tensor.name, try tensor.read(), tensor.description, owner: "a value of an outer graph"))
    }
  }

  fileprivate func conditional() throws -> [ProgramGraphLowering.Binding] {
    guard graphs.count == 2, let first = node.inputs.first else { throw UnsupportedForm("has other than two branches") }
    let condition: Value
    switch first.argument {
    case .tensor(let name), .symbolicBool(let name):
      switch try lowering.binding(name) {
      case .tensor(let tensor): condition = try tensor.read()
      case .bool(let value): condition = value
      case .integer, .float: throw UnsupportedForm("decides by a number")
      case .missing: throw MissingOperand()
      }
    case .bool(let value):
      return try lower(graphs[value ? 0 : 1], builder, passed()).outputBindings()
    default: throw UnsupportedForm("decides by no truth value")
    }
    let captured = try captured(passed())
    var regions: [Operation.Region] = []
    var count = 0
    for (name, graph) in zip(["then_branch", "else_branch"] as [ByteString], graphs) {
      let region = Graph(name: builder.module.freshName(name))
      let inner = try lower(graph, GraphBuilder(builder.module, region), captured)
      let outputs = try graph.outputs.compactMap { try inner.output($0) }
      count = outputs.count
      inner.builder.finish(outputs.map { (builder.module.freshName($0.name), $0) })
      regions.append(Operation.Region(name: name, graph: region))
    }
    builder.location = ByteString(node.name)
    return try ops(.if, [reshape(condition, [] as [Int])], [:], results: count, regions: regions)
      .map { .tensor(Tensor("", $0)) }
  }
}
