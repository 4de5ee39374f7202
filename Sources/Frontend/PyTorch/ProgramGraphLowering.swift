import IR

/// Lowers the operations of one graph of a program, in order.
final class ProgramGraphLowering {
  /// What a name of the program stands for.
  enum Binding {
    case tensor(Tensor)
    /// A number that is not known, as a vector of one element: so it is joined to shapes.
    case integer(Value)
    case float(Value)
    case bool(Value)
    /// Comes of an operation without a lowering.
    case missing
  }

  let reader: ProgramReader
  let builder: GraphBuilder
  let graph: ProgramGraph
  private var bindings: [String: Binding] = [:]
  /// The names that something depends on besides assertions.
  private let used: Set<String>
  /// How many graphs this one is inside of.
  let nesting: Int

  /// - Parameter outputs: what is wanted of the graph; `nil` where that is what it says itself.
  init(
    _ reader: ProgramReader, _ builder: GraphBuilder, _ graph: ProgramGraph, outputs: [Argument]? = nil,
    nesting: Int = 0
  ) {
    self.reader = reader
    self.builder = builder
    self.graph = graph
    self.nesting = nesting
    used = graph.usedNames(for: outputs ?? graph.outputs)
  }

  func bind(_ name: String, _ binding: Binding) { bindings[name] = binding }

  func isUsed(_ name: String) -> Bool { used.contains(name) }

  /// - Throws: `ModelError` where nothing defines the name.
  func binding(_ name: String) throws -> Binding {
    guard let binding = bindings[name] else { throw ModelError(.invalidModel, "uses '\(name)', which nothing defines") }
    return binding
  }

  /// A call without operands, for what is lowered beside the nodes.
  func call() -> Call { Call(self, Node()) }

  // MARK: Nodes

  /// Notes the operators that have no lowering, those of inner graphs too.
  func noteUnknownOperators() throws {
    func visit(_ graph: ProgramGraph, _ used: Set<String>) {
      for node in graph.nodes {
        if node.lowering == nil, node.isNeeded(used) {
          reader.note(node.operatorName, at: node.name, advice: nil)
        }
        for case .graph(let inner) in node.inputs.map(\.argument) {
          visit(inner, inner.usedNames(for: inner.outputs))
        }
      }
    }
    visit(graph, used)
  }

  func lowerNodes() throws {
    for node in graph.nodes {
      builder.location = ByteString(node.name)
      do {
        try lower(node)
      } catch let form as UnsupportedForm {
        reader.note("\(node.operatorName) that \(form.reason)", at: node.name, advice: form.advice)
        bindMissing(node)
      } catch is MissingOperand {
        bindMissing(node)
      } catch let error as ModelError {
        throw error.at("node '\(node.name)' (\(node.operatorName))")
      }
    }
  }

  private func bindMissing(_ node: Node) {
    for output in node.outputs { output.forEachName { bindings[$0] = .missing } }
  }

  private func lower(_ node: Node) throws {
    let call = Call(self, node)
    if case .assertion? = node.lowering {
      reader.droppedAssertions += 1
      return
    }
    let ordinary = Lowering.of(node.target)
    guard node.isNeeded(used) else { return bindMissing(node) }
    let isComplex = isOfComplexNumbers(node)
    guard let lowering = isComplex ? Lowering.ofComplexNumbers(node.target) : ordinary else {
      if isComplex, ordinary != nil { throw UnsupportedForm("is of complex numbers") }
      throw MissingOperand()
    }
    switch lowering {
    case .values(let run): try bind(node, try run(call.converting(to: conversion(of: node))))
    case .view(let view): try bindView(node, call, view)
    case .inPlace(let run): try write(node, call.converting(to: conversion(of: node)), run)
    case .symbol(let run): try bindSymbol(node, try run(call))
    case .graphs(let run): try bindOutputs(node, try run(call))
    case .assertion: break
    }
  }

  /// Whether an operand or a result is a tensor of complex numbers.
  private func isOfComplexNumbers(_ node: Node) -> Bool {
    var isComplex = false
    for argument in node.inputs.map(\.argument) + node.outputs {
      argument.forEachName { isComplex = isComplex || graph.tensors[$0]?.isComplex == true }
    }
    return isComplex
  }

  /// What autocast converts the operands to, as the type of the first result tells.
  private func conversion(of node: Node) throws -> ElementType? {
    var first: String?
    node.outputs.first?.forEachName { first = first ?? $0 }
    guard let result = first.flatMap({ graph.tensors[$0]?.elementType }) else { return nil }
    return MixedPrecision.conversion(of: node, result: try ElementType(scalarType: result))
  }

  private func bind(_ node: Node, _ values: [Value?]) throws {
    var names: [String?] = []
    for output in node.outputs {
      switch output {
      case .tensor(let name): names.append(name)
      case .tensors(let list): names += list
      case .none: names.append(nil)
      case .integer, .integers, .float, .floats, .bool, .bools, .string, .symbolicFloat, .symbolicBool, .elementType,
        .graph, .complex, .placement, .other:
        throw UnsupportedForm("has a result that is no tensor")
      }
    }
    guard names.count <= values.count else {
      throw ModelError(.invalidModel, "has \(names.count) results where there are \(values.count)")
    }
    for (name, value) in zip(names, values) {
      guard let name else { continue }
      guard let value else {
        guard !isUsed(name) else { throw UnsupportedForm("is asked for '\(name)'") }
        bindings[name] = .missing
        continue
      }
      try check(name, value)
      bindings[name] = .tensor(Tensor(name, value, graph.tensors[name]))
    }
  }

  /// What is known of a value must not contradict what the program says of it: neither a lowering that is wrong nor a
  /// program that lies goes unnoticed.
  private func check(_ name: String, _ value: Value) throws {
    guard let description = graph.tensors[name], let type = value.tensorType else { return }
    let elements = try ElementType(scalarType: description.elementType)
    let declared = TensorType(
      elements.ofParts, description.sizes.map { reader.extent($0) } + (description.isComplex ? [.known(2)] : []))
    guard type.elementType == declared.elementType, type.rank == nil || type.rank == declared.rank,
      zip(type.shape ?? [], declared.shape ?? []).allSatisfy({ $0.value == nil || $1.value == nil || $0 == $1 })
    else {
      throw ModelError(
        .invalidModel,
        "makes '\(name)' of \(ValueType.tensor(type)), where the program says \(ValueType.tensor(declared))")
    }
  }

  private func bindView(_ node: Node, _ call: Call, _ view: Lowering.View) throws {
    let base = try call.tensor(call.firstName)
    let lowered = try view.read(call)
    // The same elements in the same order, known to be shared: one tensor under two names.
    if view.isIdentity, lowered == [try base.read()], view.sharing(call) == true {
      if let name = node.outputs.first?.name {
        try check(name, lowered[0])
        bindings[name] = .tensor(base)
      }
      return
    }
    try bind(node, lowered)
    guard let sharing = view.sharing(call) else { return try bindViews(node, call, view, base, lowered, false) }
    if sharing { try bindViews(node, call, view, base, lowered, true) }
  }

  private func bindViews(
    _ node: Node, _ call: Call, _ view: Lowering.View, _ base: Tensor, _ values: [Value], _ isCertain: Bool
  ) throws {
    var names: [String?] = []
    for output in node.outputs {
      if case .tensors(let list) = output { names += list } else { names.append(output.name) }
    }
    for (index, name) in names.enumerated() {
      guard let name, values.indices.contains(index) else { continue }
      let location = ByteString(node.name)
      let dependence = Tensor.View(
        base: base,
        read: { value in
          call.lowering.builder.location = location
          let results = try view.read(call.with(base: value))
          guard results.indices.contains(index) else { throw ModelError(.internalFailure, "a view has fewer parts") }
          return results[index]
        },
        write: view.write.map { write in { try write(call.with(base: $0), $0, $1) } })
      bindings[name] = .tensor(
        try Tensor(name, values[index], graph.tensors[name], view: dependence, isCertain: isCertain))
    }
  }

  /// An operation that replaces the elements of its first operand, and gives that back.
  private func write(_ node: Node, _ call: Call, _ run: (Call) throws -> [Value?]) throws {
    let target = try call.tensor(call.firstName)
    try target.checkWritable()
    let old = try target.read()
    guard let result = try run(call).first ?? nil else { throw UnsupportedForm("writes nothing") }
    try target.write(try call.like(old, result))
    if let name = node.outputs.first?.name { bindings[name] = .tensor(target) }
  }

  private func bindSymbol(_ node: Node, _ value: Value) throws {
    for output in node.outputs {
      switch output {
      case .integer(.name(let name)): bindings[name] = .integer(try call().vector(call().cast(value, to: .int64)))
      case .symbolicFloat(let name): bindings[name] = .float(value)
      case .symbolicBool(let name): bindings[name] = .bool(value)
      case .tensor(let name): bindings[name] = .tensor(Tensor(name, value, graph.tensors[name]))
      case .none, .tensors, .integer, .integers, .float, .floats, .bool, .bools, .string, .elementType, .graph,
        .complex,
        .placement, .other:
        throw UnsupportedForm("has a result of an unknown kind")
      }
    }
  }

  private func bindOutputs(_ node: Node, _ results: [Binding]) throws {
    var names: [String?] = []
    for output in node.outputs {
      if case .tensors(let list) = output { names += list } else { names.append(output.name) }
    }
    guard names.count <= results.count else { throw UnsupportedForm("has more results than its graph") }
    for (name, result) in zip(names, results) {
      if let name { bindings[name] = result }
    }
  }
}

/// An operand comes of an operation that has no lowering, which was noted.
struct MissingOperand: Error {}
