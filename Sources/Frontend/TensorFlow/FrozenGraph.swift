import Formats
import IR

/// A graph without signatures: what callers pass are its placeholders, what they get is what no node takes.
struct FrozenGraph {
  private let body: GraphBody

  init(_ body: GraphBody) {
    self.body = body
  }

  /// - Parameter options: may name the outputs, which then are those, and need not be the graph's last nodes.
  /// - Throws: `ModelError` where there is nothing to compute.
  func interface(_ options: ImportOptions) throws -> ModelInterface {
    let inputs = body.nodes.filter { $0.operation == "Placeholder" }.map { node in
      InterfaceTensor(
        name: node.name, tensor: node.name, typeNumber: node.typeNumber("dtype") ?? 0, shape: node.shape("shape"))
    }.filter { $0.typeNumber != Self.resource }
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

  /// What is left in a graph without being one of its results.
  private static let others: Set<ByteString> = ["NoOp", "Assert", "Const", "Placeholder", "VarHandleOp", "SaveV2"]

  /// The nodes that no other takes. Freezing leaves variables behind that nothing reads any more: where some nodes depend
  /// on what callers pass, those that do not are none.
  private var sinks: [ByteString] {
    var takers: [ByteString: [GraphNode]] = [:]
    for node in body.nodes {
      for input in node.inputs { GraphBody.parts(of: input).map { takers[$0.node, default: []].append(node) } }
    }
    var pending = body.nodes.filter { $0.operation == "Placeholder" }
    var dependent: Set<ByteString> = []
    while let node = pending.popLast() {
      for taker in takers[node.name] ?? [] where dependent.insert(taker.name).inserted { pending.append(taker) }
    }
    let last = body.nodes.filter { takers[$0.name] == nil && !Self.others.contains($0.operation) }.map(\.name)
    let results = last.filter(dependent.contains)
    return results.isEmpty ? last : results
  }
}
