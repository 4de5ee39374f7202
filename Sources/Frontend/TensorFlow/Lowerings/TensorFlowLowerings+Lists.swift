import IR

extension TensorFlowLowerings {
  /// Lists of tensors, as loops read and write them.
  static let lists: OperatorTable.Family = [
    "TensorListFromTensor": NodeLowering(outputs: nil) { [.list(.stacked(try $0.operand(0)))] },
    "TensorListReserve": NodeLowering(outputs: nil) { node in
      [.list(.reserved(first: [], count: try node.operand(1)))]
    },
    "EmptyTensorList": NodeLowering(outputs: nil) { _ in [.list(.elements([]))] },
    "TensorListPushBack": NodeLowering(outputs: nil) { node in
      [.list(try node.list(0).appending(try node.operand(1)))]
    },
    "TensorListSetItem": NodeLowering(outputs: nil) { node in
      [.list(try node.settingItem(of: node.list(0), at: 1, to: node.operand(2)))]
    },
    "TensorListGetItem": .value { node in try node.item(of: node.list(0), at: node.operand(1)) },
    "TensorListGather": .value { node in try node.item(of: node.list(0), at: node.operand(1)) },
    "TensorListStack": .value { node in try node.stacked(node.list(0)) },
    "TensorListConcatV2": .values(["tensor", "lengths"]) { node in try node.joined(node.list(0)) },
    "TensorListLength": .value { node in try node.length(of: node.list(0)) },
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

  /// The list after the element was set that the operand `place` numbers.
  func settingItem(of list: TensorList, at place: Int, to element: Value) throws -> TensorList {
    let index = try operand(place)
    switch list {
    case .carried: return .written(list, index: index, element: element)
    case .stacked(let tensor):
      let row = try reshape(try int64(index), [1, 1])
      return .stacked(try scatter(into: tensor, row, try unsqueeze(element, [0]), nil))
    case .reserved(let first, let count):
      let index = try integer(place, "the index")
      if index == first.count { return try reserved(first + [element], count) }
      guard let count = count.contents?.first?.value, count >= 0, count <= Self.maximumElements else {
        throw UnsupportedForm("a list whose length is not known")
      }
      let unset = [Value?](repeating: nil, count: max(count - first.count, 0))
      return try set(element, at: index, in: first + unset)
    case .elements(let elements): return try set(element, at: try integer(place, "the index"), in: elements)
    case .written: throw UnsupportedForm("two elements of a list in one iteration")
    }
  }

  /// A list whose first elements are set: whole when all are.
  private func reserved(_ first: [Value], _ count: Value) throws -> TensorList {
    guard first.count <= Self.maximumElements else { throw UnsupportedForm("a list that is too long") }
    let isWhole = count.contents?.first?.value.map { $0 <= first.count } ?? false
    return isWhole ? .elements(first) : .reserved(first: first, count: count)
  }

  private func set(_ element: Value, at index: Int, in elements: [Value?]) throws -> TensorList {
    var elements = elements
    if index == elements.count, index < Self.maximumElements { elements.append(nil) }
    guard elements.indices.contains(index) else { throw ModelError(.invalidModel, "sets element \(index)") }
    elements[index] = element
    return .elements(elements)
  }

  func item(of list: TensorList, at index: Value) throws -> Value {
    switch list {
    case .stacked(let tensor): return try build(.gather, tensor, index)
    case .elements(let elements):
      if index.tensorType?.rank == 0, let place = index.contents?.first?.value, elements.indices.contains(place),
        let element = elements[place]
      {
        return element
      }
      return try build(.gather, try stacked(list), index)
    case .reserved(let first, _):
      if index.tensorType?.rank == 0, let place = index.contents?.first?.value, first.indices.contains(place) {
        return first[place]
      }
      throw UnsupportedForm("a list of which elements were never set")
    case .carried, .written: throw UnsupportedForm("a list that its loop writes")
    }
  }

  /// All elements, one after the other along a new first axis.
  func stacked(_ list: TensorList) throws -> Value {
    switch list {
    case .stacked(let tensor): return tensor
    case .elements(let elements):
      let present = elements.compactMap { $0 }
      guard present.count == elements.count, !present.isEmpty else {
        throw UnsupportedForm("a list of which elements were never set")
      }
      return try concat(try present.map { try unsqueeze($0, [0]) }, axis: 0)
    case .reserved: throw UnsupportedForm("a list of which elements were never set")
    case .carried, .written: throw UnsupportedForm("a list that its loop writes")
    }
  }

  /// All elements, one after the other along their own first axis, and the lengths of each.
  func joined(_ list: TensorList) throws -> [Value] {
    if case .elements(let elements) = list {
      let present = elements.compactMap { $0 }
      guard present.count == elements.count, !present.isEmpty else {
        throw UnsupportedForm("a list of which elements were never set")
      }
      let lengths = try present.map { try part(try shapeValue($0), 0, 1, axis: 0) }
      return [try concat(present, axis: 0), try concat(lengths, axis: 0)]
    }
    let stacked = try stacked(list)
    let shape = try shapeValue(stacked)
    guard try rank(stacked) >= 2 else { throw UnsupportedForm("elements without axes") }
    let rest = try part(shape, 2, Int.max, axis: 0)
    let joined = try build(.reshape, stacked, try concat([try build.constant([-1]), rest], axis: 0))
    let lengths = try build(.expand, try part(shape, 1, 2, axis: 0), try part(shape, 0, 1, axis: 0))
    return [joined, lengths]
  }

  func length(of list: TensorList) throws -> Value {
    let length: Value
    switch list {
    case .stacked(let tensor): length = try build(.gather, try shapeValue(tensor), try build.constant(0))
    case .elements(let elements): length = try build.constant(elements.count)
    case .reserved(_, let count): length = count
    case .carried, .written: throw UnsupportedForm("a list that its loop writes")
    }
    return try cast(length, .int32)
  }
}
