/// An operator that has a graph of its own, or a legacy form of one, said by loops around a copy of that graph.
package struct RegionExpansion: Sendable {
  /// Builds before the operation what says the same, and returns what stands for its results. Throws a `ModelError` that
  /// says why nothing does.
  private typealias Build = @Sendable (Operation, Rewriter) throws -> [Value]

  /// The operators of which this is a form.
  package let name: ByteString
  private let form: OpDefinition.Form
  private let build: Build

  /// All of them.
  package static let declared = [batchedScan, sequenceMap]

  /// The expansion of an operator in the form that a definition has; `nil` where there is none.
  package static func of(_ definition: OpDefinition) -> RegionExpansion? {
    guard definition.domain.isEmpty else { return nil }
    return declared.first { $0.name == definition.name && $0.form == definition.form }
  }

  /// Puts what says the same in the place of `operation`.
  ///
  /// - Returns: the operations of the graphs in there.
  /// - Throws: `ModelError` that says why there is nothing; `operation` is as before then.
  package func expand(_ operation: Operation, _ rewriter: Rewriter) throws -> [Operation] {
    let values = try build(operation, rewriter)
    try rewriter.replace(operation, with: values)
    var inner: [Operation] = []
    for region in values.first?.definingOperation?.regions ?? [] {
      region.graph.forEachGraph { inner += $0.operations }
    }
    return inner
  }

  // MARK: Scan

  /// The first Scan ran over each sequence of a batch: a Scan over the batch whose body is a Scan over a sequence.
  private static let batchedScan = RegionExpansion(name: "Scan", form: .legacy(version: 8)) { operation, rewriter in
    guard operation.operand(0) == nil else {
      throw ModelError(.invalidModel, "its sequences have lengths of their own")
    }
    guard let body = operation.region("body"), let scanned = operation.int("num_scan_inputs"),
      (1..<operation.operandCount).contains(scanned)
    else { throw ModelError(.invalidModel, "it says nothing that a Scan could") }
    let operands = operation.operands.dropFirst().compactMap { $0 }
    guard operands.count == operation.operandCount - 1, operands.count == body.arguments.count else {
      throw ModelError(.invalidModel, "its body takes other operands")
    }
    var attributes: Attributes = ["num_scan_inputs": .int(Int64(scanned))]
    if let directions = operation.ints("directions") {
      attributes["scan_input_directions"] = .ints(directions.map { Int64($0) })
    }
    let sequence = rewriter.makeRegion("body", named: body.name)
    for operand in operands { sequence.addArgument("sequence", operand.type.withoutLeadingAxis) }
    let steps = rewriter.makeRegion("body", named: body.name)
    for argument in body.arguments { steps.addArgument(argument.name, argument.type) }
    let root = operation.presentResults.first?.name
    steps.finish(try rewriter.inline(body, on: steps.arguments, before: steps.end, root: root))
    let scan = try rewriter.insert(
      .scan, sequence.arguments, attributes, before: sequence.end, names: operation.results.map { $0?.name ?? "_" },
      resultCount: operation.results.count, regions: [steps.region])
    sequence.finish(scan.results)
    return try rewriter.insert(
      .scan, operands, ["num_scan_inputs": .int(Int64(operands.count))], before: operation,
      resultCount: operation.results.count, regions: [sequence.region]
    ).presentResults
  }

  // MARK: SequenceMap

  /// A Loop over the positions of the first sequence that inserts what the graph makes into sequences.
  private static let sequenceMap = RegionExpansion(name: "SequenceMap", form: .declared) { operation, rewriter in
    guard let body = operation.region("body"), let sequence = operation.operand(0),
      body.arguments.count == operation.operandCount, operation.operands.allSatisfy({ $0 != nil })
    else { throw ModelError(.invalidModel, "its body takes other operands") }
    let types = try operation.results.map { result -> ElementType in
      guard case .sequence(.tensor(let element))? = result?.type else {
        throw ModelError(.invalidModel, "the element type of what its body makes is not known")
      }
      return element.elementType
    }
    let loop = rewriter.makeRegion("body", named: body.name)
    loop.addArgument("position", .tensor(.int64, []))
    loop.addArgument("goes_on", .tensor(.bool, []))
    for result in operation.presentResults { loop.addArgument(result.name, result.type) }
    let elements = try operation.operands.compactMap { $0 }.map { operand -> Value in
      guard case .sequence = operand.type else { return operand }
      return try rewriter.insertValue(
        .sequenceAt, [operand, loop.arguments[0]], before: loop.end, name: operand.name)
    }
    let root = operation.presentResults.first?.name
    let made = try rewriter.inline(body, on: elements, before: loop.end, root: root)
    let grown = try zip(loop.arguments.dropFirst(2), made).map { sequence, element in
      try rewriter.insertValue(.sequenceInsert, [sequence, element], before: loop.end, name: sequence.name)
    }
    loop.finish([loop.arguments[1]] + grown)
    let count = try rewriter.insertValue(.sequenceLength, [sequence], before: operation, name: sequence.name)
    let empty = try zip(operation.presentResults, types).map { result, type in
      try rewriter.insertValue(.sequenceEmpty, [], ["dtype": .elementType(type)], before: operation, name: result.name)
    }
    return try rewriter.insert(
      .loop, [count, nil] + empty, before: operation, resultCount: operation.results.count, regions: [loop.region]
    ).presentResults
  }
}

extension OpDefinition {
  /// Whether other operators say what this one, or this form of it, does.
  package var hasExpansion: Bool { OperatorExpansion.of(self) != nil || RegionExpansion.of(self) != nil }
}

extension ValueType {
  /// The type of what lies at one position along the first axis.
  fileprivate var withoutLeadingAxis: ValueType {
    guard case .tensor(let type) = self else { return .unknown }
    return .tensor(type.elementType, type.shape.map { Array($0.dropFirst()) })
  }
}
