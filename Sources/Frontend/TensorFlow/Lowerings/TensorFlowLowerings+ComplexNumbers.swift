import IR

extension TensorFlowLowerings {
  /// What operators do with complex numbers, which are pairs along a last axis more.
  static let complexNumbers: OperatorTable.Family = [
    "Add": termwise(.add), "AddV2": termwise(.add), "Sub": termwise(.sub),
    "Neg": complex { try $0.build(.neg, try $0.pairs(0)) },
    "Mul": complex { node in
      let (a, b, c, d) = try node.factors()
      func product(_ x: Value, _ y: Value) throws -> Value { try node.build(.mul, x, y) }
      let real = try node.build(.sub, try product(a, c), try product(b, d))
      return try node.pairs(real, try node.build(.add, try product(a, d), try product(b, c)))
    },
    "RealDiv": complex { node in
      let (a, b, c, d) = try node.factors()
      func product(_ x: Value, _ y: Value) throws -> Value { try node.build(.mul, x, y) }
      let square = try node.build(.add, try product(c, c), try product(d, d))
      let real = try node.build(.add, try product(a, c), try product(b, d))
      let imaginary = try node.build(.sub, try product(b, c), try product(a, d))
      return try node.pairs(try node.build(.div, real, square), try node.build(.div, imaginary, square))
    },
    "Exp": complex { node in
      let (length, angle) = (try node.build(.exp, try node.part(ofPairs: 0)), try node.part(ofPairs: 1))
      return try node.pairs(
        try node.build(.mul, length, try node.build(.cos, angle)),
        try node.build(.mul, length, try node.build(.sin, angle)))
    },
    "Cast": NodeLowering(outputs: nil) { node in
      let type = try node.node.type("DstT")
      if let part = node.part(ofComplex: type) { return [.complex(try node.cast(try node.pairs(0), part))] }
      return [.tensor(try node.cast(try node.part(ofPairs: 0), type))]
    },
    "StridedSlice": both { try StridedSlice($0).lower() }, "Transpose": moved("Transpose"), "Reshape": moved("Reshape"),
    "ExpandDims": moved("ExpandDims"), "Squeeze": moved("Squeeze"), "ConcatV2": moved("ConcatV2"), "Pad": moved("Pad"),
    "Pack": moved("Pack"), "Slice": moved("Slice"), "ReverseV2": moved("ReverseV2"), "Tile": moved("Tile"),
    "GatherV2": moved("GatherV2"), "Sum": moved("Sum"), "Mean": moved("Mean"), "Roll": moved("Roll"),
  ]

  /// Parts by parts, with axes before those of the other operand as it has them.
  private static func termwise(_ definition: OpDefinition) -> NodeLowering {
    complex { node in
      let (a, b, c, d) = try node.factors()
      return try node.pairs(try node.build(definition, a, c), try node.build(definition, b, d))
    }
  }

  /// What moves or adds up numbers does so with both of their parts alike.
  private static func moved(_ operation: ByteString) -> NodeLowering {
    both { node in
      guard let lowering = OperatorTable.lowering(operation), case .tensor(let value)? = try lowering.lower(node).first
      else { throw UnsupportedForm("complex numbers") }
      return value
    }
  }

  /// Lowers a node once for each part of its complex operands.
  private static func both(_ lower: @escaping @Sendable (NodeContext) throws -> Value) -> NodeLowering {
    complex { node in
      let parts = try (0..<2).map { part in
        let operands = try node.operands.indices.map { index in
          node.operands[index].isComplex ? .tensor(try node.part(ofPairs: part, of: index)) : node.operands[index]
        }
        return try lower(node.with(operands))
      }
      return try node.pairs(parts[0], parts[1])
    }
  }
}

extension NodeContext {
  /// The parts of two complex operands.
  fileprivate func factors() throws -> (Value, Value, Value, Value) {
    (try part(ofPairs: 0), try part(ofPairs: 1), try part(ofPairs: 0, of: 1), try part(ofPairs: 1, of: 1))
  }

  /// The same node with other operands.
  fileprivate func with(_ operands: [TensorFlowValue]) -> NodeContext {
    NodeContext(node: node, operands: operands, build: build, lowering: lowering, scope: scope, depth: depth)
  }
}
