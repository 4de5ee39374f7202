/// What identifies a function to its callers.
private struct FunctionKey: Hashable {
  let domain: ByteString
  let name: ByteString
  let overload: ByteString
}

extension Verifier {
  /// Checks that functions have different names, that calls pass what they take, and that none calls itself, however
  /// many others lie between.
  func verifyFunctions(of module: Module) throws {
    guard !module.functions.isEmpty else { return }
    var byKey: [FunctionKey: Int] = [:]
    for (index, function) in module.functions.enumerated() {
      let key = FunctionKey(domain: function.domain, name: function.name, overload: function.overload)
      guard byKey.updateValue(index, forKey: key) == nil else {
        throw ModelError(.invalidModel, place: function.place, "is defined twice")
      }
    }
    try module.main.forEachCall(byKey) { call, callee in try verify(call, of: module.functions[callee]) }
    var callees: [[Int]] = []
    for function in module.functions {
      var called: [Int] = []
      try function.body.forEachCall(byKey) { call, callee in
        try verify(call, of: module.functions[callee])
        called.append(callee)
      }
      callees.append(called)
    }
    if let index = functionInCycle(callees) {
      throw ModelError(.invalidModel, place: module.functions[index].place, "calls itself")
    }
  }

  private func verify(_ call: Operation, of function: Function) throws {
    guard call.operandCount <= function.body.arguments.count, call.results.count <= function.body.outputs.count else {
      throw ModelError(
        .invalidModel, place: call.place,
        "passes \(call.operandCount) operands and takes \(call.results.count) results, but the function has "
          + "\(function.body.arguments.count) and \(function.body.outputs.count)")
    }
  }

  /// A function that calls itself, through others perhaps. Takes away, one by one, functions that call none of those
  /// left, so that depth of calls costs no stack.
  private func functionInCycle(_ callees: [[Int]]) -> Int? {
    var callers: [[Int]] = Array(repeating: [], count: callees.count)
    for (caller, called) in callees.enumerated() {
      for callee in called { callers[callee].append(caller) }
    }
    var pending = callees.map(\.count)
    var free = pending.indices.filter { pending[$0] == 0 }
    while let function = free.popLast() {
      for caller in callers[function] {
        pending[caller] -= 1
        if pending[caller] == 0 { free.append(caller) }
      }
    }
    // Every function that is left calls one that is left: following these calls must come around.
    guard var function = pending.firstIndex(where: { $0 > 0 }) else { return nil }
    for _ in callees.indices { function = callees[function].first { pending[$0] > 0 } ?? function }
    return function
  }
}

extension Function {
  fileprivate var place: String { "function '\(domain.text)::\(name.text)'" }
}

extension Graph {
  /// Calls `body` with every operation here and inside that calls one of the functions, and that function's index.
  fileprivate func forEachCall(_ functions: [FunctionKey: Int], _ body: (Operation, Int) throws -> Void) throws {
    try forEachGraph { graph in
      for operation in graph.operations where operation.definition.form == .opaque {
        let definition = operation.definition
        let key = FunctionKey(domain: definition.domain, name: definition.name, overload: operation.overload)
        if let callee = functions[key] { try body(operation, callee) }
      }
    }
  }
}
