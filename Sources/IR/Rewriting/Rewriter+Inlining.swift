extension Rewriter {
  /// Puts a copy of `body` in the place of `call`: arguments become its operands, `return` gives its results. Values of the
  /// graphs around the body stay what they are. Types are inferred; what nothing uses in the end is not kept.
  ///
  /// - Parameter attributes: what references to attributes in the body mean. An attribute that refers to none of them
  ///   is not written.
  /// - Returns: the operations that were put there.
  /// - Throws: `ModelError` where the body does not fit the operands; the module is as before then.
  package func inline(_ body: Graph, inPlaceOf call: Operation, attributes: Attributes) throws -> [Operation] {
    var inlining = Inlining(self, body, call, attributes)
    for (index, argument) in body.arguments.enumerated() { inlining.map(argument, to: call.operand(index)) }
    do {
      for operation in body.operations where operation !== body.terminator { try inlining.insert(operation) }
      let results = try inlining.results(of: body)
      try replace(call, with: results)
    } catch {
      for operation in inlining.inserted.reversed() { erase(operation) }
      throw error
    }
    var kept: [Operation] = []
    for operation in inlining.inserted.reversed() {
      if operation.has([.pure]), !operation.hasUsedResults { erase(operation) } else { kept.append(operation) }
    }
    return kept.reversed()
  }
}

extension Rewriter {
  /// Puts a copy of `body` before `anchor`, with `operands` for its arguments.
  ///
  /// - Parameter root: what the names of its values begin with; the name of the first result of `anchor` where it is left
  ///   out.
  /// - Returns: what the copy gives for each value that `body` returns.
  /// - Throws: `ModelError` where the body does not fit the operands; the module is as before then.
  package func inline(
    _ body: Graph, on operands: [Value?], before anchor: Operation, root: ByteString? = nil
  ) throws -> [Value?] {
    var inlining = Inlining(self, body, anchor, Attributes(), root: root)
    for (argument, operand) in zip(body.arguments, operands) { inlining.map(argument, to: operand) }
    do {
      for operation in body.operations where operation !== body.terminator { try inlining.insert(operation) }
    } catch {
      for operation in inlining.inserted.reversed() { erase(operation) }
      throw error
    }
    return (body.terminator?.operands ?? []).map { $0.flatMap { inlining.counterpart(of: $0) } }
  }
}

/// One body on its way into another graph.
private struct Inlining {
  private let rewriter: Rewriter
  private let body: Graph
  private let call: Operation
  private let root: ByteString
  private let attributes: Attributes
  private let location: Location
  /// What each value of the body is at the call; absent operands are not in here.
  private var values: [Value: Value] = [:]
  private(set) var inserted: [Operation] = []

  init(_ rewriter: Rewriter, _ body: Graph, _ call: Operation, _ attributes: Attributes, root: ByteString? = nil) {
    self.rewriter = rewriter
    self.body = body
    self.call = call
    self.attributes = attributes
    self.root = root ?? call.presentResults.first?.name ?? call.definition.name
    location = Location(passes: call.location.rewritten(by: rewriter.pass).passes)
  }

  mutating func map(_ argument: Value, to operand: Value?) { values[argument] = operand }

  /// What `value` is at the call: `nil` for an argument that the call leaves out.
  func counterpart(of value: Value) -> Value? {
    if let known = values[value] { return known }
    return value.parent.map { body.encloses($0) } == true ? nil : value
  }

  mutating func insert(_ operation: Operation) throws {
    let copy = try copy(operation, Builder(rewriter.module, at: .before(call)))
    inserted.append(copy)
    try copy.inferTypesWithRegions()
    rewriter.didInline(copy)
  }

  /// What `body` returns, as far as the call has results for it.
  func results(of body: Graph) throws -> [Value] {
    let returned = body.terminator?.operands ?? []
    return try call.results.enumerated().map { index, result in
      if returned.indices.contains(index), let value = returned[index].flatMap({ counterpart(of: $0) }) { return value }
      guard let result, !result.hasUses, let any = values.values.first else {
        throw ModelError(.invalidModel, place: call.place, "result \(index) is nothing that the body gives")
      }
      // Nothing will ask for it.
      return any
    }
  }

  private mutating func copy(_ operation: Operation, _ builder: Builder) throws -> Operation {
    var copies: [Operation.Region] = []
    for region in operation.regions {
      let graph = Graph(name: region.graph.name)
      graph.annotations = region.graph.annotations
      copies.append(.init(name: region.name, graph: graph))
    }
    var operands = operation.operands.map { $0.flatMap { counterpart(of: $0) } }
    while let last = operands.last, last == nil, operation.definition.form == .declared { operands.removeLast() }
    let twin = builder.insert(
      operation.definition, operands: operands,
      results: operation.results.map { $0.map { .init(fresh($0.name)) } }, attributes: try bound(operation),
      regions: copies, location: location, constantForm: operation.isConstant ? operation.constantForm : nil)
    twin.overload = operation.overload
    twin.annotations = operation.annotations
    for (original, value) in zip(operation.results, twin.results) {
      guard let original, let value else { continue }
      values[original] = value
      value.annotations = original.annotations
    }
    for (region, twin) in zip(operation.regions, copies) { try fill(twin.graph, from: region.graph) }
    return twin
  }

  private mutating func fill(_ twin: Graph, from graph: Graph) throws {
    let builder = Builder(rewriter.module, at: .end(of: twin))
    for argument in graph.arguments {
      values[argument] = builder.addArgument(
        to: twin, name: fresh(argument.name), type: argument.declaredType ?? .unknown,
        declaredType: argument.declaredType,
        default: argument.defaultLiteral)
    }
    for output in graph.outputs { builder.addOutput(to: twin, output) }
    for operation in graph.operations { _ = try copy(operation, builder) }
  }

  private func fresh(_ name: ByteString) -> ByteString {
    rewriter.module.freshName(ByteString(root.bytes + Array("_".utf8) + name.bytes))
  }

  /// The attributes of an operation of the body, with those in place to which they refer.
  private func bound(_ operation: Operation) throws -> Attributes {
    guard operation.refersToFunctionAttributes else { return operation.attributes }
    var bound = operation.attributes
    for attribute in operation.attributes.all {
      guard case .reference(let name, let kind) = attribute.value else { continue }
      let value = attributes[name]
      guard value == nil || value?.kind == kind else {
        throw ModelError(
          .invalidModel, place: call.place,
          "attribute '\(name.text)' is of kind \(value?.kind.rawValue ?? ""), not \(kind.rawValue)")
      }
      bound[attribute.name] = value
    }
    guard !operation.isConstant || !bound.isEmpty else {
      throw ModelError(.invalidModel, place: call.place, "has no attribute that the body needs for a constant")
    }
    return bound
  }
}
