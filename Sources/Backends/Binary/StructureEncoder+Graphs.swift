import Formats
import IR

/// Graphs and operations.
extension StructureEncoder {
  mutating func write(_ graph: Graph) throws {
    write(graph.name)
    body.append(count: graph.arguments.count)
    for argument in graph.arguments {
      define(argument)
      try write(definitionOf: argument)
    }
    body.append(count: graph.outputs.count)
    for output in graph.outputs {
      write(output.name)
      write(output.type)
      write(output.annotations)
    }
    write(graph.annotations)
    body.append(count: graph.count)
    for operation in graph.operations {
      do {
        try write(operation)
      } catch let error as ModelError {
        throw error.at(operation.place)
      }
    }
  }

  private mutating func write(_ operation: Operation) throws {
    write(operation.definition)
    var flags = StructureCode.OperationFlags()
    if !operation.overload.isEmpty { flags.insert(.overloaded) }
    if operation.location != Location() { flags.insert(.located) }
    if operation.annotations != nil { flags.insert(.annotated) }
    if !operation.regions.isEmpty { flags.insert(.regions) }
    body.append(byte: flags.rawValue)
    body.append(count: operation.operandCount)
    for operand in operation.operands { try write(operand) }
    try write(operation.attributes)
    if flags.contains(.overloaded) { write(operation.overload) }
    if flags.contains(.located) {
      write(operation.location.name)
      write(operation.location.passes.map { ByteString($0) })
    }
    if flags.contains(.annotated) { write(operation.annotations) }
    if flags.contains(.regions) {
      body.append(count: operation.regions.count)
      for region in operation.regions {
        write(region.name)
        try write(region.graph)
      }
    }
    if operation.isConstant { write(operation.constantForm) }
    body.append(count: operation.results.count)
    for result in operation.results {
      body.append(byte: result == nil ? 0 : 1)
      guard let result else { continue }
      define(result)
      try write(definitionOf: result)
    }
  }

  private mutating func write(_ form: Operation.ConstantForm) {
    switch form {
    case .initializer(nil): body.append(byte: StructureCode.ConstantTag.initializer.rawValue)
    case .initializer(let slot?):
      body.append(byte: StructureCode.ConstantTag.input.rawValue)
      body.append(signed: Int64(slot))
    case .operation: body.append(byte: StructureCode.ConstantTag.operation.rawValue)
    }
  }

  private mutating func write(definitionOf value: Value) throws {
    var flags = StructureCode.ValueFlags()
    if let declared = value.declaredType { flags.insert(declared == value.type ? .declared : .declaredOtherwise) }
    if value.annotations != nil { flags.insert(.annotated) }
    if value.defaultLiteral != nil { flags.insert(.defaulted) }
    body.append(byte: flags.rawValue)
    write(value.name)
    write(value.type)
    if flags.contains(.declaredOtherwise), let declared = value.declaredType { write(declared) }
    if flags.contains(.annotated) { write(value.annotations) }
    if let literal = value.defaultLiteral { try write(literal) }
  }
}
