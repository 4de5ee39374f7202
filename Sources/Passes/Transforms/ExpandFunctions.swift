import IR

/// Says operators that ONNX defines by others in the words of those.
///
///     %y = HardSwish(%x) : f32[n]
///   ->
///     %y_gate = HardSigmoid(%x) {alpha = 0.16666667, beta = 0.5}
///     %y = Mul(%x, %y_gate)
///
/// and HardSigmoid by products, sums and bounds in turn. `OperatorExpansion` has the bodies. An operation stays where
/// something about it is not known that its body needs: an element type, a rank. `rounding`: intermediate results are
/// rounded where the operator's own are not, and may overflow where they do not.
struct ExpandFunctions: Pass {
  static let name = "expand-functions"
  static let summary = "says operators that ONNX defines by others in the words of those"
  static let details = """
    With `needed`, only operators that the target opset does not have: -opset=17 -passes=expand-functions{needed=true} \
    writes Gelu as products and Erf. `include` and `exclude` choose operators by name. The result is equal in real \
    arithmetic; intermediate results are rounded where the operator's own are not.
    """
  static let options: [PassOption<Self>] = [
    .init("needed", \.needed, "expand only operators that the target opset does not have"),
    .init("include", \.include, "expand only operators whose name matches"),
    .init("exclude", \.exclude, "leave operators alone whose name matches"),
  ]

  var needed = false
  var include: [Glob] = []
  var exclude: [Glob] = []

  func run(on module: Module, _ context: PassContext) throws {
    guard context.numerics >= .rounding else {
      return context.note("nothing is expanded: the results may round differently, which numerics=exact rules out")
    }
    let names = OperatorExpansion.declared.map(\.name) + RegionExpansion.declared.map(\.name)
    let filter = try NameFilter(include: include, exclude: exclude, among: names)
    let target = module.target
    var expander = OperatorExpander(context)
    try expander.expand(module) { operation in
      guard operation.definition.form == .declared, filter.admits([operation.definition.name]) else { return false }
      return !needed || !target.admits(operation.definition)
    }
    context.count("operations expanded", expander.count)
    if expander.count == 0 { context.note("nothing to expand") }
  }
}
