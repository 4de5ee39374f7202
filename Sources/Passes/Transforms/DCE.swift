import IR

/// Removes operations whose results nothing uses.
///
///     %a = Relu(%x)
///     %b = Exp(%x)
///     return %a
///   ->
///     %a = Relu(%x)
///     return %a
///
/// Regions are cleared too. Operators that this build does not know may have effects: they stay, and so does what feeds
/// them. Exact.
struct DCE: Pass {
  static let name = "dce"
  static let summary = "removes operations whose results nothing uses"
  static let details = """
    Also inside If and Loop. An operator that this build does not know may have effects: it stays, and so does what feeds \
    it. Constants that nothing uses go as well.
    """

  func run(on module: Module, _ context: PassContext) throws {
    let swept = DeadCodeSweep.run(on: module, context)
    context.count("operations removed", swept.operations)
    context.count("constants removed", swept.constants)
    if swept.operations + swept.constants == 0 { context.note("nothing to remove: everything is used") }
  }
}
