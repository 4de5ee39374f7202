import IR

extension Lowering {
  /// Slices of a table, put together bag by bag.
  static let bags: [String: Lowering] = [
    "aten.embedding_bag": .values { [try $0.bagged(), nil, nil, nil] },
    "aten._embedding_bag": .values { [try $0.bagged(), nil, nil, nil] },
    "aten._embedding_bag_forward_only": .values { [try $0.bagged(), nil, nil, nil] },
  ]
}

extension Call {
  /// The sums, means or largest of the slices of each bag, which begin at offsets; zeros where a bag is empty.
  fileprivate func bagged() throws -> Value {
    let table = try value("weight")
    let type = try elementType(table)
    let indices = try cast(value("indices"), to: .int64)
    var offsets = try cast(value("offsets"), to: .int64)
    if try bool("include_last_offset", default: false) { offsets = try slice(offsets, 0, from: 0, to: -1) }
    var slices = try op(.gather, table, indices)
    if let weights = try optionalValue("per_sample_weights") {
      slices = try op(.mul, slices, unsqueeze(cast(weights, to: type), [1]))
    }
    // The first bag begins at the first index, whatever else does.
    let count = try vector(extent(of: indices, 0))
    let bags = try op(.sub, intervals(upTo: offsets, count), builder.constant(1))
    let mode = try int("mode", default: 0)
    let padding = try int("padding_idx", default: -1)
    let isPresent = try padding < 0 ? nil : op(.not, op(.equal, indices, scalar(padding, .int64)))
    let absent = try scalar(mode == 2 ? -Double.infinity : 0, type)
    if let isPresent { slices = try op(.where, unsqueeze(isPresent, [1]), slices, absent) }
    func gathered(_ updates: Value, _ start: Value, _ extents: [Extent], _ reduction: ByteString) throws -> Value {
      try op(
        .scatterND, op(.expand, start, shapeOperand(extents)), unsqueeze(bags, [1]), updates,
        attributes: ["reduction": .string(reduction)])
    }
    let size = try extent(of: offsets, 0)
    let shape = [size, try extent(of: table, 1)]
    switch mode {
    case 0: return try gathered(slices, absent, shape, "add")
    case 1:
      let ones = try isPresent.map { try cast($0, to: type) } ?? op(.expand, scalar(1, type), shapeOperand(of: indices))
      let counts = try gathered(ones, scalar(0, type), [size], "add")
      let sums = try gathered(slices, absent, shape, "add")
      return try op(.div, sums, unsqueeze(op(.max, counts, scalar(1, type)), [1]))
    case 2:
      let largest = try gathered(slices, absent, shape, "max")
      return try op(.where, op(.equal, largest, absent), scalar(0, type), largest)
    default: throw UnsupportedForm("reduces bags in the mode \(mode)")
    }
  }
}
