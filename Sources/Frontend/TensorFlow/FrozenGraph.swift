import CModelProtos
import Formats
import IR

/// A graph without signatures: what callers pass are its placeholders, what they get is what no node takes.
struct FrozenGraph {
  private let body: GraphBody
  /// The version of the graph's form: 0 where it says none.
  private let version: Int

  init(_ body: GraphBody, version: Int) {
    self.body = body
    self.version = version
  }

  /// - Parameters:
  ///   - options: may name the outputs, which then are those, and need not be the graph's last nodes; and inputs besides
  ///     the placeholders, from where on the graph is read.
  ///   - type: tells the type of a tensor that the graph computes of its placeholders.
  /// - Throws: `ModelError` where there is nothing to compute.
  func interface(_ options: ImportOptions, type: (ByteString, ModelInterface) throws -> ValueType) throws
    -> ModelInterface
  {
    var inputs = body.nodes.filter { $0.operation == "Placeholder" && !Self.isLeft($0) }.map { node in
      InterfaceTensor(
        name: node.name, tensor: node.name, typeNumber: node.typeNumber("dtype") ?? 0, shape: shape(of: node))
    }.filter { $0.typeNumber != Self.resource }
    let placeholders = ModelInterface(inputs: inputs, outputs: [])
    for name in options.inputs.map({ ByteString($0) }) {
      guard let (root, _, index) = GraphBody.parts(of: name), let node = body[root], node.operation != "Placeholder"
      else { continue }
      guard index == 0 else { throw ModelError(.usage, "-inputs can name the first output of a node alone") }
      var input = InterfaceTensor(name: name, tensor: name, typeNumber: 0, shape: nil)
      input.inferred = try type(name, placeholders)
      inputs.append(input)
    }
    let named = options.outputs.filter { body[ByteString($0.split(separator: ":").first ?? "")] != nil }
    let names = named.isEmpty ? sinks : named.map { ByteString($0) }
    guard !names.isEmpty else {
      throw ModelError(.invalidModel, "no node of the graph is an output; name some with -outputs=")
    }
    return ModelInterface(
      inputs: inputs, outputs: names.map { InterfaceTensor(name: $0, tensor: $0, typeNumber: 0, shape: nil) })
  }

  /// TensorFlow's number of the type of handles, which no caller has.
  private static let resource = 20

  /// Graphs of this version and before write the shape of a scalar for one that is not known.
  private static let lastVersionWithoutScalars = 21

  private func shape(of placeholder: GraphNode) -> UnpackedMessage<Tensorflow__TensorShapeProto>? {
    let shape = placeholder.shape("shape")
    return version <= Self.lastVersionWithoutScalars && shape?.pointee.n_dim == 0 ? nil : shape
  }

  /// Whether a placeholder is only there because a loop became one of TensorFlow 1.
  private static func isLeft(_ placeholder: GraphNode) -> Bool {
    placeholder.name.text.hasPrefix("unused_control_flow_input")
  }

  /// What is left in a graph without being one of its results.
  private static let others: Set<ByteString> = ["NoOp", "Assert", "Const", "Placeholder", "VarHandleOp", "SaveV2"]

  /// The nodes that no other takes. Freezing leaves variables behind that nothing reads any more: where some nodes depend
  /// on what callers pass, those that do not are none, unless they are called as the results of functions are. Loops of
  /// TensorFlow 1 end in a node for each state, whether that is asked for or not.
  private var sinks: [ByteString] {
    var takers: [ByteString: [GraphNode]] = [:]
    var followers: [ByteString: [GraphNode]] = [:]
    for node in body.nodes {
      for input in node.inputs { GraphBody.parts(of: input).map { takers[$0.node, default: []].append(node) } }
      for control in node.controls { followers[control, default: []].append(node) }
    }
    var pending = body.nodes.filter { $0.operation == "Placeholder" }
    var dependent: Set<ByteString> = []
    while let node = pending.popLast() {
      for next in (takers[node.name] ?? []) + (followers[node.name] ?? [])
      where dependent.insert(next.name).inserted { pending.append(next) }
    }
    let last = body.nodes.filter { takers[$0.name] == nil && !Self.others.contains($0.operation) && !isPivot($0) }
    let results = last.filter { dependent.contains($0.name) || isResult($0.name) }
    let others = results.filter { !LoopFrame.ends.contains($0.operation) }
    return (others.isEmpty ? results.isEmpty ? last : results : others).map(\.name)
  }

  /// `Identity`, `Identity_1` and so on: what a function returns that was frozen.
  private func isResult(_ name: ByteString) -> Bool {
    let rest = name.text.dropFirst("Identity".count)
    return name.text.hasPrefix("Identity") && (rest.isEmpty || rest.hasPrefix("_") && Int(rest.dropFirst()) != nil)
  }

  /// Whether a node is only there for what is to run on one side of a condition of TensorFlow 1, or in its loops.
  private func isPivot(_ node: GraphNode) -> Bool {
    guard OperatorTable.identities.contains(node.operation), node.inputs.count == 1,
      let source = GraphBody.parts(of: node.inputs[0]).flatMap({ body[$0.node] })
    else { return false }
    guard GraphLowering.switches.contains(source.operation), source.inputs.count == 2 else { return false }
    let decides = GraphBody.parts(of: source.inputs[1]).flatMap { body[$0.node] }
    return source.inputs[0] == source.inputs[1] || decides?.operation == "LoopCond"
  }
}
