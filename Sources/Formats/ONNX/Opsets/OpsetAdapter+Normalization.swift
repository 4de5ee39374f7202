import IR

extension OpsetAdapter {
  static let normalizations: [OpsetAdapter] = [batchNormalization, dropout, .legacy(.groupNormalization, before: 21)]

  /// Before version 14 the number of results told training from inference; before 9 `spatial` 0 asked for statistics an
  /// element.
  private static let batchNormalization = OpsetAdapter(
    .batchNormalization, since: 14, formerAttributes: ["spatial"], lowers: [.attribute("training_mode")],
    raise: { editor, form in
      guard editor.operation.results.count == 1, editor.operation.attributes["training_mode"] == nil else {
        return false
      }
      guard let spatial = editor.operation.attributes["spatial"] else { return true }
      guard case .int(let flag) = spatial, flag != 0 else { return false }
      editor.keep("spatial")
      return true
    },
    lower: { editor, form in
      if editor.operation.flag("training_mode") || editor.operation.presentResults.count > 1 {
        throw editor.unsayable("training", since: 14)
      }
      editor.setAttribute("training_mode", to: nil)
      if form.version < 9 { editor.restoreKept("spatial") }
    })

  /// The ratio was an attribute before version 12, and training no question; before 10 the mask was of the data's type.
  private static let dropout = OpsetAdapter(
    .dropout, since: 12, formerAttributes: ["ratio"], lowers: [.operand(1), .operand(2)],
    raise: { editor, form in
      guard editor.operation.operandCount == 1 else { return false }
      if form.version < 10, let mask = editor.operation.result(1) {
        guard !mask.hasUses, mask.declaredType == nil else { return false }
      }
      guard let written = editor.operation.attributes["ratio"] else { return true }
      guard case .float(let ratio) = written, let literal = try TensorLiteral.scalar(ratio, of: .float32) else {
        return false
      }
      editor.setAttribute("ratio", to: nil)
      try editor.setOperand(1, to: literal)
      return true
    },
    lower: { editor, form in
      if let mode = try editor.literal(2, since: 12), try mode.smallBytes().contains(where: { $0 != 0 }) {
        throw editor.unsayable("training", since: 12)
      }
      if form.version < 10, let mask = editor.operation.result(1), mask.hasUses {
        throw editor.unsayable("a mask of truth values", since: 10)
      }
      if let literal = try editor.literal(1, since: 12) {
        guard let ratio = literal.floatScalar else { throw editor.unsayable("such a ratio", since: 12) }
        editor.setAttribute("ratio", to: .float(ratio))
      }
      editor.setOperands(to: [editor.operation.operand(0)])
    })
}
