import IR

extension TensorFlowLowerings {
  /// Comparisons, logic, and what chooses by them.
  static let comparisons: OperatorTable.Family = [
    "Equal": binary(.equal), "Less": binary(.less), "LessEqual": binary(.lessOrEqual), "Greater": binary(.greater),
    "GreaterEqual": binary(.greaterOrEqual), "LogicalAnd": binary(.and), "LogicalOr": binary(.or),
    "NotEqual": .value { try $0.build(.not, try $0.build(.equal, try $0.operand(0), try $0.operand(1))) },
    "ApproximateEqual": .value { node in
      let difference = try node.build(.abs, try node.build(.sub, try node.operand(0), try node.operand(1)))
      let tolerance = try node.scalar(Double(node.node.float("tolerance") ?? 1e-5), like: difference)
      return try node.build(.less, difference, tolerance)
    },
    "Select": .value { node in
      var condition = try node.operand(0)
      let (rank, own) = (try node.rank(try node.operand(1)), try node.rank(condition))
      // A vector chooses rows.
      if own == 1, rank > 1 { condition = try node.unsqueeze(condition, Array(1..<rank)) }
      return try node.chosen(condition, try node.operand(1), try node.operand(2))
    },
    "SelectV2": .value { node in
      try node.chosen(try node.operand(0), try node.operand(1), try node.operand(2))
    },
    "Where": .value { node in
      try node.transpose(try node.build(.nonZero, try node.operand(0)), [1, 0])
    },
  ]
}

extension NodeContext {
  /// The elements of one tensor where a condition holds, and those of another where not. Runtimes choose no truths.
  func chosen(_ condition: Value, _ yes: Value, _ no: Value) throws -> Value {
    guard try elementType(yes) == .bool else { return try build(.where, condition, yes, no) }
    return try build(
      .or, try build(.and, condition, yes), try build(.and, try build(.not, condition), no))
  }
}
