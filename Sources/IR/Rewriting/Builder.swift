/// Makes operations and puts them into graphs. Importers and parsers build with it; passes use a `Rewriter`.
package struct Builder {
  package enum InsertionPoint {
    /// Before the `return` where there is one, else at the end.
    case end(of: Graph)
    case before(Operation)
    case after(Operation)
  }

  package let module: Module
  package var insertionPoint: InsertionPoint

  package init(_ module: Module, at insertionPoint: InsertionPoint) {
    self.module = module
    self.insertionPoint = insertionPoint
  }

  /// What a result is called and, where the source says it, its type.
  package struct ResultSpecification {
    package var name: ByteString
    package var declaredType: ValueType?
    /// What is known of the type beyond that; `nil` where it is what was declared.
    package var type: ValueType?

    package init(_ name: ByteString, _ declaredType: ValueType? = nil, type: ValueType? = nil) {
      self.name = name
      self.declaredType = declaredType
      self.type = type
    }
  }

  /// Inserts an operation with the results that `results` names (`nil` for an absent one) as its file has them; types
  /// are what is known or was declared, else unknown. Nothing is inferred: an importer infers the whole module at the
  /// end (`Module.inferTypes`).
  @discardableResult
  package func insert(
    _ definition: OpDefinition, operands: [Value?], results: [ResultSpecification?],
    attributes: Attributes = Attributes(),
    regions: [Operation.Region] = [], location: Location = Location(), constantForm: Operation.ConstantForm? = nil
  ) -> Operation {
    let operation = Operation(
      definition, operands: operands, attributes: attributes, regions: regions, location: location)
    if let constantForm { operation.constantForm = constantForm }
    operation.results = results.enumerated().map { index, result in
      guard let result else { return nil }
      let type = result.type ?? result.declaredType ?? .unknown
      let value = Value(resultOf: operation, index: index, name: result.name, type: type)
      value.declaredType = result.declaredType
      module.noteName(result.name)
      return value
    }
    place(operation)
    return operation
  }

  /// Inserts a constant; its type is the literal's.
  @discardableResult
  package func insertConstant(
    _ value: AttributeValue, attribute: ByteString = "value", name: ByteString,
    form: Operation.ConstantForm = .initializer(slot: nil),
    location: Location = Location()
  ) throws -> Operation {
    try insertConstant(Attribute(attribute, value), result: ResultSpecification(name), form: form, location: location)
  }

  /// Inserts a constant as a file has it: the attribute that says its value, and the type that the file declares for it.
  ///
  /// - Throws: `ModelError` where the declared element type is another than the value's.
  @discardableResult
  package func insertConstant(
    _ attribute: Attribute, result: ResultSpecification, form: Operation.ConstantForm, location: Location = Location()
  ) throws -> Operation {
    let operation = insert(
      .constant, operands: [], results: [result], attributes: Attributes([attribute]), location: location,
      constantForm: form)
    try operation.inferTypes()
    return operation
  }

  /// Gives a value that this builder made a name that is kept for it (`Module.freshName`).
  package func rename(_ value: Value, to name: ByteString) {
    value.name = name
    module.noteName(name)
  }

  /// Ends the graph at the insertion point: `values` are its outputs.
  @discardableResult
  package func insertReturn(_ values: [Value]) -> Operation {
    insert(.return, operands: values, results: [])
  }

  /// Adds an argument to `graph`, whose type was declared by its source.
  @discardableResult
  package func addArgument(
    to graph: Graph, name: ByteString, type: ValueType, default literal: TensorLiteral? = nil
  ) -> Value {
    addArgument(to: graph, name: name, type: type, declaredType: type, default: literal)
  }

  /// Adds an argument to `graph`, of which more or something else may be known than its source declared.
  package func addArgument(
    to graph: Graph, name: ByteString, type: ValueType, declaredType: ValueType?, default literal: TensorLiteral?
  ) -> Value {
    let value = Value(argumentOf: graph, index: graph.arguments.count, name: name, type: type)
    value.declaredType = declaredType
    value.defaultLiteral = literal
    graph.arguments.append(value)
    module.noteName(name)
    return value
  }

  /// Adds an output to the signature of `graph`; `return` is to have an operand for it.
  package func addOutput(to graph: Graph, _ output: Graph.Output) {
    graph.outputs.append(output)
    module.noteName(output.name)
  }

  /// Adds a function, whose body is to be built next.
  package func add(_ function: Function) {
    function.body.owner = module
    module.functions.append(function)
  }

  private func place(_ operation: Operation) {
    switch insertionPoint {
    case .end(let graph): graph.insert(operation, before: graph.terminator)
    case .before(let successor): successor.parent?.insert(operation, before: successor)
    case .after(let predecessor): predecessor.parent?.insert(operation, before: predecessor.next)
    }
  }
}
