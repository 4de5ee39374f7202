import IR

/// Axes counted from the back, which most operators take from opset 11 on only.
///
/// A file of an older opset that has them all the same keeps them: its author's runtime knew what to do.
struct AxisLowering {
  private static let since = 11
  private static let operators: [OpDefinition] = [
    .argMax, .argMin, .compress, .concat, .flatten, .hardmax, .logSoftmax, .reduceL1, .reduceL2, .reduceLogSum,
    .reduceLogSumExp, .reduceMax, .reduceMean, .reduceMin, .reduceProd, .reduceSum, .reduceSumSquare, .slice, .softmax,
    .split, .squeeze, .unsqueeze,
  ]

  private let isNeeded: Bool
  private let definitions: Set<ObjectIdentifier>

  init(_ module: Module, _ opset: Int?) {
    let source = module.annotations?.integer(ONNXProperty.sourceOpset) ?? Int64(OpCatalog.newestOpset)
    isNeeded = (opset ?? Self.since) < Self.since && source >= Self.since
    definitions = Set(Self.operators.map { ObjectIdentifier($0) })
  }

  /// Counts the axes of an operation that is otherwise lowered from the front.
  func lower(_ editor: OpsetEditor) throws {
    guard isNeeded, definitions.contains(ObjectIdentifier(editor.definition)) else { return }
    let operation = editor.operation
    let ranked = editor.definition === OpDefinition.unsqueeze ? operation.result() : operation.operand(0)
    func fromFront(_ axis: Int64) throws -> Int64 {
      guard axis < 0 else { return axis }
      guard let rank = ranked?.tensorType?.rank else {
        throw editor.unsayable("an axis counted from the back of a tensor of unknown rank", since: Self.since)
      }
      return axis.addingReportingOverflow(Int64(rank)).partialValue
    }
    if case .int(let axis)? = operation.attributes["axis"] {
      editor.setAttribute("axis", to: .int(try fromFront(axis)))
    }
    if case .ints(let axes)? = operation.attributes["axes"] {
      editor.setAttribute("axes", to: .ints(try axes.map(fromFront)))
    }
  }
}
