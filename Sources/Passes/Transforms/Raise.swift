import IR

/// Says forms that operators had in older opsets in those of the newest, where that takes several operations.
///
///     %y = Softmax@11(%x) {axis = 1} : f32[n, 3, 4]
///   ->
///     %y_axes = constant [1, 2] : i64[2]
///     %y_largest = ReduceMax(%x, %y_axes)
///     %y_shifted = Sub(%x, %y_largest)
///     %y_powers = Exp(%y_shifted)
///     %y_total = ReduceSum(%y_powers, %y_axes)
///     %y = Div(%y_powers, %y_total)
///
/// Import raises whatever is one to one; the others keep the model in the opsets that have them until this pass is
/// asked for. A form stays where something about it is not known. Equal in real arithmetic (`rounding`); most are exact.
struct Raise: Pass {
  static let name = "raise"
  static let summary = "says legacy forms of operators in those of the newest opset"
  static let details = """
    A form such as Softmax@11 off the last axis is no single operation of newer opsets, and keeps a model in those that \
    have it. This pass writes it as several operations, after which -opset= can ask for newer ones.
    """

  func run(on module: Module, _ context: PassContext) throws {
    guard context.numerics >= .rounding else {
      return context.note("nothing is raised: the results may round differently, which numerics=exact rules out")
    }
    var expander = OperatorExpander(context)
    var legacy: [Operation] = []
    module.forEachOperation { if case .legacy = $0.definition.form { legacy.append($0) } }
    for operation in legacy where !operation.definition.hasExpansion {
      context.missed("not raised: no other operators are known that say the same", at: operation)
    }
    try expander.expand(module) { if case .legacy = $0.definition.form { true } else { false } }
    context.count("operations raised", expander.count)
    if expander.count == 0 { context.note("nothing to raise: \(legacy.count) operations are in a legacy form") }
  }
}
