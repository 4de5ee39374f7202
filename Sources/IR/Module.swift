/// Which version of an operator set each domain has.
package struct OpsetVersions: Hashable, Sendable {
  /// A domain and its version, in the order in which the file lists them.
  package struct Entry: Hashable, Sendable {
    package let domain: ByteString
    package var version: Int

    package init(domain: ByteString, version: Int) {
      self.domain = domain
      self.version = version
    }
  }

  package private(set) var entries: [Entry]

  package init(_ entries: [Entry] = []) {
    self.entries = entries
  }

  /// The version of `domain`.
  package subscript(domain: ByteString) -> Int? {
    get { entries.first { $0.domain == domain }?.version }
    set {
      let index = entries.firstIndex { $0.domain == domain }
      switch (index, newValue) {
      case (let index?, let version?): entries[index].version = version
      case (nil, let version?): entries.append(Entry(domain: domain, version: version))
      case (let index?, nil): entries.remove(at: index)
      case (nil, nil): break
      }
    }
  }
}

/// A model: its main graph, its functions, and the operator sets that it is written in.
///
/// One thread owns a module and all that hangs on it; parallelism lives over the bytes of weights.
package final class Module {
  package var name: ByteString
  package internal(set) var functions: [Function] = []
  package let main: Graph
  /// The versions of the IR's own operators: the newest that this build knows.
  package var vocabulary: OpsetVersions
  /// The operator sets that an exporter has to write.
  package var target: OpsetVersions
  /// Whether the user asked for the target: no pass may raise it then.
  package var isTargetPinned = false
  package var annotations: Annotations?

  private var names: NameTable?

  package init(
    name: ByteString, target: OpsetVersions = OpsetVersions([.init(domain: "", version: OpCatalog.newestOpset)])
  ) {
    self.name = name
    self.main = Graph(name: name)
    self.vocabulary = OpCatalog.vocabulary
    self.target = target
    main.owner = self
  }

  /// The bodies of the module: the main graph, then each function's.
  package var bodies: [Graph] { [main] + functions.map(\.body) }

  /// Calls `body` with every graph, outer before inner, in order.
  package func forEachGraph(_ body: (Graph) throws -> Void) rethrows {
    for graph in bodies { try graph.forEachGraph(body) }
  }

  /// Calls `body` with every operation of every graph, outer before inner. The operation at hand may be erased.
  package func forEachOperation(_ body: (Operation) throws -> Void) rethrows {
    try forEachGraph { graph in
      for operation in graph.operations { try body(operation) }
    }
  }

  /// A name that no value of the module has: `root` where it is free, else `root_1`, `root_2` ... the smallest that is.
  package func freshName(_ root: ByteString) -> ByteString {
    if names == nil { names = NameTable(of: self) }
    return names?.fresh(root) ?? root
  }

  /// Records that a value has the name.
  func noteName(_ name: ByteString) { names?.insert(name) }
}

extension Graph {
  /// Calls `body` with this graph and every graph inside it, outer before inner.
  package func forEachGraph(_ body: (Graph) throws -> Void) rethrows {
    try body(self)
    for operation in operations {
      for region in operation.regions { try region.graph.forEachGraph(body) }
    }
  }
}

/// The names in use in a module.
struct NameTable {
  private var used: Set<ByteString> = []
  private var counters: [ByteString: Int] = [:]

  init(of module: Module) {
    module.forEachGraph { graph in
      used.reserveCapacity(used.count + graph.arguments.count + graph.outputs.count + graph.count)
      for argument in graph.arguments { used.insert(argument.name) }
      for output in graph.outputs { used.insert(output.name) }
      for operation in graph.operations {
        for case let result? in operation.results { used.insert(result.name) }
      }
    }
  }

  mutating func insert(_ name: ByteString) { used.insert(name) }

  mutating func fresh(_ root: ByteString) -> ByteString {
    if used.insert(root).inserted { return root }
    var counter = counters[root, default: 0]
    while true {
      counter += 1
      let candidate = ByteString(root.bytes + Array("_\(counter)".utf8))
      guard used.insert(candidate).inserted else { continue }
      counters[root] = counter
      return candidate
    }
  }
}

/// A function that the model itself defines. ONNX FunctionProto.
package final class Function {
  package let domain: ByteString
  package let name: ByteString
  package let overload: ByteString
  /// The attributes that a call must give.
  package var attributes: [ByteString]
  /// The attributes that a call may give, and what they are otherwise.
  package var attributeDefaults: Attributes
  package var opsets: OpsetVersions
  package let body: Graph
  package var annotations: Annotations?

  package init(domain: ByteString, name: ByteString, overload: ByteString, opsets: OpsetVersions) {
    self.domain = domain
    self.name = name
    self.overload = overload
    self.opsets = opsets
    attributes = []
    attributeDefaults = Attributes()
    body = Graph(name: name)
  }
}
