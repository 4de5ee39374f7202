import IR

extension TensorFlowLowerings {
  /// Lookup tables whose contents are constants.
  static let tables: OperatorTable.Family = [
    "HashTable": handle, "HashTableV2": handle, "LookupTableFind": found, "LookupTableFindV2": found,
    "LookupTableSize": size, "LookupTableSizeV2": size,
  ]

  private static let handle = NodeLowering(outputs: nil) { [.resource(VariableStore.name(of: $0.node))] }

  private static let size = NodeLowering.value { node in
    try node.build.constant(try node.table(0).keys.elementCount)
  }

  private static let found = NodeLowering.value { node in
    let (table, keys) = (try node.table(0), try node.operand(1))
    guard let other = try node.operand(2).literal, other.elementCount == 1,
      other.elementType == table.values.elementType
    else { throw UnsupportedForm("another value for each key that the table does not have") }
    guard table.keys.elementCount > 0, try node.elementType(keys) == table.keys.elementType else {
      throw UnsupportedForm("a table that is empty, or of other keys")
    }
    node.build.admit(.labelEncoder)
    let attributes: Attributes = [
      "keys_tensor": .tensor(try label(table.keys)), "values_tensor": .tensor(try label(table.values)),
      "default_tensor": .tensor(try label(TensorLiteral(other.elementType, [1], other.source))),
    ]
    let labels = table.keys.elementType == .string ? keys : try node.cast(keys, .int64)
    return try node.cast(try node.build(.labelEncoder, labels, attributes: attributes), other.elementType)
  }

  /// Keys or values in a type that runtimes look up.
  private static func label(_ literal: TensorLiteral) throws -> TensorLiteral {
    switch literal.elementType {
    case .string, .int64, .float32: return literal
    case .int32:
      var numbers: [Int] = []
      try literal.forEachWindow { bytes, _ in
        for offset in stride(from: 0, to: bytes.count, by: 4) {
          numbers.append(Int(bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
        }
      }
      return try TensorLiteral(int64s: numbers)
    default: throw UnsupportedForm("a table of \(literal.elementType.rawValue)")
    }
  }
}

extension NodeContext {
  /// The table whose handle is the operand at `index`.
  fileprivate func table(_ index: Int) throws -> TableStore.Table {
    guard operands.indices.contains(index), case .resource(let name) = operands[index],
      let tables = lowering.tables
    else { throw UnsupportedForm("its input \(index) is no table") }
    return try tables.table(name)
  }
}
