import IR

/// What the file calls each value.
///
/// In ONNX an output of a graph is a value of that name; in the IR the signature gives the name. A value that the main
/// graph or a function returns takes the output's name; in the graphs inside, whose outputs count by position, the
/// output takes the value's. Where the value is an argument, a value of an outer graph, or another output already, an
/// Identity has to stand for it.
struct ValueNames {
  /// An Identity at the end of a graph.
  struct Alias {
    let value: Value
    let name: ByteString
  }

  private var renamed: [Value: ByteString] = [:]
  private var aliases: [ObjectIdentifier: [Alias]] = [:]
  private var outputs: [ObjectIdentifier: [ByteString]] = [:]
  /// The names of all values, and of the outputs that values take theirs from; listed when an alias needs one.
  private var taken: Set<ByteString>?

  /// - Throws: `ModelError` where an output has the name of an input that is another value.
  init(_ module: Module) throws {
    for body in module.bodies {
      let returned = Self.returned(by: body)
      let taken = Set(returned.filter { $0.value.name != $0.name }.map(\.name))
      if !taken.isEmpty {
        name(returned, of: body)
        try clear(taken, in: body, module)
      }
      body.forEachGraph { graph in
        if graph !== body { nameOutputs(ofInner: graph, module) }
      }
    }
  }

  subscript(value: Value) -> ByteString { renamed[value] ?? value.name }

  /// The name of a value that may be absent: then it is empty.
  subscript(value: Value?) -> ByteString { value.map { self[$0] } ?? "" }

  /// The Identities to write at the end of `graph`.
  func aliases(of graph: Graph) -> [Alias] { aliases[ObjectIdentifier(graph)] ?? [] }

  /// The names of the outputs of `graph`.
  func outputs(of graph: Graph) -> [ByteString] { outputs[ObjectIdentifier(graph)] ?? graph.outputs.map(\.name) }

  private typealias Returned = (value: Value, name: ByteString)

  private static func returned(by graph: Graph) -> [Returned] {
    zip(graph.terminator?.operands ?? [], graph.outputs).compactMap { value, output in
      value.map { ($0, output.name) }
    }
  }

  // MARK: The main graph and functions

  private mutating func name(_ returned: [Returned], of body: Graph) {
    var named = Set(returned.filter { $0.value.name == $0.name }.map(\.value))
    for (value, name) in returned where value.name != name {
      if value.argumentGraph == nil, named.insert(value).inserted {
        renamed[value] = name
      } else {
        aliases[ObjectIdentifier(body), default: []].append(Alias(value: value, name: name))
      }
    }
  }

  /// Takes `names` away from the values that have them and were not given them.
  private mutating func clear(_ names: Set<ByteString>, in body: Graph, _ module: Module) throws {
    var values: [Value] = []
    body.forEachGraph { graph in
      values += graph.arguments
      for operation in graph.operations { values += operation.presentResults }
    }
    for value in values where names.contains(value.name) && renamed[value] == nil {
      guard value.argumentGraph !== body else {
        throw ModelError(
          .invalidModel, place: "output '\(value.name.text)'",
          "an input has the same name, and ONNX tells values by their names; rename one")
      }
      renamed[value] = module.freshName(value.name)
    }
  }

  // MARK: Regions

  private mutating func nameOutputs(ofInner graph: Graph, _ module: Module) {
    var named: Set<Value> = []
    let key = ObjectIdentifier(graph)
    outputs[key] = Self.returned(by: graph).map { value, name in
      let isResult = value.argumentGraph == nil && value.parent === graph
      if named.insert(value).inserted, isResult || value.name == name { return self[value] }
      let alias = Alias(value: value, name: freeName(name, module))
      aliases[key, default: []].append(alias)
      return alias.name
    }
  }

  /// The name that the output has, where no value has it: so a model keeps it when it is read and written again.
  private mutating func freeName(_ name: ByteString, _ module: Module) -> ByteString {
    if taken == nil { taken = Self.names(of: module) }
    return taken?.insert(name).inserted == true ? name : module.freshName(name)
  }

  private static func names(of module: Module) -> Set<ByteString> {
    var names: Set<ByteString> = []
    for body in module.bodies {
      names.formUnion(body.outputs.map(\.name))
      body.forEachGraph { graph in
        names.formUnion(graph.arguments.map(\.name))
        for operation in graph.operations { names.formUnion(operation.presentResults.map(\.name)) }
      }
    }
    return names
  }
}
