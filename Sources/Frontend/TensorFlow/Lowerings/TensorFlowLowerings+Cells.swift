import IR

extension TensorFlowLowerings {
  /// One step of recurrent layers, as TensorFlow 1 computes it in one node.
  static let cells: OperatorTable.Family = [
    "LSTMBlockCell": .values(["i", "cs", "f", "o", "ci", "co", "h"]) { try $0.longShortTermMemoryCell() },
    "GRUBlockCell": .values(["r", "u", "c", "h"]) { try $0.gatedRecurrentCell() },
  ]
}

extension NodeContext {
  /// `count` parts of equal width along the last axis of a matrix.
  private func parts(_ value: Value, _ count: Int) throws -> [Value] {
    try build.insert(.split, [value], ["axis": .int(1), "num_outputs": .int(Int64(count))], resultCount: count)
  }

  /// A matrix of rows, with the weights of a layer and its bias.
  private func dense(_ rows: [Value], _ weights: Value, _ bias: Value) throws -> Value {
    try build(.add, try build(.matMul, try concat(rows, axis: 1), weights), bias)
  }

  fileprivate func longShortTermMemoryCell() throws -> [Value] {
    let (cell, hidden) = (try operand(1), try operand(2))
    let gates = try parts(try dense([try operand(0), hidden], try operand(3), try operand(7)), 4)
    let usesPeephole = node.flag("use_peephole")
    func gate(_ value: Value, _ cell: Value, peephole: Int) throws -> Value {
      let seen = usesPeephole ? try build(.add, value, try build(.mul, cell, try operand(peephole))) : value
      return try build(.sigmoid, seen)
    }
    let candidate = try build(.tanh, gates[1])
    let input = try gate(gates[0], cell, peephole: 4)
    let bias = try scalar(Double(node.float("forget_bias") ?? 1), like: gates[2])
    let forget = try gate(try build(.add, gates[2], bias), cell, peephole: 5)
    var next = try build(.add, try build(.mul, candidate, input), try build(.mul, cell, forget))
    let limit = node.float("cell_clip") ?? 3
    if limit > 0 {
      next = try build(.clip, next, try scalar(Double(-limit), like: next), try scalar(Double(limit), like: next))
    }
    let output = try gate(gates[3], next, peephole: 6)
    let activated = try build(.tanh, next)
    return [input, next, forget, output, candidate, activated, try build(.mul, activated, output)]
  }

  fileprivate func gatedRecurrentCell() throws -> [Value] {
    let (x, hidden) = (try operand(0), try operand(1))
    let gates = try parts(try build(.sigmoid, try dense([x, hidden], try operand(2), try operand(4))), 2)
    let reset = try build(.mul, hidden, gates[0])
    let candidate = try build(.tanh, try dense([x, reset], try operand(3), try operand(5)))
    let rest = try build(.sub, try scalar(1, like: candidate), gates[1])
    let next = try build(.add, try build(.mul, rest, candidate), try build(.mul, gates[1], hidden))
    return [gates[0], gates[1], candidate, next]
  }
}
