import IR

/// A pattern that finds an operation to compute nothing new: its one used result is a value that is there already.
package protocol ForwardingPattern: RewritePattern {
  /// The value that the first result of `operation` always equals; `nil` where there is none.
  func source(of operation: Operation) -> Value?
}

extension ForwardingPattern {
  package static var numerics: Numerics { .exact }

  package func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard !operation.refersToFunctionAttributes, let result = operation.result(), result.hasUses,
      !operation.results.dropFirst().contains(where: { $0?.hasUses ?? false }),
      let source = source(of: operation), source !== result, source.type.isCompatible(with: result.type)
    else { return .noMatch }
    try context.rewriter.replace(result, with: source)
    context.rewriter.erase(operation)
    return .rewritten
  }
}

extension Value {
  /// Whether the two have the same shape whatever the symbols and the unknown extents are.
  package func certainlyHasShape(of other: Value) -> Bool {
    guard let a = tensorType?.shape, let b = other.tensorType?.shape else { return false }
    return a.isCertainly(b)
  }
}

extension Operation {
  /// The operation that defines the operand at `index`, where it is one of `definition`.
  package func producer(_ index: Int, _ definition: OpDefinition) -> Operation? {
    guard let producer = operand(index)?.definingOperation, producer.is(definition) else { return nil }
    return producer.refersToFunctionAttributes ? nil : producer
  }
}
