import IR

extension TensorFlowLowerings {
  /// Numbers that are others in each run, as ONNX's are. Those of a given seed that TensorFlow would repeat are refused.
  static let random: OperatorTable.Family = [
    "RandomUniform": drawn(.randomUniformLike), "RandomStandardNormal": drawn(.randomNormalLike),
  ]

  private static func drawn(_ definition: OpDefinition) -> NodeLowering {
    .value { node in
      let type = try node.node.type("dtype")
      guard [.float32, .float64, .float16].contains(type) else { throw UnsupportedForm("numbers of \(type.rawValue)") }
      let zero = try TensorLiteral.scalar(0, type)
      let shaped = try node.build(
        .constantOfShape, try node.int64(try node.operand(0)),
        attributes: ["value": .tensor(try TensorLiteral(type, [1], zero.source))])
      return try node.build(definition, shaped)
    }
  }
}
