extension Module {
  /// How many regions may lie in each other.
  package static let maximumNesting = 32

  /// Checks everything that the rest of mcc relies on: that operations fit their declarations, that values are defined
  /// before they are used and visible where they are, that names are unique, that returned values fit the signature,
  /// and that stored types agree with what is inferred. Takes time linear in the module.
  ///
  /// - Parameter infersAll: whether types are inferred anew where nothing that they follow from has changed since they
  ///   were inferred, too.
  /// - Throws: the first `ModelError`, at its place. Of kind `internalFailure` where the IR's own lists are broken,
  ///   which no file can cause.
  package func verify(infersAll: Bool = true) throws {
    var verifier = Verifier(infersAll: infersAll)
    try verifier.verifyFunctions(of: self)
    for body in bodies { try verifier.verify(body, depth: 0) }
    try verifier.verifyUseCounts()
  }
}

/// Walks a module in order, outer graphs before inner ones, and knows what is visible.
struct Verifier {
  let infersAll: Bool
  /// The values that an operation at hand may use.
  private var visible: Set<Value> = []
  /// The names of the values that are visible.
  private var names: Set<ByteString> = []
  /// The operands that were seen, and what the values' use lists say of them.
  private var operandCount = 0
  private var useCount = 0

  init(infersAll: Bool) {
    self.infersAll = infersAll
  }

  // MARK: Graphs

  /// Checks a graph. Its values are visible in the graphs inside it, and nowhere afterwards.
  mutating func verify(_ graph: Graph, depth: Int) throws {
    let place = "graph '\(graph.name.text)'"
    guard depth <= Module.maximumNesting else {
      throw ModelError(.invalidModel, place: place, "lies in more than \(Module.maximumNesting) others")
    }
    if depth == 0 {
      visible.reserveCapacity(graph.count)
      names.reserveCapacity(graph.count)
    }
    var defined: [Value] = []
    for (index, argument) in graph.arguments.enumerated() {
      guard argument.argumentGraph === graph, argument.index == index else { throw Self.broken(argument) }
      try define(argument, &defined)
    }
    var last: Operation?
    for operation in graph.operations {
      if let last, last.definition === OpDefinition.return {
        throw ModelError(.invalidModel, place: operation.place, "comes after the return of \(place)")
      }
      guard operation.parent === graph else {
        throw ModelError(.internalFailure, place: operation.place, "is in a graph that is not its parent")
      }
      try verify(operation, depth: depth, &defined)
      last = operation
    }
    guard let terminator = graph.terminator else { throw ModelError(.invalidModel, place: place, "returns nothing") }
    try verifyReturn(terminator, graph, place)
    if depth == 0 {
      visible = []
      names = []
    }
    for value in defined where depth > 0 {
      visible.remove(value)
      names.remove(value.name)
    }
  }

  private func verifyReturn(_ terminator: Operation, _ graph: Graph, _ place: String) throws {
    guard terminator.operandCount == graph.outputs.count else {
      throw ModelError(
        .invalidModel, place: place,
        "returns \(terminator.operandCount) values, but has \(graph.outputs.count) outputs")
    }
    var outputNames: Set<ByteString> = []
    for (value, output) in zip(terminator.operands, graph.outputs) {
      guard let value else {
        throw ModelError(.invalidModel, place: place, "returns nothing for its output '\(output.name.text)'")
      }
      guard value.type.isCompatible(with: output.type) else {
        throw ModelError(
          .invalidModel, place: place,
          "its output '\(output.name.text)' is declared as \(output.type), but \(value) is \(value.type)")
      }
      // A branch may return one value twice under one name; to a caller of the model names tell outputs apart.
      guard outputNames.insert(output.name).inserted || graph.enclosing != nil else {
        throw ModelError(.invalidModel, place: place, "has two outputs called '\(output.name.text)'")
      }
    }
  }

  // MARK: Operations

  private mutating func verify(_ operation: Operation, depth: Int, _ defined: inout [Value]) throws {
    do {
      try verifyOperands(of: operation)
      try operation.verifyArity()
      try operation.verifyAttributes()
      for region in operation.regions {
        guard region.graph.parentOperation === operation else {
          throw ModelError(.internalFailure, "its '\(region.name.text)' belongs to another operation")
        }
        try verify(region.graph, depth: depth + 1)
      }
      try operation.verifyTypes(infersAll: infersAll)
      for (index, result) in operation.results.enumerated() {
        guard let result else { continue }
        guard result.definingOperation === operation, result.index == index else { throw Self.broken(result) }
        try define(result, &defined)
      }
    } catch let error as ModelError {
      throw error.at(operation.place)
    }
  }

  private mutating func verifyOperands(of operation: Operation) throws {
    for (index, use) in operation.operandUses.enumerated() {
      guard use.owner === operation, use.index == index else {
        throw ModelError(.internalFailure, "its operand \(index) belongs to another operation")
      }
      guard let value = use.value else { continue }
      operandCount += 1
      guard !visible.contains(value) else { continue }
      if let home = value.parent, let graph = operation.parent, home.encloses(graph) {
        throw ModelError(.invalidModel, "uses \(value) before it is defined")
      }
      throw ModelError(.invalidModel, "uses \(value), which is not visible here")
    }
  }

  // MARK: Values

  private mutating func define(_ value: Value, _ defined: inout [Value]) throws {
    guard !value.name.isEmpty else { throw ModelError(.invalidModel, "defines a value without a name") }
    guard names.insert(value.name).inserted else {
      throw ModelError(.invalidModel, place: "value '\(value.name.text)'", "is defined twice")
    }
    visible.insert(value)
    defined.append(value)
    var count = 0
    for use in value.uses {
      guard use.value === value else { throw Self.broken(value) }
      count += 1
    }
    guard count == value.useCount else { throw Self.broken(value) }
    useCount += count
  }

  private static func broken(_ value: Value) -> ModelError {
    ModelError(.internalFailure, place: "value '\(value.name.text)'", "the lists of its definition and uses disagree")
  }

  /// Whether every operand is in the list of its value's uses, and nothing else is.
  func verifyUseCounts() throws {
    guard operandCount != useCount else { return }
    throw ModelError(
      .internalFailure, "the module has \(operandCount) operands, but its values list \(useCount) uses")
  }
}
