extension OpCatalog {
  static let controlFlowFamily: [OpDefinition] = [.if, .loop, .scan, .sequenceMap]
}

extension OpDefinition {
  /// One of two branches, as a truth value says. ONNX If-25.
  package static let `if` = OpDefinition(
    "If", versions: [1, 11, 13, 16, 19, 21, 23, 24, 25], "One of two branches, as a truth value says.",
    operands: [.required("cond", .bool)], results: [.variadic("outputs")],
    attributes: [.required("else_branch", .graph), .required("then_branch", .graph)], traits: [.pure, .hasRegions],
    infer: { try $0.inferBranches() })

  /// Repeats a body that carries values from one iteration to the next. ONNX Loop-25.
  package static let loop = OpDefinition(
    "Loop", versions: [1, 11, 13, 16, 19, 21, 23, 24, 25],
    "Repeats a body that carries values from one iteration to the next.",
    operands: [
      .optional("M", .int64), .optional("cond", .bool),
      OperandDefinition.variadic("v_initial", .storable, minimum: 0).ofAnyKind,
    ],
    results: [.variadic("v_final_and_scan_outputs")], attributes: [.required("body", .graph)],
    traits: [.pure, .hasRegions], regionArguments: loopArguments, infer: { try $0.inferLoop() })

  /// Runs a body over the slices of tensors, carrying a state. ONNX Scan-25.
  package static let scan = OpDefinition(
    "Scan", versions: [8, 9, 11, 16, 19, 21, 23, 24, 25], "Runs a body over the slices of tensors, carrying a state.",
    operands: [OperandDefinition.variadic("initial_state_and_scan_inputs", .storable).ofMixedTypes],
    results: [.variadic("final_state_and_scan_outputs")],
    attributes: [
      .required("body", .graph), .required("num_scan_inputs", .int), .ints("scan_input_axes"),
      .ints("scan_input_directions"), .ints("scan_output_axes"), .ints("scan_output_directions"),
    ],
    traits: [.pure, .hasRegions], regionArguments: scanArguments, infer: { try $0.inferScan() },
    inferLegacy: { $0.inferBatchedScan() })

  /// Runs a body on each tensor of a sequence. ONNX SequenceMap-17.
  package static let sequenceMap = OpDefinition(
    "SequenceMap", versions: [17], "Runs a body on each tensor of a sequence.",
    operands: [
      OperandDefinition.required("input_sequence", []).ofAnyKind,
      OperandDefinition.variadic("additional_inputs", .sequenceElements, minimum: 0).ofAnyKind,
    ],
    results: [.variadic("out_sequence")], attributes: [.required("body", .graph)], traits: [.pure, .hasRegions],
    regionArguments: { operation in
      operation.operands.map { operand in
        if case .sequence(let element)? = operand?.type { element } else { operand?.type ?? .unknown }
      }
    },
    infer: { inference in
      for (index, type) in try inference.returnedTypes(of: "body", count: nil).enumerated() {
        inference.set(index, .sequence(type))
      }
    })

  /// The iteration's number, the condition, and the carried values, whose shapes may change from one iteration to the
  /// next.
  private static let loopArguments: RegionArguments = { operation in
    let carried = operation.operands.dropFirst(2).map { operand -> ValueType in
      guard case .tensor(let type)? = operand?.type else { return operand?.type ?? .unknown }
      return .tensor(type.elementType, nil)
    }
    return [.tensor(.int64, nil), .tensor(.bool, nil)] + carried
  }

  /// The state, and a slice of each scanned tensor.
  private static let scanArguments: RegionArguments = { operation in
    let layout = try ScanLayout(operation)
    return try operation.operands.enumerated().map { index, operand in
      guard index >= layout.stateCount, case .tensor(let type)? = operand?.type, var shape = type.shape else {
        return operand?.type ?? .unknown
      }
      shape.remove(at: try layout.inputAxis(index - layout.stateCount, rank: shape.count))
      return .tensor(type.elementType, shape)
    }
  }
}

/// Which operands of a Scan are states, and along which axes it scans.
private struct ScanLayout {
  let stateCount: Int
  let inputCount: Int
  private let inputAxes: [Int]?

  init(_ operation: Operation) throws {
    let count = operation.int("num_scan_inputs") ?? 0
    guard count >= 1, count <= operation.operandCount else {
      throw ModelError(.invalidModel, "num_scan_inputs is \(count), but there are \(operation.operandCount) operands")
    }
    inputCount = count
    stateCount = operation.operandCount - count
    inputAxes = operation.ints("scan_input_axes")
    if let inputAxes, inputAxes.count != count {
      throw ModelError(.invalidModel, "scan_input_axes \(inputAxes) are not one for each of \(count) scanned tensors")
    }
  }

  func inputAxis(_ index: Int, rank: Int) throws -> Int {
    let axis = inputAxes?[index] ?? 0
    guard (-rank..<rank).contains(axis) else {
      throw ModelError(.invalidModel, "scan axis \(axis) is outside a tensor of rank \(rank)")
    }
    return axis < 0 ? axis + rank : axis
  }
}

extension TypeInference {
  /// The types of the values that the region called `name` returns.
  ///
  /// - Throws: `ModelError` where there is no such region, or it does not return `count` values.
  fileprivate func returnedTypes(of name: ByteString, count: Int?) throws -> [ValueType] {
    guard let region = operation.region(name) else { throw ModelError(.invalidModel, "has no '\(name)'") }
    guard let terminator = region.terminator else { throw ModelError(.invalidModel, "its '\(name)' returns nothing") }
    if let count, terminator.operandCount != count {
      throw ModelError(
        .invalidModel, "its '\(name)' returns \(terminator.operandCount) values, but \(count) are needed")
    }
    return terminator.operands.enumerated().map { index, value in
      let type = value?.type ?? .unknown
      guard region.outputs.indices.contains(index) else { return type }
      return type.merged(with: region.outputs[index].type) ?? type
    }
  }

  fileprivate mutating func inferBranches() throws {
    let count = operation.results.count
    let branches = zip(
      try returnedTypes(of: "then_branch", count: count), try returnedTypes(of: "else_branch", count: count))
    for (index, (one, other)) in branches.enumerated() { set(index, try one.joined(with: other)) }
  }

  fileprivate mutating func inferLoop() throws {
    let carried = max(operation.operandCount - 2, 0)
    let returned = try returnedTypes(of: "body", count: operation.results.count + 1).dropFirst()
    guard returned.count >= carried else {
      throw ModelError(.invalidModel, "its 'body' returns fewer values than the \(carried) that are carried")
    }
    for (index, type) in returned.enumerated() {
      set(index, index < carried ? try self.type(index + 2).joined(with: type) : Self.stacked(type, .unknown, at: 0))
    }
  }

  fileprivate mutating func inferScan() throws {
    let layout = try ScanLayout(operation)
    var length = Dimension.unknown
    for index in 0..<layout.inputCount {
      guard let shape = shape(layout.stateCount + index) else { continue }
      let extent = shape[try layout.inputAxis(index, rank: shape.count)]
      try expect(extent, equals: length, "scans \(extent) slices of one tensor, but \(length) of another")
      length = length.merged(with: extent) ?? length
    }
    let returned = try returnedTypes(of: "body", count: operation.results.count)
    let outputAxes = operation.ints("scan_output_axes")
    for (index, type) in returned.enumerated() {
      guard index >= layout.stateCount else {
        set(index, try stateType(index, returned: type))
        continue
      }
      let place = index - layout.stateCount
      let axis = outputAxes.map { $0.indices.contains(place) ? $0[place] : 0 } ?? 0
      if let rank = type.tensor?.rank, !(-(rank + 1)...rank).contains(axis) {
        throw ModelError(.invalidModel, "scan_output_axes has \(axis), which is outside a tensor of rank \(rank + 1)")
      }
      set(index, Self.stacked(type, length, at: axis))
    }
  }

  /// The first Scan ran over each sequence of a batch: all tensors begin with the batch's axis, those scanned go on with
  /// that of the steps, and the first operand has the sequences' lengths.
  fileprivate mutating func inferBatchedScan() {
    let scanned = operation.int("num_scan_inputs") ?? 0
    guard scanned >= 1, scanned < operation.operandCount else { return }
    let states = operation.operandCount - 1 - scanned
    let steps = shape(1 + states).flatMap { $0.count >= 2 ? Array($0[..<2]) : nil }
    let returned = operation.region("body")?.outputs.map(\.type) ?? []
    for index in operation.results.indices {
      let leading = index < states ? shape(1 + index).map { Array($0.prefix(1)) } : steps
      let element = returned.indices.contains(index) ? returned[index].tensor : nil
      let shape = leading.flatMap { leading in element?.shape.map { leading + $0 } }
      let stacked: ValueType = element.map { .tensor($0.elementType, shape) } ?? .unknown
      set(index, index < states ? type(1 + index).merged(with: stacked) ?? type(1 + index) : stacked)
    }
  }

  /// A state has one shape in all iterations, so that what is known before the first and after the last holds of both.
  private func stateType(_ index: Int, returned: ValueType) throws -> ValueType {
    guard let merged = type(index).merged(with: returned) else {
      throw ModelError(.invalidModel, "its state \(index) is \(type(index)) before and \(returned) after an iteration")
    }
    return merged
  }

  /// The type of tensors of the type `element`, `length` of them stacked along `axis`, which is one of the result's.
  private static func stacked(_ element: ValueType, _ length: Dimension, at axis: Int) -> ValueType {
    guard case .tensor(let type) = element else { return .unknown }
    guard var shape = type.shape else { return .tensor(type.elementType, nil) }
    shape.insert(length, at: axis < 0 ? axis + shape.count + 1 : axis)
    return .tensor(type.elementType, shape)
  }
}
