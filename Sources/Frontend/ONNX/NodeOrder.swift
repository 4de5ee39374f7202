import CModelProtos
import Formats
import IR

/// The order in which a graph's nodes can be translated: each after those whose outputs it uses.
struct NodeOrder {
  let indices: [Int]
  let wasUnsorted: Bool

  /// The file's order where that is sorted, as ONNX asks; else the nearest that is.
  ///
  /// - Parameter scope: what is defined before the nodes.
  /// - Throws: `ModelError` at a node that needs its own output, by way of others or not, or at one that defines a name again.
  static func order(of nodes: [UnpackedMessage<Onnx__NodeProto>], in scope: Scope) throws -> NodeOrder {
    var producers: [ByteString: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for data in UnsafeBufferPointer(start: node.pointee.output, count: node.pointee.n_output) where data.len > 0 {
        let name = ByteString(data)
        guard producers.updateValue(index, forKey: name) == nil, !scope.hasOwn(name) else {
          throw ModelError(
            .invalidModel, place: GraphReader.place(of: node.pointee),
            "its output '\(name.text)' is defined twice in one graph")
        }
      }
    }
    let isSorted = nodes.enumerated().allSatisfy { index, node in
      usedNames(node.pointee).allSatisfy { producers[$0] ?? -1 < index }
    }
    if isSorted { return NodeOrder(indices: Array(nodes.indices), wasUnsorted: false) }
    let needed = nodes.map { node in usedNames(node.pointee).compactMap { producers[$0] } }
    return NodeOrder(indices: try sorted(needed, nodes), wasUnsorted: true)
  }

  /// Depth first without recursion: a chain may be as long as the file.
  private static func sorted(_ needed: [[Int]], _ nodes: [UnpackedMessage<Onnx__NodeProto>]) throws -> [Int] {
    enum State {
      case new, open, done
    }
    var states = Array(repeating: State.new, count: needed.count)
    var order: [Int] = []
    for root in needed.indices where states[root] == .new {
      var path = [(node: root, next: 0)]
      states[root] = .open
      while let (node, next) = path.last {
        guard next < needed[node].count else {
          states[node] = .done
          order.append(node)
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        let producer = needed[node][next]
        switch states[producer] {
        case .done: break
        case .new:
          states[producer] = .open
          path.append((producer, 0))
        case .open:
          throw ModelError(
            .invalidModel, place: GraphReader.place(of: nodes[producer].pointee),
            "is part of a cycle: it needs its own output")
        }
      }
    }
    return order
  }

  /// The names that a node uses, those that its graphs take from outside included.
  static func usedNames(_ node: Onnx__NodeProto) -> [ByteString] {
    var names = UnsafeBufferPointer(start: node.input, count: node.n_input).map { ByteString($0) }
    guard hasGraphs(node) else { return names }
    for attribute in messages(node.attribute, node.n_attribute) {
      if let graph = attribute.pointee.g { names += freeNames(graph.pointee) }
      for graph in messages(attribute.pointee.graphs, attribute.pointee.n_graphs) { names += freeNames(graph.pointee) }
    }
    return names
  }

  static func hasGraphs(_ node: Onnx__NodeProto) -> Bool {
    UnsafeBufferPointer(start: node.attribute, count: node.n_attribute).contains { attribute in
      attribute.map { $0.pointee.g != nil || $0.pointee.n_graphs > 0 } ?? false
    }
  }

  /// The names that a graph uses and does not define.
  private static func freeNames(_ graph: Onnx__GraphProto) -> [ByteString] {
    var used: [ByteString] = []
    var defined: Set<ByteString> = []
    for input in messages(graph.input, graph.n_input) { defined.insert(ByteString(input.pointee.name)) }
    for tensor in messages(graph.initializer, graph.n_initializer) { defined.insert(ByteString(tensor.pointee.name)) }
    for tensor in messages(graph.sparse_initializer, graph.n_sparse_initializer) {
      if let values = tensor.pointee.values { defined.insert(ByteString(values.pointee.name)) }
    }
    for node in messages(graph.node, graph.n_node) {
      used += usedNames(node.pointee)
      for output in UnsafeBufferPointer(start: node.pointee.output, count: node.pointee.n_output) {
        defined.insert(ByteString(output))
      }
    }
    used += messages(graph.output, graph.n_output).map { ByteString($0.pointee.name) }
    return used.filter { !defined.contains($0) }
  }
}
