import IR

/// Branches and loops.
extension Interpreter {
  /// What one more iteration costs beside what its operations do, so that empty loops end.
  private static let stepsPerIteration = 1 << 12

  /// The results of an operation with regions.
  package func runRegions(of operation: Operation, _ operands: [RuntimeValue?]) throws -> [RuntimeValue?] {
    if operation.is(.if) { return try runBranch(of: operation, operands) }
    guard let body = operation.region("body") else {
      throw Refusal(.unsupported, "nothing runs \(operation.definition.qualifiedName)")
    }
    if operation.is(.loop) { return try runLoop(operation, body, operands) }
    if operation.is(.scan) { return try runScan(operation, body, operands) }
    if operation.is(.sequenceMap) { return try map(operation, body, operands) }
    throw Refusal(.unsupported, "nothing runs \(operation.definition.qualifiedName)")
  }

  private func runBranch(of operation: Operation, _ operands: [RuntimeValue?]) throws -> [RuntimeValue?] {
    guard let condition = try operands.first?.flatMap(truth),
      let branch = operation.region(condition ? "then_branch" : "else_branch")
    else { throw Refusal(.undefined, "there is no condition") }
    return try run(branch, [])
  }

  private func truth(_ value: RuntimeValue) throws -> Bool {
    guard let literal = value.tensor, literal.elementCount == 1, literal.elementType == .bool else {
      throw Refusal(.undefined, "a condition is not one truth value")
    }
    return try literal.smallBytes().first != 0
  }

  private func runLoop(_ operation: Operation, _ body: Graph, _ operands: [RuntimeValue?]) throws -> [RuntimeValue?] {
    let whole = ValueInvocation(operation, operands: operands, budget: budget)
    let count = try whole.tensors([0]).integer(0)
    var goesOn = try whole[1].map(truth) ?? true
    var carried = Array(operands.dropFirst(2))
    var scanned = Array(repeating: [TensorLiteral](), count: max(operation.results.count - carried.count, 0))
    var iteration = 0
    while goesOn, iteration < count ?? .max {
      try budget.work.take(Self.stepsPerIteration)
      let number = try TensorLiteral(.int64, [], .bytes(TensorLiteral(int64s: [iteration]).bytes))
      let condition = try TensorLiteral(.bool, [], bytes: [1])
      let results = try run(body, [.tensor(number), .tensor(condition)] + carried)
      guard results.count == 1 + carried.count + scanned.count, let next = results[0] else {
        throw Refusal(.undefined, "the body returns \(results.count) values")
      }
      goesOn = try truth(next)
      carried = Array(results[1..<1 + carried.count])
      try gather(results[(1 + carried.count)...], into: &scanned)
      iteration += 1
    }
    let stacked = try scanned.enumerated().map { index, elements in
      try stack(elements, along: 0, operation, declared: body.outputs[1 + carried.count + index].type)
    }
    return carried + stacked
  }

  private func gather(_ results: ArraySlice<RuntimeValue?>, into scanned: inout [[TensorLiteral]]) throws {
    for (index, result) in results.enumerated() {
      guard let literal = result?.tensor else { throw Refusal(.undefined, "what is stacked is no tensor") }
      scanned[index].append(literal)
    }
  }

  /// Tensors of one shape along a new axis. Of none, the type that the body declares tells the shape.
  private func stack(
    _ elements: [TensorLiteral], along axis: Int, _ operation: Operation, declared: ValueType
  ) throws -> RuntimeValue {
    let invocation = Invocation(operation, operands: [], budget: budget)
    guard let first = elements.first else {
      guard let type = declared.tensor else { throw Refusal(.undefined, "nothing tells what is stacked") }
      let dimensions = [0] + (type.shape ?? []).map { $0.value ?? 0 }
      return .tensor(try TensorLiteral(type.elementType, dimensions, .bytes(ByteSlice([]))))
    }
    let along = try invocation.axis(axis, rank: first.dimensions.count + 1)
    var dimensions = first.dimensions
    dimensions.insert(elements.count, at: along)
    let whole = Layout(dimensions)
    let parts = try elements.enumerated().map { index, element in
      guard element.dimensions == first.dimensions, element.elementType == first.elementType else {
        throw Refusal(.undefined, "what is stacked differs in shape")
      }
      let target = whole.sliced(along, start: index, count: 1).dropping(along)
      return (element, StridedMove.Part(source: Layout(element.dimensions), target: target))
    }
    return .tensor(try invocation.move(first.elementType, dimensions, parts))
  }

  private func runScan(_ operation: Operation, _ body: Graph, _ operands: [RuntimeValue?]) throws -> [RuntimeValue?] {
    let count = operation.int("num_scan_inputs") ?? 0
    guard count >= 1, count <= operands.count else { throw Refusal(.undefined, "nothing is scanned") }
    var states = Array(operands.dropLast(count))
    let inputs = try ValueInvocation(operation, operands: Array(operands.suffix(count)), budget: budget)
      .tensors(Array(0..<count))
    let outputs = operation.results.count - states.count
    let inputAxes = operation.ints("scan_input_axes") ?? Array(repeating: 0, count: count)
    let outputAxes = operation.ints("scan_output_axes") ?? Array(repeating: 0, count: outputs)
    let inputReversed = operation.ints("scan_input_directions") ?? Array(repeating: 0, count: count)
    let outputReversed = operation.ints("scan_output_directions") ?? Array(repeating: 0, count: outputs)
    guard inputAxes.count == count, inputReversed.count == count, outputs >= 0, outputAxes.count == outputs,
      outputReversed.count == outputs
    else { throw Refusal(.undefined, "axes or directions do not fit") }
    let axes = try inputAxes.enumerated().map { index, axis in
      try inputs.axis(axis, rank: inputs.operand(index).dimensions.count)
    }
    let lengths = try axes.enumerated().map { try inputs.operand($0).dimensions[$1] }
    guard let length = lengths.first, lengths.allSatisfy({ $0 == length }) else {
      throw Refusal(.undefined, "the scanned tensors differ in length")
    }
    var scanned = Array(repeating: [TensorLiteral](), count: outputs)
    for iteration in 0..<length {
      try budget.work.take(Self.stepsPerIteration)
      let slices = try axes.enumerated().map { index, axis -> RuntimeValue? in
        let input = try inputs.operand(index)
        let place = inputReversed[index] != 0 ? length - 1 - iteration : iteration
        let layout = Layout(input.dimensions).sliced(axis, start: place, count: 1).dropping(axis)
        return .tensor(try Movement.take(inputs, input, layout))
      }
      let results = try run(body, states + slices)
      guard results.count == states.count + outputs else {
        throw Refusal(.undefined, "the body returns \(results.count) values")
      }
      states = Array(results[..<states.count])
      try gather(results[states.count...], into: &scanned)
    }
    let stacked = try scanned.enumerated().map { index, elements in
      try stack(
        outputReversed[index] != 0 ? elements.reversed() : elements, along: outputAxes[index], operation,
        declared: body.outputs[states.count + index].type)
    }
    return states + stacked
  }

  private func map(_ operation: Operation, _ body: Graph, _ operands: [RuntimeValue?]) throws -> [RuntimeValue?] {
    guard case .sequence(let elements)? = operands.first ?? nil else {
      throw Refusal(.undefined, "there is no sequence")
    }
    var results = Array(repeating: [RuntimeValue](), count: operation.results.count)
    for index in elements.indices {
      try budget.work.take(Self.stepsPerIteration)
      let inputs = try operands.map { operand -> RuntimeValue? in
        guard case .sequence(let elements)? = operand else { return operand }
        guard elements.indices.contains(index) else { throw Refusal(.undefined, "the sequences differ in length") }
        return elements[index]
      }
      let returned = try run(body, inputs)
      guard returned.count == results.count else { throw Refusal(.undefined, "the body returns other results") }
      for (place, value) in returned.enumerated() {
        guard let value else { throw Refusal(.undefined, "the body returns nothing") }
        results[place].append(value)
      }
    }
    return results.map { .sequence($0) }
  }
}

extension TensorLiteral {
  /// The slice of a literal that holds its bytes itself.
  fileprivate var bytes: ByteSlice { if case .bytes(let slice) = source { slice } else { ByteSlice([]) } }
}
