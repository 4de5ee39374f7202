extension Module {
  /// A copy of everything but the weights, which both share: what an exporter lowers and legalizes, so that the module
  /// itself stays as it is.
  package func clone() -> Module {
    let copy = Module(name: name, target: target)
    copy.vocabulary = vocabulary
    copy.annotations = annotations
    var cloner = Cloner()
    cloner.copy(main, into: copy.main)
    for function in functions {
      let twin = Function(
        domain: function.domain, name: function.name, overload: function.overload, opsets: function.opsets)
      twin.attributes = function.attributes
      twin.attributeDefaults = function.attributeDefaults
      twin.annotations = function.annotations
      twin.body.owner = copy
      copy.functions.append(twin)
      cloner.copy(function.body, into: twin.body)
    }
    cloner.connect()
    return copy
  }
}

extension Function {
  /// A copy of the body in which what `attributes`, or else a default, says stands for each reference to an attribute of
  /// the function; an attribute that nobody says is left out.
  package func body(with attributes: Attributes) -> Graph {
    let copy = Graph(name: body.name)
    copy.owner = body.owner
    var cloner = Cloner()
    cloner.attributeOfCall = { attributes[$0] ?? self.attributeDefaults[$0] }
    cloner.copy(body, into: copy)
    cloner.connect()
    return copy
  }
}

/// Copies graphs. Operands are connected at the end, so that the order of definitions and uses does not matter.
private struct Cloner {
  private var values: [Value: Value] = [:]
  private var operations: [(original: Operation, copy: Operation)] = []
  /// What stands for a reference to an attribute of a function; without it, references are copied.
  var attributeOfCall: ((ByteString) -> AttributeValue?)?

  mutating func copy(_ graph: Graph, into twin: Graph) {
    twin.name = graph.name
    twin.outputs = graph.outputs
    twin.annotations = graph.annotations
    twin.arguments = graph.arguments.map { argument in
      let value = Value(argumentOf: twin, index: argument.index, name: argument.name, type: argument.type)
      value.defaultLiteral = argument.defaultLiteral
      return note(value, copyOf: argument)
    }
    for operation in graph.operations { twin.insert(copy(operation), before: nil) }
  }

  private mutating func copy(_ operation: Operation) -> Operation {
    let regions = operation.regions.map { region in
      let graph = Graph(name: region.graph.name)
      copy(region.graph, into: graph)
      return Operation.Region(name: region.name, graph: graph)
    }
    let twin = Operation(
      operation.definition, operands: Array(repeating: nil, count: operation.operandCount),
      attributes: resolved(operation.attributes), regions: regions, location: operation.location)
    twin.overload = operation.overload
    twin.annotations = operation.annotations
    twin.constantForm = operation.constantForm
    twin.results = operation.results.enumerated().map { index, result in
      result.map { note(Value(resultOf: twin, index: index, name: $0.name, type: $0.type), copyOf: $0) }
    }
    operations.append((operation, twin))
    return twin
  }

  private func resolved(_ attributes: Attributes) -> Attributes {
    guard let attributeOfCall else { return attributes }
    return Attributes(
      attributes.all.compactMap { attribute in
        guard case .reference(let name, _) = attribute.value else { return attribute }
        return attributeOfCall(name).map { Attribute(attribute.name, $0, annotations: attribute.annotations) }
      })
  }

  private mutating func note(_ value: Value, copyOf original: Value) -> Value {
    value.declaredType = original.declaredType
    value.contents = original.contents
    value.annotations = original.annotations
    values[original] = value
    return value
  }

  func connect() {
    for (original, copy) in operations {
      for (use, twin) in zip(original.operandUses, copy.operandUses) { twin.set(use.value.flatMap { values[$0] }) }
    }
  }
}
