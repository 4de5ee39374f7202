import IR

/// The values that a name may mean at one place: those of a graph, and of the graphs around it.
final class Scope {
  private let outer: Scope?
  private var values: [ByteString: Value] = [:]

  init(inside outer: Scope?) {
    self.outer = outer
  }

  /// Makes room for as many values as `count` nodes define at least.
  func reserve(_ count: Int) { values.reserveCapacity(values.count + count) }

  /// The value of that name that is visible here; the innermost where there are more.
  subscript(name: ByteString) -> Value? {
    var scope: Scope? = self
    while let current = scope {
      if let value = current.values[name] { return value }
      scope = current.outer
    }
    return nil
  }

  /// Whether the graph itself, not one around it, has a value of that name.
  func hasOwn(_ name: ByteString) -> Bool { values[name] != nil }

  /// - Throws: `ModelError` where the graph has a value of that name already.
  func define(_ value: Value) throws {
    guard values.updateValue(value, forKey: value.name) == nil else {
      throw ModelError(.invalidModel, "'\(value.name.text)' is defined twice in one graph")
    }
  }
}
