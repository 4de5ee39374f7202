import IR

extension TensorFlowLowerings {
  /// TensorArrays of TensorFlow 1. What is in one follows the number that is handed on with it (its flow), so that is the list;
  /// the handle is the array as it was made.
  static let arrays: OperatorTable.Family = [
    "TensorArrayV3": NodeLowering(outputs: ["handle", "flow"]) { node in
      let array = TensorList.reserved(first: [], count: try node.operand(0))
      return [.list(array), .list(array)]
    },
    "TensorArrayReadV3": .value { node in try node.item(of: node.list(2), at: node.operand(1)) },
    "TensorArrayWriteV3": NodeLowering(outputs: nil) { node in
      [.list(try node.settingItem(of: node.list(3), at: 1, to: node.operand(2)))]
    },
    "TensorArrayScatterV3": NodeLowering(outputs: nil) { node in
      guard case .reserved(let first, _) = try node.list(3), first.isEmpty, try node.countsAll(1, try node.operand(2))
      else {
        throw UnsupportedForm("elements that are not set in their order")
      }
      return [.list(.stacked(try node.operand(2)))]
    },
    "TensorArrayGatherV3": .value { node in
      let elements = try node.stacked(node.list(2))
      return try node.countsAll(1, elements) ? elements : try node.build(.gather, elements, try node.operand(1))
    },
    "TensorArrayConcatV3": .values(["value", "lengths"]) { node in try node.joined(node.list(1)) },
    "TensorArraySizeV3": .value { node in try node.length(of: node.list(1)) },
  ]
}

extension NodeContext {
  /// Whether the indices of an operand are those of all elements, in order: as many as there are, from 0.
  fileprivate func countsAll(_ index: Int, _ elements: Value) throws -> Bool {
    if let known = try knownIntegers(index) {
      return known == Array(0..<known.count) && elements.tensorType?.shape?.first?.value == known.count
    }
    guard case .output(let range, let place, _) = try lowering.source(of: node.inputs[index], in: scope),
      range.operation == "Range", range.inputs.count == 3,
      let values = Optional([range.inputs[0], range.inputs[2]]), try values.map({ try constant($0, place) }) == [0, 1],
      case .output(let limit, _, _) = try lowering.source(of: range.inputs[1], in: place)
    else { return false }
    return limit.operation == "TensorArraySizeV3" || node.operation == "TensorArrayScatterV3"
  }

  private func constant(_ tensor: ByteString, _ place: LoweringScope) throws -> Int? {
    guard case .tensor(let value)? = try lowering.lower([tensor], in: place).first else { return nil }
    return value.contents?.first?.value
  }
}
