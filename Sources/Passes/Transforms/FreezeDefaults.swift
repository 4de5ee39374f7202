import IR

/// Makes constants of arguments that have a default.
///
///     graph @main(%x: f32[1, 3], %w: f32[3, 4] = #w) -> ... { ... }
///   ->
///     graph @main(%x: f32[1, 3]) -> ... { %w = constant #w ... }
///
/// An argument with a default (an initializer that is also listed as an input) can be given another value at each run, so
/// every other pass must leave it alone. This one gives that freedom up: the argument is no longer part of the model's
/// interface. Every number that the model computes stays the same for callers that did not pass the argument.
package struct FreezeDefaults: Pass {
  package static let name = "freeze-defaults"
  package static let summary = "makes constants of arguments that have a default value"
  package static let details = """
    An initializer that is also listed as an input can be given another value at each run, so every pass must leave it \
    alone. This pass gives that freedom up: such arguments leave the model's interface and become constants, which can be \
    folded, pruned and quantized. Nothing changes for callers that never passed them.
    """
  package static let options: [PassOption<Self>] = [
    .init("include", \.include, "freeze only arguments whose name matches"),
    .init("exclude", \.exclude, "leave arguments alone whose name matches"),
  ]

  var include: [Glob] = []
  var exclude: [Glob] = []

  package init() {}

  package func run(on module: Module, _ context: PassContext) throws {
    let candidates = module.main.arguments.filter { $0.defaultLiteral != nil }
    let filter = try NameFilter(include: include, exclude: exclude, among: candidates.map(\.name))
    let chosen = candidates.filter { filter.admits([$0.name]) }
    for argument in chosen { try context.rewriter.freezeDefault(of: argument) }
    context.count("arguments frozen", chosen.count)
    context.note("\(chosen.count) of \(candidates.count) arguments with a default are constants now")
  }
}
