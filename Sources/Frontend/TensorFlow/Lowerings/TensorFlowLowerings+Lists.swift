import IR

extension TensorFlowLowerings {
  /// Lists of tensors, as loops read and write them.
  static let lists: OperatorTable.Family = [
    "TensorListFromTensor": NodeLowering(outputs: nil) { [.list(.stacked(try $0.operand(0)))] },
    "TensorListReserve": NodeLowering(outputs: nil) { node in
      [.list(.reserved(count: try node.operand(1), type: try node.node.type("element_dtype")))]
    },
    "EmptyTensorList": NodeLowering(outputs: nil) { _ in [.list(.elements([]))] },
    "TensorListPushBack": NodeLowering(outputs: nil) { node in
      [.list(try node.list(0).appending(try node.operand(1)))]
    },
    "TensorListSetItem": NodeLowering(outputs: nil) { node in [.list(try node.settingItem())] },
    "TensorListGetItem": .value { node in try node.item(of: node.list(0), at: node.operand(1)) },
    "TensorListGather": .value { node in try node.item(of: node.list(0), at: node.operand(1)) },
    "TensorListStack": .value { node in try node.stacked(node.list(0)) },
    "TensorListConcatV2": .values(["tensor", "lengths"]) { node in
      let stacked = try node.stacked(node.list(0))
      let shape = try node.shapeValue(stacked)
      guard try node.rank(stacked) >= 2 else { throw UnsupportedForm("elements without axes") }
      let rest = try node.part(shape, 2, Int.max, axis: 0)
      let joined = try node.build(.reshape, stacked, try node.concat([try node.build.constant([-1]), rest], axis: 0))
      let lengths = try node.build(.expand, try node.part(shape, 1, 2, axis: 0), try node.part(shape, 0, 1, axis: 0))
      return [joined, lengths]
    },
    "TensorListLength": .value { node in
      let length: Value
      switch try node.list(0) {
      case .stacked(let tensor):
        length = try node.build(.gather, try node.shapeValue(tensor), try node.build.constant(0))
      case .elements(let elements): length = try node.build.constant(elements.count)
      case .reserved(let count, _): length = count
      case .carried, .written: throw UnsupportedForm("a list that its loop writes")
      }
      return try node.cast(length, .int32)
    },
  ]
}

extension TensorList {
  fileprivate func appending(_ element: Value) throws -> TensorList {
    switch self {
    case .elements(let elements): return .elements(elements + [element])
    case .carried: return .written(self, index: nil, element: element)
    case .stacked, .reserved, .written: throw UnsupportedForm("a list that was not empty")
    }
  }
}

extension NodeContext {
  /// Lists that are written element by element outside of loops are as long as programs are.
  private static let maximumElements = 1 << 12

  fileprivate func settingItem() throws -> TensorList {
    let (list, index, element) = (try list(0), try operand(1), try operand(2))
    switch list {
    case .carried: return .written(list, index: index, element: element)
    case .stacked(let tensor):
      let place = try reshape(try int64(index), [1, 1])
      return .stacked(try scatter(into: tensor, place, try unsqueeze(element, [0]), nil))
    case .reserved(let count, _):
      guard let count = count.contents?.first?.value, count >= 0, count <= Self.maximumElements else {
        throw UnsupportedForm("a list whose length is not known")
      }
      return try set(element, at: try integer(1, "the index"), in: Array(repeating: nil, count: count))
    case .elements(let elements): return try set(element, at: try integer(1, "the index"), in: elements)
    case .written: throw UnsupportedForm("two elements of a list in one iteration")
    }
  }

  private func set(_ element: Value, at index: Int, in elements: [Value?]) throws -> TensorList {
    guard elements.indices.contains(index) else { throw ModelError(.invalidModel, "sets element \(index)") }
    var elements = elements
    elements[index] = element
    return .elements(elements)
  }

  fileprivate func item(of list: TensorList, at index: Value) throws -> Value {
    switch list {
    case .stacked(let tensor): return try build(.gather, tensor, index)
    case .elements(let elements):
      if index.tensorType?.rank == 0, let place = index.contents?.first?.value, elements.indices.contains(place),
        let element = elements[place]
      {
        return element
      }
      return try build(.gather, try stacked(list), index)
    case .reserved, .carried, .written: throw UnsupportedForm("a list that its loop writes")
    }
  }

  fileprivate func stacked(_ list: TensorList) throws -> Value {
    switch list {
    case .stacked(let tensor): return tensor
    case .elements(let elements):
      let present = elements.compactMap { $0 }
      guard present.count == elements.count, !present.isEmpty else {
        throw UnsupportedForm("a list of which elements were never set")
      }
      return try concat(try present.map { try unsqueeze($0, [0]) }, axis: 0)
    case .reserved, .carried, .written: throw UnsupportedForm("a list that its loop writes")
    }
  }
}
