import IR

extension OpsetAdapter {
  static let selections: [OpsetAdapter] = [
    concat, .legacy(.oneHot, before: 11), pad, reshape, .legacy(.scan, before: 9), scatterElements, slice, split,
    tile, topK,
  ]

  /// The axis was 1 where it was not written.
  private static let concat = OpsetAdapter(
    .concat, since: 4,
    raise: { editor, _ in
      if editor.operation.attributes["axis"] == nil { editor.setAttribute("axis", to: .int(1)) }
      return true
    })

  /// Padding and its value were attributes before version 11, and the former called otherwise before 2.
  private static let pad = OpsetAdapter(
    .pad, since: 11, formerAttributes: ["paddings", "pads", "value"], lowers: [.operand(1), .operand(2)],
    raise: { editor, form in
      let name: ByteString = form.version < 2 ? "paddings" : "pads"
      guard editor.operation.operandCount == 1, case .ints(let pads)? = editor.operation.attributes[name] else {
        return false
      }
      var fill: TensorLiteral?
      if let written = editor.operation.attributes["value"] {
        guard case .float(let value) = written, let type = editor.operation.operand(0)?.tensorType?.elementType,
          let literal = try TensorLiteral.scalar(value, of: type)
        else { return false }
        fill = literal
      }
      editor.setAttribute(name, to: nil)
      editor.setAttribute("value", to: nil)
      try editor.setOperand(1, to: .int64(pads))
      if let fill { try editor.setOperand(2, to: fill) }
      return true
    },
    lower: { editor, _ in
      let pads = try editor.integers(1, since: 11) ?? []
      if let literal = try editor.literal(2, since: 11) {
        guard let value = literal.floatScalar else {
          throw editor.unsayable("padding that is no single-precision number", since: 11)
        }
        editor.setAttribute("value", to: .float(value))
      }
      editor.setAttribute("pads", to: .ints(pads))
      editor.setOperands(to: [editor.operation.operand(0)])
    })

  /// The shape was an attribute before version 5.
  private static let reshape = OpsetAdapter(
    .reshape, since: 5, formerAttributes: ["shape"],
    raise: { editor, _ in
      guard editor.operation.operandCount == 1, case .ints(let shape)? = editor.operation.attributes["shape"] else {
        return false
      }
      editor.setAttribute("shape", to: nil)
      try editor.setOperand(1, to: .int64(shape))
      return true
    })

  /// Was called Scatter before version 11.
  private static let scatterElements = OpsetAdapter(.scatterElements, formerNames: ["Scatter"], since: 11)

  /// The bounds were attributes before version 10, and there were no steps.
  private static let slice = OpsetAdapter(
    .slice, since: 10, formerAttributes: ["axes", "ends", "starts"],
    lowers: [.operand(1), .operand(2), .operand(3), .operand(4)],
    raise: { editor, _ in
      guard editor.operation.operandCount == 1, case .ints(let starts)? = editor.operation.attributes["starts"],
        case .ints(let ends)? = editor.operation.attributes["ends"], editor.isPlainList("axes")
      else { return false }
      let axes = editor.operation.attributes["axes"]
      for name in ["axes", "ends", "starts"] as [ByteString] { editor.setAttribute(name, to: nil) }
      try editor.setOperand(1, to: .int64(starts))
      try editor.setOperand(2, to: .int64(ends))
      if case .ints(let axes)? = axes { try editor.setOperand(3, to: .int64(axes)) }
      return true
    },
    lower: { editor, _ in
      if let steps = try editor.integers(4, since: 10), steps.contains(where: { $0 != 1 }) {
        throw editor.unsayable("steps \(steps)", since: 10)
      }
      for (index, name) in [(1, "starts"), (2, "ends"), (3, "axes")] as [(Int, ByteString)] {
        guard let values = try editor.integers(index, since: 10) else { continue }
        editor.setAttribute(name, to: .ints(values))
      }
      editor.setOperands(to: [editor.operation.operand(0)])
    })

  /// The sizes were an attribute before version 13, and an operand of the data's type before 2; before 18 equal parts needed no `num_outputs`.
  private static let split = OpsetAdapter(
    .split, since: 18, formerAttributes: ["split"], lowers: [.operand(1), .attribute("num_outputs")],
    raise: { editor, form in
      guard editor.isPlainList("split") else { return false }
      if form.version < 2, let sizes = editor.operation.operand(1) {
        guard editor.operation.attributes["split"] == nil, let parts = sizes.literal.flatMap(SmallFloats.values),
          case let whole = parts.compactMap({ Int64(exactly: $0) }), whole.count == parts.count
        else { return false }
        try editor.setOperand(1, to: .int64(whole))
      } else if case .ints(let sizes)? = editor.operation.attributes["split"] {
        guard form.version < 13, editor.operation.operandCount == 1 else { return false }
        editor.setAttribute("split", to: nil)
        try editor.setOperand(1, to: .int64(sizes))
      } else if editor.operation.operand(1) == nil {
        editor.imply("num_outputs", .int(Int64(editor.operation.results.count)))
      }
      return true
    },
    lower: { editor, form in
      if editor.operation.operand(1) == nil, let sizes = try unequalParts(editor) {
        try editor.setOperand(1, to: .int64(sizes))
      }
      editor.setAttribute("num_outputs", to: nil)
      guard form.version < 13, let sizes = try editor.integers(1, since: 13) else { return }
      editor.setAttribute("split", to: .ints(sizes))
      editor.setOperands(to: [editor.operation.operand(0)])
    })

  /// The sizes of the parts where they are not equal; `nil` where they are.
  private static func unequalParts(_ editor: OpsetEditor) throws -> [Int64]? {
    if editor.takeImplied("num_outputs") { return nil }
    let operation = editor.operation
    let count = operation.results.count
    guard let shape = operation.operand(0)?.tensorType?.shape, let axis = operation.int("axis"),
      (-shape.count..<shape.count).contains(axis), let extent = shape[axis < 0 ? axis + shape.count : axis].value,
      count > 0
    else { throw editor.unsayable("a split of an unknown extent into parts that need not be equal", since: 18) }
    if extent.isMultiple(of: count) { return nil }
    let size = extent / count + 1
    let last = extent - size * (count - 1)
    guard last >= 0 else { throw editor.unsayable("a split of \(extent) elements into \(count) parts", since: 18) }
    return Array(repeating: Int64(size), count: count - 1) + [Int64(last)]
  }

  /// Repeated along one axis before version 6.
  private static let tile = OpsetAdapter(
    .tile, since: 6,
    raise: { editor, _ in
      guard let rank = editor.operation.operand(0)?.tensorType?.rank, editor.operation.operandCount == 3 else {
        return false
      }
      let numbers = editor.operation.operands.dropFirst().compactMap { $0?.literal?.wholeScalar }
      guard numbers.count == 2, let count = numbers.first, let axis = numbers.last, count >= 0,
        (0..<Int64(rank)).contains(axis)
      else { return false }
      var repeats = Array(repeating: Int64(1), count: rank)
      repeats[Int(axis)] = count
      let constant = try editor.constant(.int64(repeats), 1)
      editor.setOperands(to: [editor.operation.operand(0), constant])
      return true
    })

  /// The count was an attribute before version 10.
  private static let topK = OpsetAdapter(
    .topK, since: 10, formerAttributes: ["k"], lowers: [.operand(1)],
    raise: { editor, _ in
      guard editor.operation.operandCount == 1, case .int(let count)? = editor.operation.attributes["k"] else {
        return false
      }
      editor.setAttribute("k", to: nil)
      try editor.setOperand(1, to: .int64([count]))
      return true
    },
    lower: { editor, _ in
      guard let count = try editor.integers(1, since: 10), count.count == 1 else {
        throw editor.unsayable("no count", since: 10)
      }
      editor.setAttribute("k", to: .int(count[0]))
      editor.setOperands(to: [editor.operation.operand(0)])
    })
}
