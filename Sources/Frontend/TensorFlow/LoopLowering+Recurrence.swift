import IR

extension LoopLowering {
  /// The results where the loop is one that ONNX has an operator for.
  func recurrent(
    _ states: [(index: Int, initial: Value, argument: Value)], _ after: [TensorFlowValue], _ lists: [WrittenList],
    _ counters: [Value: Int]
  ) throws -> [TensorFlowValue]? {
    guard let trips else { return nil }
    let steps = counters.filter { $0.value == 0 }.map(\.key)
    func isWhole(_ sequence: Value) -> Bool {
      guard let length = sequence.tensorType?.shape?.first, let count = trips.value.contents?.first else {
        return false
      }
      return length.isEqual(to: count) == true
    }
    if states.count == 1, let next = try Self.tensor(after[states[0].index]),
      let unit = GatedRecurrentUnit(hidden: (states[0].argument, next), steps: steps), isWhole(unit.sequence),
      lists.allSatisfy({ $0.element === next })
    {
      let results = try unit.build(node, hidden: states[0].initial)
      var values = node.operands
      values[states[0].index] = .tensor(results.hidden)
      for list in lists {
        values[list.index] = .list(
          list.order == .once ? .elements([results.hidden]) : .stacked(try elements(of: list, results.all)))
      }
      return try finishCounters(values)
    }
    guard states.count == 2 else { return nil }
    for (hidden, cell) in [(states[0], states[1]), (states[1], states[0])] {
      guard let nextHidden = try Self.tensor(after[hidden.index]), let nextCell = try Self.tensor(after[cell.index]),
        let memory = LongShortTermMemory(
          hidden: (hidden.argument, nextHidden), cell: (cell.argument, nextCell), steps: steps),
        lists.allSatisfy({ $0.element === nextHidden }), isWhole(memory.sequence)
      else { continue }
      let results = try memory.build(node, hidden: hidden.initial, cell: cell.initial)
      var values = node.operands
      values[hidden.index] = .tensor(results.hidden)
      values[cell.index] = .tensor(results.cell)
      for list in lists {
        values[list.index] = .list(
          list.order == .once ? .elements([results.hidden]) : .stacked(try elements(of: list, results.all)))
      }
      return try finishCounters(values)
    }
    return nil
  }
}

extension NodeContext {
  /// A state before the first step, as ONNX's recurrent operators take it; `nil` for zeros, with which they begin.
  func initialState(_ state: Value) throws -> Value? {
    var literal = state.constantLiteral
    if let filled = state.definingOperation, filled.is(.constantOfShape) {
      guard case .tensor(let value)? = filled.attributes["value"] else { return nil }
      literal = value
    }
    let isZero = literal.flatMap { SmallFloats.values(of: $0) }?.allSatisfy { $0 == 0 } ?? false
    return isZero ? nil : try unsqueeze(state, [0])
  }
}
