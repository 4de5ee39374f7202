import IR

extension OpsetAdapter {
  static let signals: [OpsetAdapter] = [dft]

  /// The axis was an attribute before version 20, 1 where it was not written; now the last but one is.
  private static let dft = OpsetAdapter(
    .dft, since: 20, formerAttributes: ["axis"], lowers: [.operand(2)],
    raise: { editor, _ in
      guard editor.operation.operandCount <= 2 else { return false }
      guard let written = editor.operation.attributes["axis"] else {
        return editor.operation.operand(0)?.tensorType?.rank == 3
      }
      guard case .int(let axis) = written else { return false }
      editor.setAttribute("axis", to: nil)
      try editor.setOperand(2, to: .int64(scalar: axis))
      return true
    },
    lower: { editor, _ in
      let operands = Array(editor.operation.operands.prefix(2))
      if let axis = try editor.integers(2, since: 20)?.first {
        editor.setAttribute("axis", to: .int(axis))
      } else if editor.operation.operand(0)?.tensorType?.rank != 3 {
        editor.setAttribute("axis", to: .int(-2))
      }
      editor.setOperands(to: operands.last == .some(nil) ? operands.dropLast() : operands)
    })
}
