import IR

extension OpsetAdapter {
  static let activations: [OpsetAdapter] =
    [clip, prelu, selu]
    + [.hardmax, .logSoftmax, .softmax].map(alongLastAxis)

  /// The bounds were attributes before version 11.
  private static let clip = OpsetAdapter(
    .clip, since: 11, formerAttributes: ["max", "min"], lowers: [.operand(1), .operand(2)],
    raise: { editor, form in
      guard editor.operation.operandCount == 1 else { return false }
      var bounds: [(index: Int, name: ByteString, literal: TensorLiteral)] = []
      for (index, name) in [(1, "min"), (2, "max")] as [(Int, ByteString)] {
        guard let written = editor.operation.attributes[name] else { continue }
        guard case .float(let bound) = written, let type = editor.operation.operand(0)?.tensorType?.elementType,
          let literal = try TensorLiteral.scalar(bound, of: type)
        else { return false }
        bounds.append((index, name, literal))
      }
      for bound in bounds {
        editor.setAttribute(bound.name, to: nil)
        try editor.setOperand(bound.index, to: bound.literal)
      }
      return true
    },
    lower: { editor, form in
      for (index, name) in [(1, "min"), (2, "max")] as [(Int, ByteString)] {
        guard let literal = try editor.literal(index, since: 11) else { continue }
        guard let bound = literal.floatScalar else {
          throw editor.unsayable("a bound that is no single-precision number", since: 11)
        }
        editor.setAttribute(name, to: .float(bound))
      }
      editor.setOperands(to: [editor.operation.operand(0)])
    })

  /// Before version 7 a slope was one for each channel, and not broadcast.
  private static let prelu = OpsetAdapter(
    .prelu, since: 7,
    raise: { editor, _ in
      guard let rank = editor.operation.operand(0)?.tensorType?.rank, let slope = editor.operation.operand(1),
        let shape = slope.tensorType?.shape
      else { return false }
      if shape.elementCount == .known(1) || shape.count == 1 && rank == 2 { return true }
      guard let literal = slope.literal, shape.count == 1, rank > 2 else { return false }
      let extents = literal.dimensions + Array(repeating: 1, count: rank - 2)
      try editor.setOperand(1, to: TensorLiteral(literal.elementType, extents, literal.source))
      return true
    })

  /// The curve had fewer digits before version 6.
  private static let selu = OpsetAdapter(
    .selu, since: 6,
    raise: { editor, _ in
      for (name, value) in [("alpha", 1.6732), ("gamma", 1.0507)] as [(ByteString, Float)]
      where editor.operation.attributes[name] == nil {
        editor.setAttribute(name, to: .float(value))
      }
      return true
    })

  /// Before version 13 these took all axes from `axis` on together, and the default was 1.
  private static func alongLastAxis(_ definition: OpDefinition) -> OpsetAdapter {
    OpsetAdapter(
      definition, since: 13,
      raise: { editor, _ in
        let written = editor.operation.attributes["axis"]
        if written == .int(-1) { return true }
        guard let rank = editor.operation.operand(0)?.tensorType?.rank else { return false }
        return written == nil ? rank == 2 : written == .int(Int64(rank) - 1)
      },
      lower: { editor, form in
        let rank = editor.operation.operand(0)?.tensorType?.rank
        let axis = editor.operation.int("axis") ?? 0
        guard axis == -1 || rank.map({ axis == $0 - 1 }) == true else {
          throw editor.unsayable("an axis that is not the last", since: 13)
        }
        guard editor.operation.attributes["axis"] == nil else { return }
        guard let rank else {
          guard form.version >= 11 else {
            throw editor.unsayable("the last axis of a tensor of unknown rank", since: 11)
          }
          return editor.setAttribute("axis", to: .int(-1))
        }
        if rank != 2 { editor.setAttribute("axis", to: .int(Int64(rank) - 1)) }
      })
  }
}
