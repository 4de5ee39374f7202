import IR

extension TensorFlowLowerings {
  /// Constants and variables.
  static let constants: OperatorTable.Family = [
    "Const": .value { node in
      guard let tensor = node.node.tensor("value") else { throw ModelError(.invalidModel, "has no value") }
      return try node.build.constant(try node.lowering.constants.literal(tensor), name: node.node.name)
    },
    "VarHandleOp": NodeLowering(outputs: nil) { [.resource(VariableStore.name(of: $0.node))] },
    "ReadVariableOp": .value { node in try node.variable(0) },
    "Variable": .value { try $0.lowering.variables.value(VariableStore.name(of: $0.node)) },
    "VariableV2": .value { try $0.lowering.variables.value(VariableStore.name(of: $0.node)) },
    "ResourceGather": .value { node in
      guard node.node.integer("batch_dims") ?? 0 == 0 else { throw UnsupportedForm("batch_dims") }
      return try node.build(.gather, try node.variable(0), try node.operand(1))
    },
    "ResourceGatherNd": .value { node in
      try node.build(.gatherND, try node.variable(0), try node.int64(try node.operand(1)))
    },
  ]
}

extension NodeContext {
  /// The value of the variable whose handle is the operand at `index`: it itself where freezing left the reader of a
  /// variable that it made a constant.
  func variable(_ index: Int) throws -> Value {
    if operands.indices.contains(index), case .tensor(let value) = operands[index] { return value }
    guard operands.indices.contains(index), case .resource(let name) = operands[index] else {
      throw UnsupportedForm("its input \(index) is no variable")
    }
    return try lowering.variables.value(name)
  }
}
