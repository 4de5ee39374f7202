import IR

extension TensorFlowLowerings {
  static let activations: OperatorTable.Family = [
    "Relu": unary(.relu), "Selu": unary(.selu), "Elu": unary(.elu), "Softplus": unary(.softplus),
    "Softsign": unary(.softsign), "Sigmoid": unary(.sigmoid), "Tanh": unary(.tanh),
    "Relu6": .value { node in
      let x = try node.operand(0)
      return try node.build(.clip, x, try node.scalar(0, like: x), try node.scalar(6, like: x))
    },
    "LeakyRelu": .value { node in
      try node.build(.leakyRelu, try node.operand(0), attributes: ["alpha": .float(node.node.float("alpha") ?? 0.2)])
    },
    "Softmax": .value { try $0.build(.softmax, try $0.operand(0), attributes: ["axis": .int(-1)]) },
    "LogSoftmax": .value { try $0.build(.logSoftmax, try $0.operand(0), attributes: ["axis": .int(-1)]) },
    "ClipByValue": .value { node in
      let low = try node.build(.max, try node.operand(0), try node.operand(1))
      return try node.build(.min, low, try node.operand(2))
    },
  ]

  /// An operator that is ONNX's, of one operand and without attributes.
  static func unary(_ definition: OpDefinition) -> NodeLowering {
    .value { try $0.build(definition, try $0.operand(0)) }
  }

  /// An operator that is ONNX's, of two operands and without attributes.
  static func binary(_ definition: OpDefinition) -> NodeLowering {
    .value { try $0.build(definition, try $0.operand(0), try $0.operand(1)) }
  }
}
