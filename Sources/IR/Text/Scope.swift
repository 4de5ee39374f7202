/// The values that an operation may use at some place of the text: those defined before it in its graph and in the graphs around.
struct Scope {
  private var values: [ByteString: Value] = [:]
  /// The names that each open graph defined, outermost first.
  private var names: [[ByteString]] = []

  var depth: Int { names.count }

  subscript(name: ByteString) -> Value? { values[name] }

  mutating func enterGraph() { names.append([]) }

  /// Forgets what the innermost graph defined.
  mutating func leaveGraph() {
    let defined = names.popLast() ?? []
    if names.isEmpty { return values.removeAll() }
    for name in defined { values[name] = nil }
  }

  /// Makes a value known; `false` where its name is taken.
  mutating func define(_ value: Value) -> Bool {
    guard !names.isEmpty, values.updateValue(value, forKey: value.name) == nil else { return false }
    names[names.count - 1].append(value.name)
    return true
  }
}
