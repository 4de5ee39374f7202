import Formats
import IR

/// Graphs and operations.
extension StructureDecoder {
  mutating func read(into graph: Graph) throws {
    depth += 1
    let first = values.count
    defer {
      for index in first..<values.count { values[index] = nil }
      depth -= 1
    }
    guard depth <= 1 + BinaryFormat.maximumGraphDepth else {
      throw ModelError(.invalidModel, "has graphs that nest deeper than \(BinaryFormat.maximumGraphDepth)")
    }
    try budget.take(MemoryCost.graph)
    let builder = Builder(module, at: .end(of: graph))
    graph.name = try text()
    for _ in 0..<(try reader.count(ofAtLeast: 3)) {
      let value = try readValue()
      let argument = builder.addArgument(
        to: graph, name: value.name, type: value.type, declaredType: value.declaredType, default: value.literal)
      argument.annotations = value.annotations
      values.append(argument)
    }
    for _ in 0..<(try reader.count(ofAtLeast: 3)) {
      try budget.take(MemoryCost.value)
      let output = Graph.Output(name: try text(), type: try type(), annotations: try annotations())
      builder.addOutput(to: graph, output)
    }
    graph.annotations = try annotations()
    for _ in 0..<(try reader.count(ofAtLeast: 5)) {
      guard graph.terminator == nil else { throw ModelError(.invalidModel, "has an operation after a 'return'") }
      try readOperation(builder)
    }
    guard let terminator = graph.terminator, terminator.operandCount == graph.outputs.count else {
      throw ModelError(.invalidModel, "has a graph that does not return its \(graph.outputs.count) outputs")
    }
  }

  private mutating func readOperation(_ builder: Builder) throws {
    let definition = try definition()
    let flags = StructureCode.OperationFlags(rawValue: try reader.byte())
    let operandCount = try reader.count()
    try budget.take(MemoryCost.operation + operandCount * MemoryCost.operand)
    let operands = try (0..<operandCount).map { _ in try operand() }
    let attributes = try attributes()
    let overload = flags.contains(.overloaded) ? try text() : ""
    var location = Location()
    if flags.contains(.located) {
      location.name = try text()
      location.passes = try textList().map(\.text)
    }
    let annotations = flags.contains(.annotated) ? try annotations() : nil
    let regions = flags.contains(.regions) ? try regions() : []
    let form = definition === OpDefinition.constant ? try constantForm() : nil
    let results = try readResults()
    let operation = builder.insert(
      definition, operands: operands,
      results: results.map { $0.map { .init($0.name, $0.declaredType, type: $0.type) } }, attributes: attributes,
      regions: regions, location: location, constantForm: form)
    operation.overload = overload
    operation.annotations = annotations
    for (value, result) in zip(operation.results, results) {
      value?.annotations = result?.annotations
      if let value { values.append(value) }
    }
  }

  private mutating func regions() throws -> [Operation.Region] {
    let count = try reader.count(ofAtLeast: 5)
    return try (0..<count).map { _ in
      let name = try text()
      let graph = Graph(name: "")
      try read(into: graph)
      return Operation.Region(name: name, graph: graph)
    }
  }

  private mutating func constantForm() throws -> Operation.ConstantForm {
    switch try tag(StructureCode.ConstantTag.self) {
    case .initializer: .initializer(slot: nil)
    case .operation: .operation
    case .input: .initializer(slot: Int(try reader.signed()))
    }
  }

  // MARK: Values

  private struct ReadValue {
    var name: ByteString
    var type: ValueType
    var declaredType: ValueType?
    var annotations: Annotations?
    var literal: TensorLiteral?
  }

  private mutating func readResults() throws -> [ReadValue?] {
    let count = try reader.count()
    try budget.take(count * MemoryCost.element)
    return try (0..<count).map { _ in try reader.byte() == 0 ? nil : try readValue() }
  }

  private mutating func readValue() throws -> ReadValue {
    try budget.take(MemoryCost.value)
    let flags = StructureCode.ValueFlags(rawValue: try reader.byte())
    var value = ReadValue(name: try text(), type: try type())
    guard !value.name.isEmpty else { throw ModelError(.invalidModel, "has a value without a name") }
    if flags.contains(.declared) { value.declaredType = value.type }
    if flags.contains(.declaredOtherwise) { value.declaredType = try type() }
    if flags.contains(.annotated) { value.annotations = try annotations() }
    if flags.contains(.defaulted) { value.literal = try literal() }
    return value
  }

  private mutating func operand() throws -> Value? {
    let number = try reader.integer()
    guard number > 0 else { return nil }
    guard values.indices.contains(number - 1), let value = values[number - 1] else {
      throw ModelError(.invalidModel, "uses value \(number - 1), which nothing defines before")
    }
    return value
  }
}
