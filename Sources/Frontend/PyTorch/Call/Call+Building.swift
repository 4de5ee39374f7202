import IR

extension Call: LoweringContext {
  func ops(
    _ definition: OpDefinition, _ operands: [Value?], _ attributes: Attributes, results: Int,
    regions: [Operation.Region]
  ) throws -> [Value] {
    try lowering.reader.charge(values: operands.count + results)
    guard regions.isEmpty, let wide = try widened(definition, operands) else {
      return try builder.insert(definition, operands, attributes, resultCount: results, regions: regions)
    }
    return try builder.insert(definition, wide.operands, attributes, resultCount: results).map {
      $0.tensorType?.elementType == .float32 ? try cast($0, to: wide.type) : $0
    }
  }

  func inside(_ region: GraphBuilder) throws -> Call {
    ProgramGraphLowering(lowering.reader, region, ProgramGraph(), nesting: lowering.nesting + 1).call()
  }
}
