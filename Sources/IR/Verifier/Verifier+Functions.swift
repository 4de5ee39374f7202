extension Verifier {
  /// Checks that functions have different names, that calls pass what they take, and that none calls itself, however
  /// many others lie between.
  func verifyFunctions(of module: Module) throws {
    guard !module.functions.isEmpty else { return }
    let table = try FunctionTable(module)
    var indices: [ObjectIdentifier: Int] = [:]
    for (index, function) in module.functions.enumerated() { indices[ObjectIdentifier(function)] = index }
    for call in table.calls(in: module.main) { _ = try verify(call, table) }
    let callees = try module.functions.map { function in
      try table.calls(in: function.body).compactMap { indices[ObjectIdentifier(try verify($0, table))] }
    }
    if let index = functionInCycle(callees) {
      throw ModelError(.invalidModel, place: module.functions[index].place, "calls itself")
    }
  }

  /// Checks a call, and returns what it calls.
  private func verify(_ call: Operation, _ table: FunctionTable) throws -> Function {
    guard let function = table.callee(of: call) else { throw ModelError(.internalFailure, "nothing is called") }
    guard call.operandCount <= function.body.arguments.count, call.results.count <= function.body.outputs.count else {
      throw ModelError(
        .invalidModel, place: call.place,
        "passes \(call.operandCount) operands and takes \(call.results.count) results, but the function has "
          + "\(function.body.arguments.count) and \(function.body.outputs.count)")
    }
    return function
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
