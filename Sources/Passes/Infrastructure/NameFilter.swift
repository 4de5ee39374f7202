import IR

/// Which operations and weights a pass may touch, as its options `include` and `exclude` say.
///
/// A glob matches an operation by its name or by a result's, and a weight also by any operation that uses it.
package struct NameFilter {
  private let include: [Glob]
  private let exclude: [Glob]

  /// The filter for the operations and weights of `module`.
  ///
  /// - Throws: `ModelError` where a glob matches none of them: a slip that would otherwise go unseen.
  package init(include: [Glob], exclude: [Glob], in module: Module) throws {
    var names: [ByteString] = []
    if !include.isEmpty || !exclude.isEmpty { module.forEachOperation { names += $0.names } }
    try self.init(include: include, exclude: exclude, among: names)
  }

  /// The filter for things called `names`.
  ///
  /// - Throws: `ModelError` where a glob matches none of the names.
  package init(include: [Glob], exclude: [Glob], among names: [ByteString]) throws {
    self.include = include
    self.exclude = exclude
    for (option, globs) in [("include", include), ("exclude", exclude)] {
      for glob in globs where !names.contains(where: { glob.matches($0) }) {
        throw ModelError(.usage, "\(option)=\(glob.text) matches nothing\(Self.hint(for: glob, among: names))")
      }
    }
  }

  /// Whether the pass may touch `operation`; for a constant, the weight.
  package func admits(_ operation: Operation) -> Bool {
    if include.isEmpty && exclude.isEmpty { return true }
    return admits(operation.isConstant ? operation.names + operation.userNames : operation.names)
  }

  /// Whether the pass may touch what has these names.
  package func admits(_ names: [ByteString]) -> Bool {
    func matches(_ globs: [Glob]) -> Bool { globs.contains { glob in names.contains { glob.matches($0) } } }
    return (include.isEmpty || matches(include)) && !matches(exclude)
  }

  private static func hint(for glob: Glob, among names: [ByteString]) -> String {
    let hint = Suggestion.hint(for: glob.text, among: names.lazy.map(\.text))
    if !hint.isEmpty { return hint }
    return glob.text.contains("*") ? "; -emit=mir shows the names" : "; '*' is any text, as in '*\(glob.text)*'"
  }
}

extension Operation {
  fileprivate var names: [ByteString] {
    (location.name.isEmpty ? [] : [location.name]) + presentResults.map(\.name)
  }

  fileprivate var userNames: [ByteString] {
    presentResults.flatMap { $0.uses.flatMap(\.owner.names) }
  }
}
