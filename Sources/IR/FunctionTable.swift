/// The functions of a module, found by what calls them.
package struct FunctionTable {
  private struct Key: Hashable {
    let domain: ByteString
    let name: ByteString
    let overload: ByteString
  }

  private var functions: [Key: Function] = [:]

  /// - Throws: `ModelError` where two functions have one name.
  package init(_ module: Module) throws {
    for function in module.functions {
      let key = Key(domain: function.domain, name: function.name, overload: function.overload)
      guard functions.updateValue(function, forKey: key) == nil else {
        throw ModelError(.invalidModel, place: function.place, "is defined twice")
      }
    }
  }

  /// The function that `operation` calls; `nil` where it calls none.
  package func callee(of operation: Operation) -> Function? {
    guard operation.definition.form == .opaque else { return nil }
    return functions[
      Key(domain: operation.definition.domain, name: operation.definition.name, overload: operation.overload)]
  }

  /// The operations here and inside that call one of the functions, in order.
  package func calls(in graph: Graph) -> [Operation] {
    var found: [Operation] = []
    graph.forEachGraph { found += $0.operations.filter { callee(of: $0) != nil } }
    return found
  }
}

extension Function {
  package var place: String { "function '\(domain.text)::\(name.text)'" }
}
