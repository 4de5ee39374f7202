import IR

/// Removes weights that nothing uses, all that only dead code uses, and functions that nothing calls.
///
///     %w = constant #unused
///     %v = constant #dead
///     %d = MatMul(%x, %v)
///     return %x
///   ->
///     return %x
///
/// Exact: what goes could not reach an output.
struct DeadWeights: Pass {
  static let name = "dead-weights"
  static let summary = "removes weights and functions that no output depends on"
  static let details = """
    Unused weights go, weights that only unused operations use go with these operations, and functions that nothing calls. \
    What goes could not reach an output, so every number stays the same.
    """

  func run(on module: Module, _ context: PassContext) throws {
    let uncalled = uncalledFunctions(of: module)
    for function in uncalled { context.rewriter.erase(function) }
    let swept = DeadCodeSweep.run(on: module, context)
    context.count("weights removed", swept.constants)
    context.count("bytes of weights removed", swept.bytes)
    context.count("operations removed", swept.operations)
    context.count("functions removed", uncalled.count)
    if swept.constants + swept.operations + uncalled.count == 0 {
      context.note("nothing to remove: all weights are used")
    }
  }

  /// The functions that no chain of calls from the main graph reaches.
  private func uncalledFunctions(of module: Module) -> [Function] {
    let functions = Dictionary(module.functions.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    var called: Set<Function.Key> = []
    var waiting = [module.main]
    while let body = waiting.popLast() {
      body.forEachGraph { graph in
        for operation in graph.operations {
          let key = Function.Key(operation.definition.domain, operation.definition.name, operation.overload)
          guard let function = functions[key], called.insert(key).inserted else { continue }
          waiting.append(function.body)
        }
      }
    }
    return module.functions.filter { !called.contains($0.key) }
  }
}

extension Function {
  /// What a call names a function by.
  fileprivate struct Key: Hashable {
    let domain: ByteString
    let name: ByteString
    let overload: ByteString

    init(_ domain: ByteString, _ name: ByteString, _ overload: ByteString) {
      self.domain = domain
      self.name = name
      self.overload = overload
    }
  }

  fileprivate var key: Key { Key(domain, name, overload) }
}
