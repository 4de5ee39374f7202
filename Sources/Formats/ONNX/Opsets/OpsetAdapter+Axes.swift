import IR

/// Operators whose axes were an attribute before they became an operand.
extension OpsetAdapter {
  static let axes: [OpsetAdapter] =
    [takingAxes(.squeeze, since: 13), takingAxes(.unsqueeze, since: 13), takingAxes(.reduceSum, since: 13)]
    + [.reduceL1, .reduceL2, .reduceMax, .reduceMean, .reduceMin, .reduceProd, .reduceSumSquare].map {
      takingAxes($0, since: 18)
    }
    + [.reduceLogSum, .reduceLogSumExp].map(takingAxesOfFloats)

  private static func takingAxes(_ definition: OpDefinition, since: Int) -> OpsetAdapter {
    OpsetAdapter(
      definition, since: since, formerAttributes: ["axes"], lowers: loweredAxes,
      raise: { editor, _ in try raiseAxes(editor) },
      lower: { editor, _ in try lowerAxes(editor, since: since) })
  }

  /// The logarithms of sums took integers before version 28, which the IR's form does not.
  private static func takingAxesOfFloats(_ definition: OpDefinition) -> OpsetAdapter {
    OpsetAdapter(
      definition, since: 28, formerAttributes: ["axes"], lowers: loweredAxes,
      raise: { editor, form in
        if let type = editor.operation.operand(0)?.tensorType?.elementType, !ElementTypes.float.contains(type) {
          return false
        }
        return try form.version >= 18 || raiseAxes(editor)
      },
      lower: { editor, form in
        if form.version < 18 { try lowerAxes(editor, since: 18) }
      })
  }

  private static let loweredAxes: [OperatorHistory.Feature] = [.operand(1), .attribute("noop_with_empty_axes")]

  /// An empty list stays legacy: whether it means all axes or none was never said.
  private static func raiseAxes(_ editor: OpsetEditor) throws -> Bool {
    guard editor.operation.operandCount == 1, editor.isPlainList("axes") else { return false }
    guard case .ints(let axes)? = editor.operation.attributes["axes"] else { return true }
    editor.setAttribute("axes", to: nil)
    try editor.setOperand(1, to: .int64(axes))
    return true
  }

  private static func lowerAxes(_ editor: OpsetEditor, since: Int) throws {
    let axes = try editor.integers(1, since: since) ?? []
    if axes.isEmpty, editor.operation.flag("noop_with_empty_axes") {
      throw editor.unsayable("noop_with_empty_axes without axes", since: since)
    }
    editor.setAttribute("noop_with_empty_axes", to: nil)
    editor.setOperands(to: [editor.operation.operand(0)])
    if !axes.isEmpty { editor.setAttribute("axes", to: .ints(axes)) }
  }
}
