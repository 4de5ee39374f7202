import IR

/// Writes down the types of all values, as far as they can be inferred.
///
///     %y = Conv(%x, %w) : f32[?, ?, ?, ?]
///   ->
///     %y = Conv(%x, %w) : f32[batch, 8, 28, 28]
///
/// Other passes infer types for themselves; this one makes them part of the model that is written (ONNX's value_info).
/// Exact.
struct InferShapes: Pass {
  static let name = "infer-shapes"
  static let summary = "writes the inferred type of every value into the model"
  static let details = """
    Types are inferred anyway; this pass makes them part of the model that is written, as value_info in ONNX, for tools \
    that cannot infer them. Where the file declared less than can be inferred, inference wins.
    """

  func run(on module: Module, _ context: PassContext) throws {
    try module.inferTypes()
    let before = context.rewriter.mutationCount
    var unknown = 0
    module.forEachOperation { operation in
      guard !operation.isConstant else { return }
      for result in operation.presentResults {
        context.rewriter.declareType(of: result)
        if result.type == .unknown { unknown += 1 }
      }
    }
    context.count("types written", context.rewriter.mutationCount - before)
    if unknown > 0 { context.note("the types of \(unknown) values are not known") }
  }
}
