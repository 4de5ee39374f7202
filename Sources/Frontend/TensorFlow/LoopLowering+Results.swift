import IR

/// What a loop leaves.
extension LoopLowering {
  func finish(
    _ made: [Value], _ states: [Int], _ lists: [WrittenList]
  ) throws -> [TensorFlowValue] {
    var values = node.operands
    for (index, value) in zip(states, made) {
      if case .list = node.operands[index] {
        values[index] = .list(.stacked(value))
      } else {
        values[index] = .tensor(value)
      }
    }
    for list in lists {
      if let state = list.state {
        values[list.index] = .list(.elements([made[state]]))
      } else if let output = list.output {
        let all = made[output]
        values[list.index] = .list(
          list.order == .once
            ? .elements([try node.build(.gather, all, try node.build.constant(-1))])
            : .stacked(try elements(of: list, all)))
      }
    }
    return try finishCounters(values)
  }

  /// The values with those of the counters after the last iteration.
  func finishCounters(_ values: [TensorFlowValue]) throws -> [TensorFlowValue] {
    var values = values
    if let trips {
      for (index, start) in plan.counters.sorted(by: { $0.key < $1.key }) {
        let end = start == 0 ? trips.value : try node.build(.add, trips.value, try node.build.constant(start))
        values[index] = .tensor(try node.cast(end, try node.elementType(try node.operand(index))))
      }
      for index in plan.descents.sorted() {
        let first = try node.operand(index)
        values[index] = .tensor(try node.op(.sub, first, node.cast(trips.value, node.elementType(first))))
      }
    }
    return values
  }
}
