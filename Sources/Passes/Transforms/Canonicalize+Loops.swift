import IR

extension Canonicalize {
  /// Loops that run a known number of times.
  static let loopPatterns: [any RewritePattern] = [UnrollLoop()]
}

/// Writes a loop's body out, once for each time it runs.
///
///     %y = Loop(2, _, %x) body: (%i, %go, %v) { %t = Gather(%table, %i); %s = Add(%v, %t); return %go, %s }
///   ->
///     %s = Add(%x, %table[0])
///     %y = Add(%s, %table[1])
///
/// Conditions: the number of times is constant and the body never ends the loop; the operations become no more: what
/// depends on the iteration's number and on constants alone is folded then, everything else counts each time.
struct UnrollLoop: RewritePattern {
  static let roots: [OpDefinition] = [.loop]
  static let numerics = Numerics.exact

  /// Loops that run more often stay.
  private static let mostTimes = 16

  func rewrite(_ operation: Operation, _ context: PassContext) throws -> Outcome {
    guard !operation.refersToFunctionAttributes, let body = operation.region("body") else { return .noMatch }
    guard let times = Self.times(operation, body) else {
      return .blocked("how often it runs is not constant, or up to its body")
    }
    guard times <= Self.mostTimes else { return .blocked("it runs \(times) times") }
    let carried = body.arguments.count - 2
    guard carried >= 0, operation.operandCount == carried + 2, let returned = body.terminator?.operands,
      returned.count > carried, operation.results.count <= returned.count - 1,
      !operation.results.dropFirst(carried).contains(where: { $0?.hasUses ?? false }) || times > 0
    else { return .blocked("it gathers what no iteration gives") }
    let growth = LoopCost(operation, body, times: times)
    guard growth.after <= growth.before else {
      return .blocked("\(growth.before) operations would become \(growth.after)")
    }
    guard growth.isPure else { return .blocked("its body has effects, or random numbers") }
    try unroll(operation, body, times, context)
    return .rewritten
  }

  /// How often the loop runs, where constants say so.
  private static func times(_ loop: Operation, _ body: Graph) -> Int? {
    let start = loop.operand(1).map { $0.constantIntegers?.first } ?? 1
    guard let start, body.arguments.count >= 2 else { return nil }
    if start == 0 { return 0 }
    guard let count = loop.operand(0)?.constantIntegers?.first else { return nil }
    guard count > 0 else { return 0 }
    let goesOn = body.terminator?.operand(0)
    return goesOn === body.arguments[1] || goesOn?.constantIntegers?.first == 1 ? count : nil
  }

  private func unroll(_ loop: Operation, _ body: Graph, _ times: Int, _ context: PassContext) throws {
    let rewriter = context.rewriter
    var carried = Array(loop.operands.dropFirst(2))
    let scans = carried.count..<loop.results.count
    var gathered: [[Value]] = scans.map { _ in [] }
    let goesOn = try rewriter.insertConstant(
      TensorLiteral(.bool, [], bytes: [1]), name: body.arguments[1].name, before: loop)
    for time in 0..<times {
      guard let number = TensorLiteral.of([time], .int64, []) else { continue }
      let iteration = try rewriter.insertConstant(number, name: body.arguments[0].name, before: loop)
      let results = try rewriter.inline(body, on: [iteration, goesOn] + carried, before: loop)
      carried = Array(results.dropFirst().prefix(carried.count))
      for (index, scan) in scans.enumerated() where loop.results[scan]?.hasUses == true {
        guard let element = results[scan + 1] else { continue }
        let axis = try rewriter.insertConstant(TensorLiteral.integers([0]), name: "axis", before: loop)
        gathered[index].append(
          try rewriter.insertValue(.unsqueeze, [element, axis], before: loop, name: element.name))
      }
    }
    for (result, value) in zip(loop.results, carried) {
      if let result, let value { try rewriter.replace(result, with: value) }
    }
    for (index, scan) in scans.enumerated() {
      guard let result = loop.results[scan], result.hasUses, let first = gathered[index].first else { continue }
      let whole =
        gathered[index].count == 1
        ? first
        : try rewriter.insertValue(.concat, gathered[index], ["axis": .int(0)], before: loop, name: result.name)
      try rewriter.replace(result, with: whole)
    }
    rewriter.erase(loop)
  }
}

/// What a loop costs now, and written out.
private struct LoopCost {
  private(set) var before = 1
  private(set) var after = 0
  private(set) var isPure = true

  /// Larger results might not be folded.
  private static let largestFolded = 128

  init(_ loop: Operation, _ body: Graph, times: Int) {
    // Values that differ from run to run of the model, and so are computed each time.
    var varying: Set<Value> = []
    for (argument, operand) in zip(body.arguments.dropFirst(2), loop.operands.dropFirst(2))
    where operand?.constantLiteral == nil { varying.insert(argument) }
    let returned = body.terminator?.operands ?? []
    var isSettled = false
    while !isSettled {
      isSettled = true
      after = 0
      before = 1
      for operation in body.operations where !operation.has(.terminator) && !operation.isConstant {
        let inner = operation.operationCount
        before += inner
        isPure = isPure && operation.isWithoutEffects && !operation.has(.random) && operation.regions.isEmpty
        let isKnown = operation.operands.allSatisfy { operand in
          guard let operand else { return true }
          return operand.constantLiteral != nil || operand.parent === body && !varying.contains(operand)
        }
        if isKnown, operation.presentResults.allSatisfy(Self.isSmall) { continue }
        after += inner
        varying.formUnion(operation.presentResults)
      }
      for (argument, value) in zip(body.arguments.dropFirst(2), returned.dropFirst()) {
        guard let value, value.constantLiteral == nil, value.parent !== body || varying.contains(value) else {
          continue
        }
        if varying.insert(argument).inserted { isSettled = false }
      }
    }
    after *= times
    for scan in loop.results.dropFirst(body.arguments.count - 2) where scan?.hasUses == true {
      after += times + (times > 1 ? 1 : 0)
    }
  }

  private static func isSmall(_ value: Value) -> Bool {
    guard
      let count = value.tensorType?.shape?.knownDimensions?.reduce(
        1, { $0.multipliedReportingOverflow(by: $1).partialValue })
    else { return false }
    return (0...largestFolded).contains(count)
  }
}

extension Operation {
  /// How many operations this is, regions included, constants not.
  fileprivate var operationCount: Int {
    regions.reduce(1) { sum, region in
      sum + region.graph.operations.reduce(0) { $1.isConstant || $1.has(.terminator) ? $0 : $0 + $1.operationCount }
    }
  }
}
