import IR

/// Which operations and weights a pass may touch, as its options `include` and `exclude` say.
///
/// A glob matches an operation by its name or by a result's, and a weight also by any operation that uses it.
package struct NameFilter {
  private let include: [Glob]
  private let exclude: [Glob]

  /// - Throws: `ModelError` where a glob matches nothing in `module`: a slip that would otherwise go unseen.
  package init(include: [Glob], exclude: [Glob], in module: Module) throws {
    self.include = include
    self.exclude = exclude
    for (option, globs) in [("include", include), ("exclude", exclude)] {
      for glob in globs where !Self.matchesSomething(glob, in: module) {
        let hint = Self.hint(for: glob, in: module)
        throw ModelError(.usage, "\(option)=\(glob.text) matches no operation and no weight\(hint)")
      }
    }
  }

  /// Whether the pass may touch `operation`; for a constant, the weight.
  package func admits(_ operation: Operation) -> Bool {
    if include.isEmpty && exclude.isEmpty { return true }
    let names = operation.isConstant ? operation.names + operation.userNames : operation.names
    func matches(_ globs: [Glob]) -> Bool { globs.contains { glob in names.contains { glob.matches($0) } } }
    return (include.isEmpty || matches(include)) && !matches(exclude)
  }

  private static func matchesSomething(_ glob: Glob, in module: Module) -> Bool {
    var found = false
    module.forEachOperation { operation in
      found = found || operation.names.contains { glob.matches($0) }
    }
    return found
  }

  private static func hint(for glob: Glob, in module: Module) -> String {
    var names: [String] = []
    module.forEachOperation { names += $0.names.map(\.text) }
    if let closest = Suggestion.closest(to: glob.text, among: names) { return "; did you mean '\(closest)'?" }
    return "; '*' stands for any text, as in '*\(glob.text)*'"
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
